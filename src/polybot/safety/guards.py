"""Guards: each watches one fact and locks trading while the fact, or the knowledge of it, is missing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from polybot.core.trading import TradingMode
from polybot.ports.trading_state import TradingLock, TradingState
from polybot.utils.clock import Clock

log = structlog.get_logger(__name__)

Probe = Callable[[], Awaitable[str | None]]
"""None: all is well. Text: why not, or why it could not be found out."""

_LOCKED_EVERY_S = 5.0
"""A lock is not kept for longer than its reason: one lost answer must not cost minutes of trading."""


@dataclass(frozen=True, slots=True)
class Guard:
    """`probe` every `every_s`, or sooner while it locks; a reason sets the lock `name` with `mode`, none lifts it."""

    name: str
    mode: TradingMode
    every_s: float
    probe: Probe


async def check(guard: Guard, trading: TradingState) -> bool:
    """True if the guard's lock is lifted."""
    reason = await guard.probe()
    if reason is None:
        trading.unlock(guard.name)
    else:
        trading.lock(TradingLock(guard.name, guard.mode, reason))
    return reason is None


def distrust(guard: Guard, trading: TradingState) -> None:
    """Locked until the first answer: no proof, no entry."""
    trading.lock(TradingLock(guard.name, guard.mode, "not checked yet"))


async def watch(guard: Guard, trading: TradingState, clock: Clock) -> None:
    """Long-lived; locked until the first answer."""
    distrust(guard, trading)
    while True:
        clear = await check(guard, trading)
        await clock.sleep(guard.every_s if clear else min(guard.every_s, _LOCKED_EVERY_S))
