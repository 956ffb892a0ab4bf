"""What is due when. Equal times keep the order in which they were put down."""

import heapq
from collections.abc import Callable


class Agenda:
    """Time moves only in `run_until`, and never backwards."""

    def __init__(self, *, now_ns: int) -> None:
        self.now_ns = now_ns
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._hushed = False
        self.on_sooner: Callable[[], None] = _nobody
        """Called when something is put down that is due before all else."""

    def at(self, due_ns: int, action: Callable[[], None]) -> None:
        self._count += 1
        sooner = not self._due or due_ns < self._due[0][0]
        heapq.heappush(self._due, (due_ns, self._count, action))
        if sooner:
            self.on_sooner()

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.now_ns + round(seconds * 1e9), action)

    def play_at(self, due_ns: int, action: Callable[[], None]) -> None:
        """Part of the play, which `hush` ends; what is put down by `at` happens all the same."""
        self.at(due_ns, lambda: None if self._hushed else action())

    def play_after(self, seconds: float, action: Callable[[], None]) -> None:
        self.play_at(self.now_ns + round(seconds * 1e9), action)

    def hush(self) -> None:
        """The play is over: what is under way comes to its end, nothing new begins."""
        self._hushed = True

    def next_ns(self) -> int | None:
        return self._due[0][0] if self._due else None

    def run_until(self, until_ns: int) -> None:
        """Runs what is due by then, each at its own time; an action may put down more."""
        while self.run_some(until_ns, most=1 << 20):
            pass

    def run_some(self, until_ns: int, *, most: int) -> bool:
        """At most so many of them; whether more are due. Time stands still at the last one until all are done."""
        for _ in range(most):
            if not self._due or self._due[0][0] > until_ns:
                self.now_ns = max(self.now_ns, until_ns)
                return False
            due_ns, _, action = heapq.heappop(self._due)
            self.now_ns = max(self.now_ns, due_ns)
            action()
        return True


def _nobody() -> None:
    pass
