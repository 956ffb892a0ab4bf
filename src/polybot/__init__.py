"""polybot: a Polymarket copy-trading engine."""
