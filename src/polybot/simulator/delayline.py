"""Things that happen now and show up later."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from polybot.utils.clock import Clock

T = TypeVar("T")


class DelayLine(Generic[T]):
    """Hands every item to `deliver` `delay_s` after it was put in, in the order of arrival."""

    def __init__(self, clock: Clock, *, delay_s: float, deliver: Callable[[T], None]) -> None:
        self.delay_s = delay_s
        self._clock = clock
        self._deliver = deliver
        self._items: deque[tuple[float, T]] = deque()
        self._wake = asyncio.Event()

    def put(self, item: T) -> None:
        self._items.append((self._clock.monotonic() + self.delay_s, item))
        self._wake.set()

    async def run(self) -> None:
        """Delivers for ever; to be cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._items:
                due, item = self._items[0]
                if (left := due - self._clock.monotonic()) > 0:
                    await self._clock.sleep(left)
                self._items.popleft()
                self._deliver(item)
