"""Time as a port. This module alone reads the machine's clocks."""

import asyncio
import heapq
import itertools
import time
from typing import Protocol


class Clock(Protocol):
    """`now_ns` is wall time for records, `monotonic` for waiting, `sleep` the only wait.

    `perf_ns` is the machine's own monotonic counter, never scaled: for measuring our own speed.
    """

    def now_ns(self) -> int: ...
    def monotonic(self) -> float: ...
    def perf_ns(self) -> int: ...
    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own time."""

    def now_ns(self) -> int:
        return time.time_ns()

    def monotonic(self) -> float:
        return time.monotonic()

    def perf_ns(self) -> int:
        return time.perf_counter_ns()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class ManualClock:
    """Time that a test moves by hand. `advance` wakes sleepers in order and lets them run."""

    def __init__(self, *, now_ns: int = 1_795_000_000_000_000_000) -> None:
        self._start_ns = self._now_ns = now_ns
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def now_ns(self) -> int:
        return self._now_ns

    def monotonic(self) -> float:
        return (self._now_ns - self._start_ns) / 1e9

    def perf_ns(self) -> int:
        return self._now_ns

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        due = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now_ns + round(seconds * 1e9), next(self._numbers), due))
        await due

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass: whoever is due in between runs at its own time."""
        await self._settle()
        end = self._now_ns + round(seconds * 1e9)
        while self._sleepers and self._sleepers[0][0] <= end:
            due_ns, _, future = heapq.heappop(self._sleepers)
            self._now_ns = max(self._now_ns, due_ns)
            if not future.done():
                future.set_result(None)
            await self._settle()
        self._now_ns = end

    async def _settle(self) -> None:
        for _ in range(20):  # a woken task may wake others through queues and events
            await asyncio.sleep(0)


async def wait_event(clock: Clock, event: asyncio.Event, *, timeout_s: float) -> bool:
    """Whether `event` was set within `timeout_s` of the given clock's time."""
    if event.is_set():
        return True
    async with asyncio.TaskGroup() as group:
        waiter = group.create_task(event.wait(), name="wait-event")
        timer = group.create_task(clock.sleep(timeout_s), name="wait-timeout")
        await asyncio.wait((waiter, timer), return_when=asyncio.FIRST_COMPLETED)
        waiter.cancel()
        timer.cancel()
    return event.is_set()
