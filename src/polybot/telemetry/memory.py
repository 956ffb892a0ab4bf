"""Counters and latencies kept in memory: enough for status, demo and tests."""

import math
from collections import Counter, deque
from collections.abc import Sequence

_KEEP = 10_000
_SUMMED_UP = 1_000
"""More of each would stop a trading loop for too long."""


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
        return _ranked(values, percent) if values else None

    def summary(self) -> dict[str, object]:
        """For the log: all counters and, of the newest observations, how many, the median and the 99th percentile."""
        observed = {name: _spread(sorted(list(kept)[-_SUMMED_UP:])) for name, kept in self._samples.items()}
        return {"counters": dict(self.counters), "observed": observed}


def _spread(ordered: Sequence[float]) -> dict[str, float]:
    p50, p99 = (float(f"{_ranked(ordered, percent):.4g}") for percent in (50, 99))
    return {"n": len(ordered), "p50": p50, "p99": p99}


def _ranked(ordered: Sequence[float], percent: float) -> float:
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def _key(name: str, labels: dict[str, str]) -> str:
    if not labels:
        return name
    return name + "{" + ",".join(f"{k}={labels[k]}" for k in sorted(labels)) + "}"
