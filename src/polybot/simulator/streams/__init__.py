"""The venue's WebSockets."""
