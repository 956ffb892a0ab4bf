"""The trading state: a set of named locks, the strictest of which rules."""

import structlog

from polybot.core.trading import TradingMode
from polybot.ports.trading_state import TradingLock

log = structlog.get_logger(__name__)

_STRICTNESS = {TradingMode.RUNNING: 0, TradingMode.EXITS_ONLY: 1, TradingMode.HALTED: 2}


class TradingLocks:
    """RUNNING while there is no lock."""

    def __init__(self) -> None:
        self._locks: dict[str, TradingLock] = {}

    @property
    def mode(self) -> TradingMode:
        modes = [lock.mode for lock in self._locks.values()]
        return max(modes, key=_STRICTNESS.__getitem__, default=TradingMode.RUNNING)

    @property
    def locks(self) -> tuple[TradingLock, ...]:
        return tuple(self._locks.values())

    def lock(self, lock: TradingLock) -> None:
        """Set or replace the lock of that name."""
        if self._locks.get(lock.name) != lock:
            log.warning("trading.lock", name=lock.name, mode=lock.mode, reason=lock.reason)
        self._locks[lock.name] = lock

    def unlock(self, name: str) -> None:
        """Lift the lock of that name, if there is one."""
        if self._locks.pop(name, None):
            log.info("trading.unlock", name=name, mode=self.mode)
