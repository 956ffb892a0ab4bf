"""Owns trading state; can only make things safer."""
