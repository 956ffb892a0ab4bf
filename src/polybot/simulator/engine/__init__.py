"""The exchange behind the wire: books, orders, trades, accounts. Pure and deterministic."""
