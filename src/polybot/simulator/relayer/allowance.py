"""How much a key may still submit."""

from collections import defaultdict, deque
from collections.abc import Callable

from polybot.simulator.rest.replies import Refusal

NS = 1_000_000_000
MINUTE_NS = 60 * NS


class Allowance:
    """So many in a minute, and if `quota` is set no more than that until somebody sets it anew.

    The venue was seen to answer a spent quota with 429, and with other statuses: `quota_status`.
    """

    def __init__(self, now_ns: Callable[[], int], *, submits_per_minute: int) -> None:
        self.quota: int | None = None
        self.quota_status = 429
        self.quota_resets_s = 3600
        self._now_ns = now_ns
        self._most = submits_per_minute
        self._taken: defaultdict[str, deque[int]] = defaultdict(deque)

    def take(self, key: str) -> None:
        """Refused if there is nothing left; what is refused costs nothing."""
        now_ns, taken = self._now_ns(), self._taken[key]
        while taken and taken[0] <= now_ns - MINUTE_NS:
            taken.popleft()
        if len(taken) >= self._most:
            wait_s = -(-(taken[0] + MINUTE_NS - now_ns) // NS)
            raise Refusal(429, {"error": "Too Many Requests"}, headers={"Retry-After": str(wait_s)})
        if self.quota is not None:
            self._spend_quota()
        taken.append(now_ns)

    def _spend_quota(self) -> None:
        if not self.quota:
            text = f"quota exceeded: 0 units remaining, resets in {self.quota_resets_s} seconds"
            raise Refusal(self.quota_status, {"error": text})
        self.quota -= 1
