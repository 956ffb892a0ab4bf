"""Waking someone up: a doorbell, and a bounded feed in which the newest news wins."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

from polybot.utils.clock import Clock, wait_event

E = TypeVar("E")


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


class Feed(Generic[E]):
    """Bounded: when full the oldest item goes and `lost` grows. For news, never for money."""

    def __init__(self, capacity: int) -> None:
        if capacity < 1:
            raise ValueError(f"a feed holds at least one item, not {capacity}")
        self._items: deque[E] = deque(maxlen=capacity)
        self._wake = asyncio.Event()
        self.lost = 0

    def __len__(self) -> int:
        return len(self._items)

    def offer(self, item: E) -> None:
        self.lost += len(self._items) == self._items.maxlen
        self._items.append(item)
        self._wake.set()

    async def take(self) -> E:
        """The oldest item still held; waits for one."""
        while not self._items:
            self._wake.clear()
            await self._wake.wait()
        return self._items.popleft()
