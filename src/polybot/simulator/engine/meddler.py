"""Who may spoil a match: by default nobody."""

from dataclasses import dataclass
from typing import Protocol

from polybot.core.money import MICRO, Ratio
from polybot.simulator.engine.model import NewOrder, SimTrade

WHOLE = Ratio(MICRO)


@dataclass(frozen=True, slots=True)
class Fate:
    """How often a trade's transaction reverts before the last attempt, and whether that one fails for good."""

    retries: int = 0
    fails: bool = False


MINED = Fate()


class Meddler(Protocol):
    def fate(self, trade: SimTrade) -> Fate:
        """Asked once, at the match."""
        ...

    def share(self, order: NewOrder) -> Ratio:
        """How much of what would match is let happen; asked once per order that finds something to match."""
        ...


class Honest:
    """Lets everything happen."""

    def fate(self, trade: SimTrade) -> Fate:
        return MINED

    def share(self, order: NewOrder) -> Ratio:
        return WHOLE
