"""Benchmarks: ours beside what a user would otherwise install, in one run. See README.md."""
