"""When Python looks for garbage."""

import gc


def look_for_cycles_less_often() -> None:
    """For a process whose objects stay and seldom form cycles: to look at them again and again takes a third of a
    simulated venue's time."""
    gc.set_threshold(50_000, 20, 20)
