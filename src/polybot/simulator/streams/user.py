"""The user socket: an account's own orders and trades, after credentials in clear."""

from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from polybot.core.ids import ConditionId
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.options import Options
from polybot.simulator.rest.keys import ApiKeys
from polybot.simulator.rest.replies import encode
from polybot.simulator.streams.outbox import Outbox, Sockets


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

    outbox: Outbox
    address: str = ""
    markets: set[ConditionId] | None = None


@dataclass(frozen=True, slots=True)
class _News:
    address: str
    condition: ConditionId
    frame: str = field(repr=False)


class UserFeed:
    """Nothing is replayed: an event goes to the sockets that are authenticated when it is due."""

    def __init__(self, *, sockets: Sockets, options: Options, agenda: Agenda, keys: ApiKeys) -> None:
        self._sockets = sockets
        self._options = options
        self._keys = keys
        self._listeners: set[_Listener] = set()
        self._agenda = agenda
        self._delay_ns = round(options.delays.user_s * 1e9)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        listener = _Listener(Outbox(limit=self._options.queue_limit))
        self._listeners.add(listener)
        try:
            return await self._sockets.converse(request, listener.outbox, lambda text: self._obey(listener, text))
        finally:
            self._listeners.discard(listener)

    def listens(self, address: str) -> bool:
        return any(listener.address == address for listener in self._listeners)

    def publish(self, address: str, condition: ConditionId, event: dict[str, Any], *, at_ns: int) -> None:
        """To the sockets of this signing address, lower case."""
        news = _News(address, condition, encode(event).decode())
        self._agenda.at(at_ns + self._delay_ns, lambda: self._deliver(news))

    def _deliver(self, news: _News) -> None:
        for listener in self._listeners:
            if listener.address == news.address and (listener.markets is None or news.condition in listener.markets):
                listener.outbox.offer(news.frame)

    def _obey(self, listener: _Listener, text: str) -> bool:
        """False, which ends the connection, for wrong or missing credentials."""
        if text == "PING":
            listener.outbox.offer("PONG")
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
            return False
        listener.address = key.address
        listener.markets = set(frame.markets) if frame.markets else None
        return True


def _change(listener: _Listener, frame: ClientFrame) -> None:
    wanted = set(frame.markets or ())
    if frame.operation == "subscribe" and wanted:
        listener.markets = (listener.markets or set()) | wanted
    elif frame.operation == "unsubscribe" and listener.markets is not None:
        listener.markets -= wanted
