"""How the venue writes what it tells: rows, frames and objects."""
