"""WebSocket streams of Polymarket."""
