"""Polygon, read through any JSON-RPC node: fills, moves and balances as the contracts tell them."""
