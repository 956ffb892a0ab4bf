"""What goes wrong, when, and how often: scripted, seeded, recorded."""
