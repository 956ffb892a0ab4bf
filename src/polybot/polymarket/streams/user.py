"""The private user socket: our orders and trades, unordered, with repeats, never a replay."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import random as uniform
from typing import assert_never

import msgspec

from polybot.polymarket.auth import ApiCredentials
from polybot.polymarket.rest.models import OrderRow, TradeRow
from polybot.polymarket.streams.frames import EventDecoder, Unrecognised
from polybot.polymarket.streams.socket import (
    INBOX_SIZE,
    Down,
    Frame,
    Inbox,
    ReconnectingSocket,
    SocketOptions,
    Up,
)
from polybot.ports.telemetry import NoTelemetry, Telemetry
from polybot.utils.clock import Clock
from polybot.utils.retry import Random

_DEFAULTS = SocketOptions()


class UserOrder(OrderRow, frozen=True, tag_field="event_type", tag="order"):
    """Placement, update or cancellation of an order of ours."""


class UserTrade(TradeRow, frozen=True, tag_field="event_type", tag="trade"):
    """One event for each status a trade of ours goes through."""


@dataclass(frozen=True, slots=True)
class Reconnected:
    """Anything may have been missed before this: look open orders and trades up."""

    reason: str


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Nothing arrives now."""

    reason: str


UserEvent = UserOrder | UserTrade | Reconnected | Disconnected | Unrecognised


def user_decoder(telemetry: Telemetry) -> EventDecoder[UserOrder | UserTrade]:
    """Some recorded events of 2025 and 2026 carry no `event_type`: their `type` tells."""
    orders = dict.fromkeys(("PLACEMENT", "UPDATE", "CANCELLATION"), UserOrder)
    by_type: dict[str, type[UserOrder | UserTrade]] = {**orders, "TRADE": UserTrade}
    return EventDecoder(UserOrder | UserTrade, stream="user", telemetry=telemetry, by_type=by_type)


class UserStream:
    """`run` (supervised) keeps the connection; one consumer reads `events`."""

    def __init__(
        self,
        url: str,
        *,
        credentials: ApiCredentials,
        clock: Clock,
        options: SocketOptions = _DEFAULTS,
        telemetry: Telemetry | None = None,
        random: Random = uniform,
    ) -> None:
        telemetry = telemetry or NoTelemetry()
        self._credentials = credentials
        self._inbox = Inbox(INBOX_SIZE)
        self._decoder = user_decoder(telemetry)
        self._socket = ReconnectingSocket(
            url,
            name="user",
            inbox=self._inbox,
            hello=self._hello,
            clock=clock,
            options=options,
            telemetry=telemetry,
            random=random,
        )

    @property
    def connected(self) -> bool:
        return self._socket.connected

    async def run(self) -> None:
        await self._socket.run()

    async def events(self) -> AsyncIterator[UserEvent]:
        reason = "connected"
        async for _, item in self._inbox.stream():
            match item:
                case Frame(data):
                    for event in self._decoder.decode(data):
                        yield event
                case Up():
                    yield Reconnected(reason)
                case Down(reason):
                    yield Disconnected(reason)
                case never:
                    assert_never(never)

    def _hello(self) -> list[str]:
        """Without `markets` the venue sends everything of this API key."""
        credentials = self._credentials
        auth = {
            "apiKey": credentials.key,
            "secret": credentials.secret,
            "passphrase": credentials.passphrase,
        }
        return [msgspec.json.encode({"type": "user", "auth": auth}).decode()]
