"""How fast the node behind the simulated venue is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChainOptions:
    """`told_s`: how long after a block starts its subscribers hear of it. `pending_s`: how long after a match its
    transaction is seen pending (measured in September 2026)."""

    told_s: float = 0.2
    pending_s: float = 0.65
