"""The Venue port twice: live and paper."""
