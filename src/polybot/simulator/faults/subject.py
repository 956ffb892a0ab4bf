"""What a fault may befall: a request, a frame, a row, a trade, the venue as a whole."""

from dataclasses import dataclass

SOCKETS = ("market", "user", "activity")
SERVICES = ("clob", "data", "gamma", "geoblock", "relayer", "rpc", *SOCKETS)
HANDSHAKE, PONG, REFUSED, SNAPSHOT = "handshake", "PONG", "refused", "snapshot"
"""Events that have no name on the wire."""


@dataclass(frozen=True, slots=True)
class Subject:
    """`text` is everything it says, in lower case. Frames have no method."""

    service: str = ""
    method: str = ""
    path: str = ""
    event: str = ""
    text: str = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.service, self.method, self.path, self.event) if part)
