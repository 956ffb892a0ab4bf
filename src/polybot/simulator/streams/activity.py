"""The activity socket (RTDS): a firehose of every fill on the venue, with the wallet's name on it."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from polybot.simulator.faults.engine import Faults
from polybot.simulator.faults.frames import Tap, Way
from polybot.simulator.faults.kinds import SubscriptionFault
from polybot.simulator.faults.subject import REFUSED, Subject
from polybot.simulator.options import Options
from polybot.simulator.rest.replies import encode
from polybot.simulator.streams.outbox import Conversation, Sockets, connection_id

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
        """Filters with a blank in them are accepted by the venue and then deliver nothing."""
        nothing = {"unreadable": self.filters}
        try:
            wanted = json.loads(self.filters) if self.filters else {}
        except ValueError:
            return nothing
        return wanted if isinstance(wanted, dict) and " " not in self.filters else nothing

    @staticmethod
    def _equal(payload: Mapping[str, Any], key: str, value: object) -> bool:
        # Wallet filters are accepted by the venue and then deliver nothing.
        return key in SLUG_FILTERS and payload[SLUG_FILTERS[key]] == value


class ClientFrame(msgspec.Struct):
    action: str
    subscriptions: list[Subscription] = []


@dataclass(slots=True, eq=False)
class _Listener:
    tap: Tap
    connection_id: str
    pinged_ns: int
    subscriptions: dict[Subscription, None] = field(default_factory=dict)


class ActivityFeed:
    """Everyone subscribed gets every fill; there is no filter by wallet and no answer to PING."""

    def __init__(self, *, sockets: Sockets, options: Options, faults: Faults) -> None:
        self._sockets = sockets
        self._faults = faults
        self._silent_ns = round(options.streams.activity_silent_s * 1e9)
        self._seed = options.seed
        self._numbers = itertools.count(1)
        self._listeners: dict[_Listener, None] = {}

    async def connect(self, request: web.Request) -> web.StreamResponse:
        return await self._sockets.serve(request, self.join)

    def join(self, way: Way) -> Conversation:
        number = next(self._numbers)
        tap = Tap(self._faults, way, service="activity", name=str(number))
        listener = _Listener(tap, connection_id(number, seed=self._seed), self._faults.agenda.now_ns)
        self._listeners[listener] = None
        tap.offer("", event="hello")
        return _Joined(self, listener)

    def leave(self, listener: _Listener) -> None:
        del self._listeners[listener]

    def publish(self, *, type_: str, payload: Mapping[str, Any], at_ms: int) -> None:
        """One `trades` or `orders_matched` message to whoever asked for it and still sends PING."""
        tail = encode({"topic": "activity", "type": type_, "timestamp": at_ms, "payload": payload}).decode()[1:]
        heard_ns = self._faults.agenda.now_ns - self._silent_ns
        for listener in self._listeners:
            if listener.pinged_ns >= heard_ns and any(wish.wants(type_, payload) for wish in listener.subscriptions):
                listener.tap.offer(f'{{"connection_id":"{listener.connection_id}",{tail}', event=type_)

    def hear(self, listener: _Listener, text: str) -> bool:
        if text == "PING":
            listener.pinged_ns = self._faults.agenda.now_ns
            return True
        try:
            frame = msgspec.json.decode(text, type=ClientFrame)
        except msgspec.MsgspecError:  # what is no request is ignored
            return True
        match frame.action:
            case "subscribe":
                self._subscribe(listener, frame.subscriptions)
            case "unsubscribe":
                for wish in frame.subscriptions:
                    listener.subscriptions.pop(wish, None)
            case _:
                pass
        return True

    def _subscribe(self, listener: _Listener, wishes: list[Subscription]) -> None:
        """One unknown topic spoils the whole request."""
        spoilt = [wish for wish in wishes if wish.topic not in TOPICS] or (wishes if self._poisoned() else [])
        if not spoilt:
            listener.subscriptions.update(dict.fromkeys(wishes))
            return
        missing = f"topic: {spoilt[0].topic} and type: {spoilt[0].type} not found"
        message = f"leger GetTopics error: rpc error: code = NotFound desc = {missing}"
        refused = encode({"body": {"message": message}, "statusCode": 401}).decode()
        listener.tap.offer(refused, event=REFUSED)

    def _poisoned(self) -> bool:
        return bool(self._faults.struck(SubscriptionFault, Subject("activity", event="subscribe")))


@dataclass(frozen=True, slots=True)
class _Joined:
    feed: ActivityFeed
    listener: _Listener

    def hear(self, text: str) -> bool:
        return self.feed.hear(self.listener, text)

    def leave(self) -> None:
        self.feed.leave(self.listener)
