"""The user socket: an account's own orders and trades, after credentials in clear."""

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from polybot.core.ids import ConditionId
from polybot.simulator.faults.engine import Faults
from polybot.simulator.faults.frames import Tap, Way
from polybot.simulator.faults.kinds import LateAuthFailure, SubscriptionFault
from polybot.simulator.faults.subject import Subject
from polybot.simulator.options import Options
from polybot.simulator.rest.keys import ApiKeys
from polybot.simulator.rest.replies import encode
from polybot.simulator.streams.line import Line
from polybot.simulator.streams.outbox import Conversation, Sockets

_UNAUTHORISED = 1000


class Credentials(msgspec.Struct):
    api_key: str = msgspec.field(name="apiKey")
    secret: str
    passphrase: str


class ClientFrame(msgspec.Struct):
    type: str = ""
    operation: str = ""
    auth: Credentials | None = None
    markets: list[ConditionId] | None = None


@dataclass(slots=True, eq=False)
class _Listener:
    """`address` is "" until the credentials were right; `markets` None hears of every market."""

    line: Line
    address: str = ""
    markets: set[ConditionId] | None = None


@dataclass(frozen=True, slots=True)
class _News:
    address: str
    condition: ConditionId
    event: str
    frame: str = field(repr=False)


class UserFeed:
    """Nothing is replayed: an event goes to the sockets that are authenticated when it is due."""

    def __init__(self, *, sockets: Sockets, options: Options, faults: Faults, keys: ApiKeys) -> None:
        self._sockets = sockets
        self._options = options.streams
        self._keys = keys
        self._faults = faults
        self._numbers = itertools.count(1)
        self._listeners: dict[_Listener, None] = {}
        self._listening: Counter[str] = Counter()
        self._delay_ns = round(options.delays.user_s * 1e9)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        return await self._sockets.serve(request, self.join)

    def join(self, way: Way) -> Conversation:
        out = _Arrays(way) if self._options.user_arrays else way
        tap = Tap(self._faults, out, service="user", name=str(next(self._numbers)))
        listener = _Listener(Line(tap, self._options))
        self._listeners[listener] = None
        return _Joined(self, listener)

    def leave(self, listener: _Listener) -> None:
        del self._listeners[listener]
        if listener.address:
            self._listening[listener.address] -= 1

    def listens(self, address: str) -> bool:
        return bool(self._listening.get(address))

    def publish(self, address: str, condition: ConditionId, event: dict[str, Any], *, at_ns: int) -> None:
        """To the sockets of this signing address, lower case."""
        kind = f"{event['event_type']}:{event['type' if event['event_type'] == 'order' else 'status']}"
        news = _News(address, condition, kind, encode(event).decode())
        self._faults.agenda.at(at_ns + self._delay_ns, lambda: self._deliver(news))

    def _deliver(self, news: _News) -> None:
        for listener in self._listeners:
            if listener.address == news.address and (listener.markets is None or news.condition in listener.markets):
                listener.line.tap.offer(news.frame, event=news.event)

    def hear(self, listener: _Listener, text: str) -> bool:
        """False, which ends the connection, for wrong or missing credentials, unless those are met with silence."""
        if text == "PING":
            listener.line.ping()
            return True
        try:
            frame = msgspec.json.decode(text, type=ClientFrame)
        except msgspec.MsgspecError:
            return False
        if listener.address:
            _change(listener, frame)
            return True
        return self._authenticate(listener, frame)

    def _authenticate(self, listener: _Listener, frame: ClientFrame) -> bool:
        shown = frame.auth
        key = self._keys.find(shown.api_key) if shown else None
        if shown is None or key is None or (shown.secret, shown.passphrase) != (key.secret, key.passphrase):
            return not self._options.strangers_are_closed
        listener.line.greeted()
        listener.address = key.address
        listener.markets = set(frame.markets) if frame.markets else None
        self._listening[key.address] += 1
        self._let_fail(listener)
        return True

    def _let_fail(self, listener: _Listener) -> None:
        subject = Subject("user", event="subscribe", text=listener.address)
        for met in self._faults.struck(SubscriptionFault, subject):
            if isinstance(met.spec, LateAuthFailure):
                self._faults.agenda.after(met.spec.seconds, lambda: listener.line.tap.cut(_UNAUTHORISED))


@dataclass(frozen=True, slots=True)
class _Arrays:
    """Puts each event into an array of its own."""

    way: Way

    def offer(self, frame: str) -> None:
        self.way.offer(f"[{frame}]" if frame.startswith("{") else frame)

    def cut(self, code: int | None) -> None:
        self.way.cut(code)


@dataclass(frozen=True, slots=True)
class _Joined:
    feed: UserFeed
    listener: _Listener

    def hear(self, text: str) -> bool:
        return self.feed.hear(self.listener, text)

    def leave(self) -> None:
        self.feed.leave(self.listener)


def _change(listener: _Listener, frame: ClientFrame) -> None:
    wanted = set(frame.markets or ())
    if frame.operation == "subscribe" and wanted:
        listener.markets = (listener.markets or set()) | wanted
    elif frame.operation == "unsubscribe" and listener.markets is not None:
        listener.markets -= wanted
