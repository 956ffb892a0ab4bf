"""The private user socket: our orders and trades, unordered, with repeats, never a replay."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from polybot.polymarket.auth import ApiCredentials
from polybot.polymarket.rest.models import OrderRow, TradeRow
from polybot.polymarket.streams.socket import SocketOptions
from polybot.ports.telemetry import Telemetry
from polybot.utils.clock import Clock
from polybot.utils.retry import Random


@dataclass(frozen=True, slots=True)
class Reconnected:
    """Anything may have been missed before this: look open orders and trades up."""

    reason: str


UserEvent = OrderRow | TradeRow | Reconnected


class UserStream:
    """`run` (supervised) keeps the connection; one consumer reads `events`."""

    def __init__(
        self,
        url: str,
        *,
        credentials: ApiCredentials,
        clock: Clock,
        options: SocketOptions = SocketOptions(),
        telemetry: Telemetry | None = None,
        random: Random | None = None,
    ) -> None:
        raise NotImplementedError

    async def run(self) -> None:
        raise NotImplementedError

    def events(self) -> AsyncIterator[UserEvent]:
        raise NotImplementedError

    @property
    def connected(self) -> bool:
        raise NotImplementedError
