"""The activity socket (RTDS): a firehose of every fill on the venue, with the wallet's name on it."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from polybot.simulator.options import Options
from polybot.simulator.rest.replies import encode
from polybot.simulator.streams.outbox import Outbox, Sockets

TOPICS = frozenset({
    "activity",
    "comments",
    "crypto_prices",
    "crypto_prices_chainlink",
    "equity_prices",
    "clob_market",
    "clob_user",
    "rfq",
})  # fmt: skip
SLUG_FILTERS = {"market_slug": "slug", "event_slug": "eventSlug"}


class Subscription(msgspec.Struct, frozen=True):
    topic: str
    type: str = "*"
    filters: str = ""

    def wants(self, type_: str, payload: Mapping[str, Any]) -> bool:
        if self.topic != "activity" or self.type not in {"*", type_}:
            return False
        return all(self._equal(payload, key, value) for key, value in self._wanted().items())

    def _wanted(self) -> dict[str, Any]:
        try:
            wanted = json.loads(self.filters) if self.filters else {}
        except ValueError:
            return {"unreadable": self.filters}
        return wanted if isinstance(wanted, dict) else {"unreadable": self.filters}

    @staticmethod
    def _equal(payload: Mapping[str, Any], key: str, value: object) -> bool:
        # Wallet filters are accepted by the venue and then deliver nothing.
        return key in SLUG_FILTERS and payload[SLUG_FILTERS[key]] == value


class ClientFrame(msgspec.Struct):
    action: str
    subscriptions: list[Subscription] = []


@dataclass(slots=True, eq=False)
class _Listener:
    outbox: Outbox
    connection_id: str
    subscriptions: set[Subscription] = field(default_factory=set)


class ActivityFeed:
    """Everyone subscribed gets every fill; there is no filter by wallet and no answer to PING."""

    def __init__(self, sockets: Sockets, options: Options) -> None:
        self._sockets = sockets
        self._options = options
        self._listeners: set[_Listener] = set()

    async def connect(self, request: web.Request) -> web.StreamResponse:
        listener = _Listener(Outbox(limit=self._options.queue_limit), secrets.token_urlsafe(12))
        listener.outbox.offer("")
        self._listeners.add(listener)
        try:
            return await self._sockets.converse(request, listener.outbox, lambda text: _obey(listener, text))
        finally:
            self._listeners.discard(listener)

    def publish(self, *, type_: str, payload: Mapping[str, Any], at_ms: int) -> None:
        """One `trades` or `orders_matched` message to whoever asked for it."""
        tail = encode({"topic": "activity", "type": type_, "timestamp": at_ms, "payload": payload}).decode()[1:]
        for listener in self._listeners:
            if any(wish.wants(type_, payload) for wish in listener.subscriptions):
                listener.outbox.offer(f'{{"connection_id":"{listener.connection_id}",{tail}')


def _obey(listener: _Listener, text: str) -> bool:
    try:
        frame = msgspec.json.decode(text, type=ClientFrame)
    except msgspec.MsgspecError:  # PING and anything else that is no request is ignored
        return True
    match frame.action:
        case "subscribe":
            _subscribe(listener, frame.subscriptions)
        case "unsubscribe":
            listener.subscriptions.difference_update(frame.subscriptions)
        case _:
            pass
    return True


def _subscribe(listener: _Listener, wishes: list[Subscription]) -> None:
    """One unknown topic spoils the whole request."""
    unknown = [wish for wish in wishes if wish.topic not in TOPICS]
    if not unknown:
        listener.subscriptions.update(wishes)
        return
    missing = f"topic: {unknown[0].topic} and type: {unknown[0].type} not found"
    message = f"leger GetTopics error: rpc error: code = NotFound desc = {missing}"
    listener.outbox.offer(encode({"body": {"message": message}, "statusCode": 401}).decode())
