"""What the venue's public indexers keep: rows in feed order, holdings and results, prices over time."""
