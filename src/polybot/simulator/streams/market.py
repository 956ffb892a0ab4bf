"""The market socket: snapshots on subscription, then changes, trades, tick sizes and resolutions."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from aiohttp import WSCloseCode, web

from polybot.core.ids import TokenId
from polybot.simulator.faults.engine import Faults
from polybot.simulator.faults.frames import Tap, Way
from polybot.simulator.faults.subject import REFUSED, SNAPSHOT
from polybot.simulator.options import Options
from polybot.simulator.rest.replies import encode
from polybot.simulator.streams.line import Line
from polybot.simulator.streams.outbox import Conversation, Sockets
from polybot.simulator.wire.books import Snapshot, book_event

_REFUSED = "INVALID OPERATION"


class ClientFrame(msgspec.Struct):
    """The first frame names a `type`, later ones an `operation`. What `level` means is not documented."""

    type: str = ""
    operation: Literal["", "subscribe", "unsubscribe"] = ""
    assets_ids: list[TokenId] = []
    custom_feature_enabled: bool | None = None
    initial_dump: bool = True
    level: Literal[1, 2, 3] = 2


@dataclass(slots=True, eq=False)
class _Listener:
    line: Line
    asked: dict[TokenId, None] = field(default_factory=dict)
    custom: bool = False


@dataclass(frozen=True, slots=True)
class _Dump:
    """Books for one listener, who hears of these tokens' changes only after it."""

    listener: _Listener
    tokens: tuple[TokenId, ...]
    frame: str | None


@dataclass(frozen=True, slots=True)
class _News:
    """`tokens` None: for everyone."""

    tokens: tuple[TokenId, ...] | None
    frame: str
    event: str
    custom: bool


class MarketFeed:
    """Frames leave `market_s` after what they tell, in order; `snapshot` is asked when someone subscribes."""

    def __init__(
        self, *, sockets: Sockets, options: Options, faults: Faults, snapshot: Callable[[TokenId], Snapshot | None]
    ) -> None:
        self._sockets = sockets
        self._options = options.streams
        self._snapshot = snapshot
        self._faults = faults
        self._delay_ns = round(options.delays.market_s * 1e9)
        self._numbers = itertools.count(1)
        self._listeners: dict[_Listener, None] = {}
        self._asking: Counter[TokenId] = Counter()
        self._hearing: dict[TokenId, dict[_Listener, None]] = defaultdict(dict)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        return await self._sockets.serve(request, self.join)

    def join(self, way: Way) -> Conversation:
        tap = Tap(self._faults, way, service="market", name=str(next(self._numbers)))
        listener = _Listener(Line(tap, self._options))
        self._listeners[listener] = None
        return _Joined(self, listener)

    def leave(self, listener: _Listener) -> None:
        self._forget(listener, list(listener.asked))
        del self._listeners[listener]

    def asked_for(self, tokens: Iterable[TokenId]) -> bool:
        """Whether anyone would hear of these tokens."""
        return any(self._asking.get(token) for token in tokens)

    def publish(self, tokens: Iterable[TokenId], event: dict[str, Any], *, at_ns: int, custom: bool = False) -> None:
        """To whoever hears any of `tokens`, once; `custom` events only to those who enabled them."""
        self._send(_News(tuple(tokens), encode(event).decode(), event["event_type"], custom), at_ns=at_ns)

    def announce(self, event: dict[str, Any], *, at_ns: int) -> None:
        """To everyone who enabled custom events."""
        self._send(_News(None, encode(event).decode(), event["event_type"], custom=True), at_ns=at_ns)

    def restate(self) -> None:
        """Everyone gets the books they hear of again."""
        for listener in self._listeners:
            if listener.asked:
                books = self._books(listener.asked)
                self._send(_Dump(listener, (), books), at_ns=self._faults.agenda.now_ns)

    def drop(self) -> None:
        """Closes every socket, saying that the service restarts."""
        for listener in self._listeners:
            listener.line.tap.cut(WSCloseCode.SERVICE_RESTART)

    def _send(self, item: _Dump | _News, *, at_ns: int) -> None:
        self._faults.agenda.at(at_ns + self._delay_ns, lambda: self._deliver(item))

    def hear(self, listener: _Listener, text: str) -> bool:
        if text == "PING":
            listener.line.ping()
        elif not self._obey(listener, text):
            listener.line.tap.offer(_REFUSED, event=REFUSED)
        return True

    def _obey(self, listener: _Listener, text: str) -> bool:
        """Whether the request was taken. The flag of one that is refused for its assets holds all the same."""
        try:
            frame = msgspec.json.decode(text, type=ClientFrame)
        except msgspec.MsgspecError:
            return False
        if not frame.type and not frame.operation:
            return False
        listener.line.greeted()
        if frame.custom_feature_enabled is not None:
            listener.custom = frame.custom_feature_enabled
        if frame.operation == "unsubscribe":
            self._forget(listener, frame.assets_ids)
            return True
        return self._subscribe(listener, frame)

    def _subscribe(self, listener: _Listener, frame: ClientFrame) -> bool:
        """What is held already is refused; False if that is all."""
        new = tuple(token for token in dict.fromkeys(frame.assets_ids) if token not in listener.asked)
        room = max(0, self._options.crowded_assets - len(listener.asked))
        listener.asked.update(dict.fromkeys(new))
        self._asking.update(new)
        if new:
            dump = self._books(new[:room]) if frame.initial_dump and room else None
            self._send(_Dump(listener, new, dump), at_ns=self._faults.agenda.now_ns)
        return bool(new) or not frame.assets_ids

    def _books(self, tokens: Iterable[TokenId]) -> str:
        found = (self._snapshot(token) for token in tokens)
        return encode([book_event(snapshot) for snapshot in found if snapshot]).decode()

    def _deliver(self, item: _Dump | _News) -> None:
        match item:
            case _Dump(listener, tokens, frame):
                if frame is not None:
                    listener.line.tap.offer(frame, event=SNAPSHOT)
                for token in tokens:
                    if token in listener.asked:
                        self._hearing[token][listener] = None
            case _News(tokens, frame, event, custom):
                for listener in self._audience(tokens):
                    if listener.custom or not custom:
                        listener.line.tap.offer(frame, event=event)

    def _audience(self, tokens: tuple[TokenId, ...] | None) -> list[_Listener]:
        """Each once, in a stable order."""
        if tokens is None:
            return list(self._listeners)
        return list(dict.fromkeys(listener for token in tokens for listener in self._hearing.get(token, ())))

    def _forget(self, listener: _Listener, tokens: Iterable[TokenId]) -> None:
        for token in tokens:
            if token in listener.asked:
                del listener.asked[token]
                self._asking[token] -= 1
                self._hearing[token].pop(listener, None)


@dataclass(frozen=True, slots=True)
class _Joined:
    feed: MarketFeed
    listener: _Listener

    def hear(self, text: str) -> bool:
        return self.feed.hear(self.listener, text)

    def leave(self) -> None:
        self.feed.leave(self.listener)
