"""Compares our ledger with reality; closes positions that end without a trade."""
