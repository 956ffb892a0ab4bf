"""Composition root: builds, starts, supervises, stops; run modes."""
