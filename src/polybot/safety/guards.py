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


@dataclass(frozen=True, slots=True)
class Guard:
    """`probe` every `every_s`; a reason sets the lock `name` with `mode`, its absence lifts it."""

    name: str
    mode: TradingMode
    every_s: float
    probe: Probe


async def check(guard: Guard, trading: TradingState) -> None:
    reason = await guard.probe()
    if reason is None:
        trading.unlock(guard.name)
    else:
        trading.lock(TradingLock(guard.name, guard.mode, reason))


async def watch(guard: Guard, trading: TradingState, clock: Clock) -> None:
    """Long-lived. Locked until the first answer: no proof, no entry."""
    trading.lock(TradingLock(guard.name, guard.mode, "not checked yet"))
    while True:
        await check(guard, trading)
        await clock.sleep(guard.every_s)
