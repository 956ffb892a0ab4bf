"""Polygon as the venue uses it: blocks, logs, balances, transactions."""
