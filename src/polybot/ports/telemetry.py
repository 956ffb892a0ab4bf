"""Counters and latencies. Cheap enough for the hot path; exported elsewhere."""

from typing import Protocol


class Telemetry(Protocol):
    def count(self, name: str, /, **labels: str) -> None: ...
    def observe(self, name: str, value: float, /, **labels: str) -> None: ...


class NoTelemetry:
    """Measures nothing."""

    def count(self, name: str, /, **labels: str) -> None: ...
    def observe(self, name: str, value: float, /, **labels: str) -> None: ...
