"""The relayer: wallets deployed, and their transactions sent, without gas of their own."""
