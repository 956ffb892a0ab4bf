"""Turns targets' activity into exactly-once fills; keeps markets and books warm."""
