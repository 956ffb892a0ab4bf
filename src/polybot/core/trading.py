"""Trading modes."""

from enum import StrEnum


class TradingMode(StrEnum):
    """RUNNING: entries and exits. EXITS_ONLY: no new risk. HALTED: nothing is sent."""

    RUNNING = "running"
    EXITS_ONLY = "exits_only"
    HALTED = "halted"
