"""The Protocols the rooms meet through, and their small data types."""
