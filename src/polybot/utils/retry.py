"""When to try again. A policy for reads; nobody wraps a write in it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

Random = Callable[[], float]
"""Uniform in [0, 1)."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Full jitter: a random wait between zero and a ceiling that doubles up to `cap_s`."""

    base_s: float = 0.25
    cap_s: float = 30.0

    def delay_s(self, attempt: int, random: Random) -> float:
        """`attempt` counts from 0."""
        return random() * min(self.cap_s, self.base_s * 2.0 ** min(attempt, 32))


@dataclass(frozen=True, slots=True)
class ReadRetry:
    """`attempts` counts the first try. A pause longer than `max_pause_s` asked for by the service means: give up."""

    attempts: int = 4
    backoff: Backoff = Backoff(base_s=0.2, cap_s=5.0)
    max_pause_s: float = 30.0

    def delay_s(self, attempt: int, *, retry_after_s: float | None, random: Random) -> float | None:
        """Seconds until the next try after `attempt` (from 0) failed; None to give up."""
        if attempt + 1 >= self.attempts:
            return None
        jitter = self.backoff.delay_s(attempt, random)
        if retry_after_s is None:
            return jitter
        return None if retry_after_s > self.max_pause_s else retry_after_s + jitter


def parse_retry_after(text: str, *, now_ns: int) -> float | None:
    """Seconds from a Retry-After header: a number of seconds or an HTTP date; None if it is neither."""
    if text.strip().replace(".", "", 1).isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.fromtimestamp(now_ns / 1e9, UTC)).total_seconds())
