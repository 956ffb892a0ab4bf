"""Drives every intent to a proven end."""
