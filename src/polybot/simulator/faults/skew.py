"""A venue's clock that goes wrong."""

from dataclasses import dataclass

from polybot.utils.clock import Clock


@dataclass(slots=True)
class Skew:
    """Seconds by which the venue's clock is ahead of the truth."""

    offset_s: float = 0.0


class SkewedClock:
    def __init__(self, clock: Clock, skew: Skew) -> None:
        self._clock = clock
        self._skew = skew

    def now_ns(self) -> int:
        return self._clock.now_ns() + round(self._skew.offset_s * 1e9)

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def perf_ns(self) -> int:
        return self._clock.perf_ns()

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
