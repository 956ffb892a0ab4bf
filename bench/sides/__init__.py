"""Competitors: each module runs in a process, and maybe an interpreter, of its own."""
