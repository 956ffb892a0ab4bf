"""A client of the market or the user socket, as far as the connection goes."""

from polybot.simulator.faults.frames import Tap
from polybot.simulator.faults.subject import PONG
from polybot.simulator.streams.options import StreamOptions

_NORMAL = 1000


class Line:
    """Answers PING, and closes on whoever says nothing."""

    def __init__(self, tap: Tap, options: StreamOptions) -> None:
        self.tap = tap
        self._agenda = tap.faults.agenda
        self._pinged_ns = self._agenda.now_ns
        self._greeted = False
        self._agenda.after(options.first_frame_s, lambda: None if self._greeted else tap.cut(_NORMAL))
        if options.ping_s is not None:
            self._expect_ping(options.ping_s)

    def greeted(self) -> None:
        """The first frame came."""
        self._greeted = True

    def ping(self) -> None:
        self._pinged_ns = self._agenda.now_ns
        self.tap.offer(PONG, event=PONG)

    def _expect_ping(self, within_s: float) -> None:
        pinged_ns = self._pinged_ns

        def due() -> None:
            if self._pinged_ns == pinged_ns:
                self.tap.cut(_NORMAL)
            else:
                self._expect_ping(within_s)

        self._agenda.at(pinged_ns + round(within_s * 1e9), due)
