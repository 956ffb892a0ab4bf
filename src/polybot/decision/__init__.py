"""The copy policy: one target order and one frozen snapshot in, Copy or Skip out. Pure."""
