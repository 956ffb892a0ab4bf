"""Whether trading is allowed, and why not."""

from dataclasses import dataclass
from typing import Protocol

from polybot.core.trading import TradingMode


@dataclass(frozen=True, slots=True)
class TradingLock:
    """One reason for a mode stricter than RUNNING; each is lifted by who set it."""

    name: str
    mode: TradingMode
    reason: str


class TradingState(Protocol):
    """The strictest of all locks rules."""

    @property
    def mode(self) -> TradingMode: ...

    @property
    def locks(self) -> tuple[TradingLock, ...]: ...

    def lock(self, lock: TradingLock) -> None: ...
    def unlock(self, name: str) -> None: ...
