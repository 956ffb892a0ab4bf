"""REST clients of Polymarket's services."""
