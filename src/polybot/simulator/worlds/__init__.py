"""What happens on the venue by itself: recorded tapes and made-up traders."""
