"""Domain-free machinery, one module per idea."""
