"""A clock that runs by itself and can be pushed."""

import asyncio
import contextlib
from typing import Protocol, runtime_checkable

from polybot.utils.clock import Clock


@runtime_checkable
class Advanceable(Protocol):
    async def advance(self, seconds: float) -> None: ...


class SimClock:
    """Time that starts at `start_ns`, runs `speed` times as fast as `machine`, and jumps when told to."""

    def __init__(self, machine: Clock, *, start_ns: int, speed: float = 1.0) -> None:
        self._machine = machine
        self._start_ns = start_ns
        self._origin_s = machine.monotonic()
        self._base_s = 0.0
        self._speed = speed
        self._changed = asyncio.Event()

    @property
    def speed(self) -> float:
        return self._speed

    def now_ns(self) -> int:
        return self._start_ns + round(self.monotonic() * 1e9)

    def monotonic(self) -> float:
        return self._base_s + (self._machine.monotonic() - self._origin_s) * self._speed

    def perf_ns(self) -> int:
        return self._machine.perf_ns()

    async def sleep(self, seconds: float) -> None:
        due = self.monotonic() + seconds
        while (left := due - self.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left / self._speed):
                    await self._changed.wait()
        await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        """Everyone who is due by then wakes up at once."""
        self._rebase(self.monotonic() + seconds)

    def set_speed(self, speed: float) -> None:
        """ValueError unless positive."""
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self._rebase(self.monotonic())
        self._speed = speed

    def _rebase(self, now_s: float) -> None:
        self._base_s, self._origin_s = now_s, self._machine.monotonic()
        self._changed.set()
        self._changed = asyncio.Event()
