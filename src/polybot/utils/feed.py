"""Waking someone up."""

import asyncio

from polybot.utils.clock import Clock, wait_event


class Doorbell:
    """Rung by many, heard by one. Rings while nobody waits are remembered as one."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def heard(self, *, within_s: float, clock: Clock) -> bool:
        """Wait for a ring; False if none came within `within_s` of `clock`'s time."""
        was_rung = await wait_event(clock, self._rung, timeout_s=within_s)
        self._rung.clear()
        return was_rung
