"""A Polymarket on localhost that a real client cannot tell from the venue."""
