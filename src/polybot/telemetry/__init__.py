"""Counters and latencies of a running bot."""
