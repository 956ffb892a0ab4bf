"""The market socket: snapshots on subscription, then changes, trades, tick sizes and resolutions."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

from polybot.core.ids import TokenId
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.options import Options
from polybot.simulator.rest.replies import encode
from polybot.simulator.streams.outbox import Outbox, Sockets
from polybot.simulator.wire.books import Snapshot, book_event


class ClientFrame(msgspec.Struct):
    """The first frame names a `type`, later ones an `operation`."""

    type: str = ""
    operation: str = ""
    assets_ids: list[TokenId] = []
    custom_feature_enabled: bool | None = None
    initial_dump: bool = True


@dataclass(slots=True, eq=False)
class _Listener:
    outbox: Outbox
    asked: set[TokenId] = field(default_factory=set)
    custom: bool = False


@dataclass(frozen=True, slots=True)
class _Dump:
    """Books for one listener, who hears of these tokens' changes only after it."""

    listener: _Listener
    tokens: tuple[TokenId, ...]
    frame: str | None


@dataclass(frozen=True, slots=True)
class _News:
    tokens: tuple[TokenId, ...]
    frame: str
    custom: bool


class MarketFeed:
    """Frames leave `market_s` after what they tell, in order; `snapshot` is asked when someone subscribes."""

    def __init__(
        self,
        *,
        sockets: Sockets,
        options: Options,
        agenda: Agenda,
        snapshot: Callable[[TokenId], Snapshot | None],
    ) -> None:
        self._sockets = sockets
        self._options = options
        self._snapshot = snapshot
        self._agenda = agenda
        self._delay_ns = round(options.delays.market_s * 1e9)
        self._asking: Counter[TokenId] = Counter()
        self._hearing: dict[TokenId, set[_Listener]] = defaultdict(set)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        listener = _Listener(Outbox(limit=self._options.queue_limit))
        try:
            return await self._sockets.converse(request, listener.outbox, lambda text: self._obey(listener, text))
        finally:
            self._forget(listener, listener.asked)

    def asked_for(self, tokens: Iterable[TokenId]) -> bool:
        """Whether anyone would hear of these tokens."""
        return any(self._asking.get(token) for token in tokens)

    def publish(self, tokens: Iterable[TokenId], event: dict[str, Any], *, at_ns: int, custom: bool = False) -> None:
        """To whoever hears any of `tokens`, once; `custom` events only to those who enabled them."""
        self._send(_News(tuple(tokens), encode(event).decode(), custom), at_ns=at_ns)

    def _send(self, item: _Dump | _News, *, at_ns: int) -> None:
        self._agenda.at(at_ns + self._delay_ns, lambda: self._deliver(item))

    def _obey(self, listener: _Listener, text: str) -> bool:
        if text == "PING":
            listener.outbox.offer("PONG")
            return True
        try:
            frame = msgspec.json.decode(text, type=ClientFrame)
        except msgspec.MsgspecError:
            listener.outbox.offer("INVALID OPERATION")
            return True
        if frame.custom_feature_enabled is not None:
            listener.custom = frame.custom_feature_enabled
        if frame.operation == "unsubscribe":
            self._forget(listener, frame.assets_ids)
        elif frame.type or frame.operation == "subscribe":
            self._subscribe(listener, frame)
        return True

    def _subscribe(self, listener: _Listener, frame: ClientFrame) -> None:
        new = tuple(token for token in dict.fromkeys(frame.assets_ids) if token not in listener.asked)
        listener.asked.update(new)
        self._asking.update(new)
        if new:
            dump = self._books(new) if frame.initial_dump else None
            self._send(_Dump(listener, new, dump), at_ns=self._agenda.now_ns)

    def _books(self, tokens: Iterable[TokenId]) -> str:
        found = (self._snapshot(token) for token in tokens)
        return encode([book_event(snapshot) for snapshot in found if snapshot]).decode()

    def _deliver(self, item: _Dump | _News) -> None:
        match item:
            case _Dump(listener, tokens, frame):
                if frame is not None:
                    listener.outbox.offer(frame)
                for token in listener.asked.intersection(tokens):
                    self._hearing[token].add(listener)
            case _News(tokens, frame, custom):
                for listener in set[_Listener]().union(*(self._hearing.get(token, ()) for token in tokens)):
                    if listener.custom or not custom:
                        listener.outbox.offer(frame)

    def _forget(self, listener: _Listener, tokens: Iterable[TokenId]) -> None:
        for token in listener.asked.intersection(tokens):
            listener.asked.discard(token)
            self._asking[token] -= 1
            self._hearing[token].discard(listener)
