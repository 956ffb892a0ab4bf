"""Waits and limits for a clock that runs faster than the machine.

Work takes real time: at sixty times speed a request of 3 ms lasts 0.2 s of the clock. What guards against silence and
staleness is stretched, so that a fast demo sees the same venue as a slow one. At speed 1 nothing changes.
"""

from dataclasses import dataclass, replace

from polybot.execution.tracker import TrackerOptions
from polybot.monitoring.feed_port import WARM, WarmSettings
from polybot.polymarket.streams.activity import ActivityStreamOptions
from polybot.polymarket.streams.socket import SocketOptions

_LEAST_ABSENCE_S = 4.0


@dataclass(frozen=True, slots=True)
class Pace:
    """`speed` of the clock; `quiet` for a venue where minutes without a trade are no fault of the feed."""

    speed: float = 1.0
    quiet: bool = False

    def stretched(self, seconds: float) -> float:
        """For limits that real work must keep: a fifth of the speed on top."""
        return seconds * max(1.0, self.speed / 5)

    def _if_any(self, limit_s: float | None) -> float | None:
        return None if limit_s is None else self.stretched(limit_s)

    @property
    def socket(self) -> SocketOptions:
        options = SocketOptions()
        return replace(
            options,
            ping_every_s=self._if_any(options.ping_every_s),
            pong_stale_s=self._if_any(options.pong_stale_s),
        )

    @property
    def activity(self) -> ActivityStreamOptions:
        options = ActivityStreamOptions()
        socket = options.socket
        return replace(
            options,
            max_row_age_s=self.stretched(options.max_row_age_s),
            socket=replace(
                socket,
                ping_every_s=self._if_any(socket.ping_every_s),
                data_stale_s=None if self.quiet else self._if_any(socket.data_stale_s),
            ),
        )

    @property
    def warm(self) -> WarmSettings:
        return replace(
            WARM,
            ensure_timeout_s=self.stretched(WARM.ensure_timeout_s),
            witness_every_s=self.stretched(WARM.witness_every_s),
            mismatch_s=self.stretched(WARM.mismatch_s),
            renew_every_s=self.stretched(WARM.renew_every_s),
            resolution_poll_s=self.stretched(WARM.resolution_poll_s),
        )

    def tracker(self, *, absence_s: float) -> TrackerOptions:
        """`absence_s` as configured, but long enough for real work at this speed."""
        options = TrackerOptions()
        return replace(
            options,
            chase_s=self.stretched(options.chase_s),
            resting_s=self.stretched(options.resting_s),
            quiet_s=self.stretched(options.quiet_s),
            absence_s=max(absence_s, self.stretched(_LEAST_ABSENCE_S)),
        )


REAL_TIME = Pace()
