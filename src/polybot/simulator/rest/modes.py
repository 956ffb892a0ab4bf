"""The venue's special modes, as Polymarket's docs (trading/matching-engine) describe them."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.rest.catalogue import documented
from polybot.simulator.rest.clob_options import ClobOptions, WeeklyTime

NS = 1_000_000_000


class Mode(StrEnum):
    NORMAL = "normal"
    RESTARTING = "restarting"
    POST_ONLY = "post_only"
    CANCEL_ONLY = "cancel_only"
    DISABLED = "disabled"


class Modes:
    """The mode of the CLOB. `on_restart` are called as the matching engine goes away, `on_return` when it is back."""

    def __init__(self, agenda: Agenda, options: ClobOptions) -> None:
        self.mode = Mode.NORMAL
        self.on_restart: list[Callable[[], None]] = []
        self.on_return: list[Callable[[], None]] = []
        self._agenda = agenda
        self._options = options
        self._ends_ns = 0
        self._changes = 0
        if options.weekly_restart:
            self._schedule(options.weekly_restart)

    def set(self, mode: Mode, *, for_s: float | None = None, then: Callable[[], None] | None = None) -> None:
        """Without `for_s` until the next call; else `then` follows, or NORMAL."""
        self.mode = mode
        self._changes += 1
        self._ends_ns = 0
        if for_s is None:
            return
        change = self._changes
        self._ends_ns = self._agenda.now_ns + round(for_s * NS)
        follow = then or (lambda: self.set(Mode.NORMAL))
        self._agenda.at(self._ends_ns, lambda: follow() if change == self._changes else None)

    def restart(self) -> None:
        """Away, then post-only, then normal."""
        self.set(Mode.RESTARTING, for_s=self._options.restart_s, then=self._return)
        for tell in self.on_restart:
            tell()

    def _return(self) -> None:
        self.set(Mode.POST_ONLY, for_s=self._options.post_only_s)
        for tell in self.on_return:
            tell()

    @property
    def left_s(self) -> int:
        """Whole seconds until the mode ends by itself, at least 1; 0 if it does not."""
        return max(1, math.ceil((self._ends_ns - self._agenda.now_ns) / NS)) if self._ends_ns else 0

    def admit_request(self) -> None:
        """Refused while the matching engine is away: orders and cancels alike."""
        if self.mode is Mode.RESTARTING:
            raise documented("restarting", headers={"Retry-After": str(self.left_s or 1)})

    def admit_order(self, *, post_only: bool) -> None:
        match self.mode:
            case Mode.POST_ONLY if not post_only:
                refusal = documented("post_only_mode")
                refusal.body["retry_after_seconds"] = self.left_s or 1
                raise refusal
            case Mode.CANCEL_ONLY:
                raise documented("cancel_only")
            case Mode.DISABLED:
                raise documented("disabled")
            case _:
                return

    def _schedule(self, weekly: WeeklyTime) -> None:
        def due() -> None:
            self.restart()
            self._schedule(weekly)

        self._agenda.play_at(_next(weekly, after_ns=self._agenda.now_ns), due)


def _next(weekly: WeeklyTime, *, after_ns: int) -> int:
    now = datetime.fromtimestamp(after_ns // NS, UTC)
    day = now.replace(hour=weekly.hour, minute=0, second=0) + timedelta(days=(weekly.weekday - now.weekday()) % 7)
    return int((day if day > now else day + timedelta(days=7)).timestamp()) * NS
