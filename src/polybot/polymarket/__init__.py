"""Polymarket's protocols: REST, streams, authentication, signing, wallets."""
