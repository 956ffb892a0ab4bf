"""Transactions of proxy, Safe and deposit wallets: what the owner's key signs, and the relayer that carries it."""
