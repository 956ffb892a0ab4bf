"""The venue's HTTP services."""
