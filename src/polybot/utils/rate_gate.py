"""Token buckets. A caller claims its turn before it waits for it, so nobody overtakes between check and effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polybot.utils.clock import Clock


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `tokens` at once, refilled evenly over `window_s`.

    `reserved_share` of the room (0 to 1) only priority callers may use. `per_item`: a batch of n costs n
    here (else one request costs one).
    """

    tokens: float
    window_s: float
    reserved_share: float = 0.0
    per_item: bool = False


class _Bucket:
    """Virtual scheduling: `_due` is when the claims so far would be paid off at the steady rate."""

    __slots__ = ("_due", "_per_token_s", "_window_s")

    def __init__(self, tokens: float, window_s: float) -> None:
        self._per_token_s = window_s / tokens
        self._window_s = window_s
        self._due = 0.0

    def wait_s(self, cost: int, now: float) -> float:
        return max(self._due, now) + cost * self._per_token_s - now - self._window_s

    def claim(self, cost: int, now: float) -> None:
        self._due = max(self._due, now) + cost * self._per_token_s


class _Pool:
    """One limit, split so that ordinary callers cannot use up what is reserved."""

    __slots__ = ("_ordinary", "_reserved", "limit")

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        reserved = limit.tokens * limit.reserved_share
        self._ordinary = _Bucket(limit.tokens - reserved, limit.window_s)
        self._reserved = _Bucket(reserved, limit.window_s) if reserved else None

    def claim(self, items: int, now: float, *, priority: bool) -> float:
        """Takes the tokens and returns how long the caller must wait for them."""
        cost = items if self.limit.per_item else 1
        bucket = self._ordinary
        if priority and self._reserved and self._reserved.wait_s(cost, now) < bucket.wait_s(cost, now):
            bucket = self._reserved
        wait = bucket.wait_s(cost, now)
        bucket.claim(cost, now)
        return wait


class RateGate:
    """Every call belongs to a group; a group draws from one or more limits, which groups may share.

    Knows nothing of what the groups mean. KeyError for a group it was not given.
    """

    def __init__(self, *, limits: Mapping[str, Limit], groups: Mapping[str, Sequence[str]], clock: Clock) -> None:
        pools = {name: _Pool(limit) for name, limit in limits.items()}
        self._groups = {group: tuple(pools[name] for name in names) for group, names in groups.items()}
        self._held_until: dict[str, float] = {}
        self._clock = clock

    async def claim(self, group: str, *, items: int = 1, priority: bool = False) -> float:
        """Waits until the call may be made; returns the seconds waited."""
        now = self._clock.monotonic()
        waits = [pool.claim(items, now, priority=priority) for pool in self._groups[group]]
        wait = max(*waits, self._held_until.get(group, now) - now, 0.0)
        if wait > 0:
            await self._clock.sleep(wait)
        return wait

    def hold(self, group: str, *, seconds: float) -> None:
        """The service asked for a pause: nobody of the group passes before it is over."""
        until = self._clock.monotonic() + seconds
        self._held_until[group] = max(self._held_until.get(group, until), until)
