"""Things that happen now and show up later."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from polybot.utils.clock import Clock

T = TypeVar("T")

BURST = 32
"""After so many deliveries in a row others run: whoever passes the items on must keep up."""


class DelayLine(Generic[T]):
    """Hands every item to `deliver` when it is `delay_s` old, in the order of arrival."""

    def __init__(self, clock: Clock, *, delay_s: float, deliver: Callable[[T], None]) -> None:
        self._delay_ns = round(delay_s * 1e9)
        self._clock = clock
        self._deliver = deliver
        self._items: deque[tuple[int, T]] = deque()
        self._wake = asyncio.Event()

    def put(self, item: T, *, at_ns: int) -> None:
        """`at_ns`: when it happened."""
        self._items.append((at_ns + self._delay_ns, item))
        self._wake.set()

    async def run(self) -> None:
        """Delivers for ever; to be cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._items:
                left_ns = self._items[0][0] - self._clock.now_ns()
                await self._clock.sleep(max(0.0, left_ns / 1e9))
                self._deliver_due()

    def _deliver_due(self) -> None:
        now_ns = self._clock.now_ns()
        for _ in range(BURST):
            if not self._items or self._items[0][0] > now_ns:
                return
            self._deliver(self._items.popleft()[1])
