"""How the sockets treat their clients."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """Simulated seconds. A market or user socket without a first frame is closed after `first_frame_s`, and, if
    `ping_s` is given, one that sends no PING for so long (what the venue does then is not documented). The activity
    socket stays open but says nothing `activity_silent_s` after the last PING. A market socket with more assets than
    `crowded_assets` gets no snapshots for those beyond.

    Not established about the user socket, hence switches: whether wrong credentials close it (or nothing is ever
    told), whether takers hear of their own fills, whether events come one by one or in arrays.
    """

    first_frame_s: float = 10.0
    ping_s: float | None = None
    activity_silent_s: float = 360.0
    crowded_assets: int = 500
    strangers_are_closed: bool = True
    takers_hear_fills: bool = True
    user_arrays: bool = False
