"""Counters and latencies kept in memory: enough for status, demo and tests."""

import math
from collections import Counter, deque

_KEEP = 10_000


class MemoryTelemetry:
    """Counts everything; keeps the newest 10,000 observations of each name."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self._samples: dict[str, deque[float]] = {}

    def count(self, name: str, /, **labels: str) -> None:
        self.counters[_key(name, labels)] += 1

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        self._samples.setdefault(_key(name, labels), deque(maxlen=_KEEP)).append(value)

    def samples(self, name: str) -> list[float]:
        """Observations without labels, oldest first."""
        return list(self._samples.get(name, ()))

    def percentile(self, name: str, percent: float) -> float | None:
        """None without observations; nearest rank."""
        values = sorted(self.samples(name))
        if not values:
            return None
        return values[max(0, math.ceil(len(values) * percent / 100) - 1)]


def _key(name: str, labels: dict[str, str]) -> str:
    if not labels:
        return name
    return name + "{" + ",".join(f"{k}={labels[k]}" for k in sorted(labels)) + "}"
