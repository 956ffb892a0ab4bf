"""The public market socket: books and trades of the tokens we hold an interest in."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from random import random as uniform
from typing import Literal, assert_never

import msgspec
from msgspec import Struct

from polybot.core.ids import TokenId
from polybot.polymarket.rest.models import BookFrame
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


class Change(Struct, frozen=True, gc=False):
    """New absolute size of one level, "0" removes it. `side` BUY = bids. `hash` is that of the token's whole book
    after the change. `best_bid`/`best_ask` may be "" (no level)."""

    asset_id: str
    price: str
    size: str
    side: str
    hash: str
    best_bid: str = ""
    best_ask: str = ""


class BookEvent(BookFrame, frozen=True, tag_field="event_type", tag="book"):
    """A whole book: forget what was known."""


class PriceChange(Struct, frozen=True, tag_field="event_type", tag="price_change"):
    """Usually one change for each of the market's tokens, also for one not subscribed."""

    market: str
    timestamp: str
    price_changes: tuple[Change, ...]


class LastTradePrice(Struct, frozen=True, tag_field="event_type", tag="last_trade_price"):
    """`side` is the taker's. `price` may be padded ("0.490")."""

    market: str
    asset_id: str
    price: str
    size: str
    side: str
    timestamp: str
    fee_rate_bps: str = ""
    transaction_hash: str = ""


class TickSizeChange(Struct, frozen=True, tag_field="event_type", tag="tick_size_change"):
    market: str
    asset_id: str
    old_tick_size: str
    new_tick_size: str
    timestamp: str


class BestBidAsk(Struct, frozen=True, tag_field="event_type", tag="best_bid_ask"):
    market: str
    asset_id: str
    best_bid: str
    best_ask: str
    timestamp: str
    spread: str = ""


class MarketResolved(Struct, frozen=True, tag_field="event_type", tag="market_resolved"):
    """`market` is the condition id."""

    market: str
    assets_ids: tuple[str, ...]
    winning_asset_id: str
    winning_outcome: str
    timestamp: str
    id: str = ""


class NewMarket(Struct, frozen=True, tag_field="event_type", tag="new_market"):
    market: str
    assets_ids: tuple[str, ...]
    slug: str
    timestamp: str


WireEvent = BookEvent | PriceChange | LastTradePrice | TickSizeChange | BestBidAsk | MarketResolved | NewMarket


@dataclass(frozen=True, slots=True)
class Reconnected:
    """A new connection: what was known of `tokens` is void until their next BookEvent."""

    tokens: frozenset[TokenId]
    reason: str


@dataclass(frozen=True, slots=True)
class Disconnected:
    """Nothing arrives for `tokens` now."""

    tokens: frozenset[TokenId]
    reason: str


@dataclass(frozen=True, slots=True)
class MarketEvent:
    """One event with the time its frame was read."""

    event: WireEvent | Reconnected | Disconnected | Unrecognised
    seen_ns: int
    seen_mono_ns: int


@dataclass(frozen=True, slots=True)
class MarketStreamOptions:
    """Beyond about 500 tokens a connection delivers no snapshots (undocumented): we stay far below."""

    tokens_per_connection: int = 200
    custom_features: bool = True
    inbox_size: int = INBOX_SIZE
    socket: SocketOptions = SocketOptions()


class _Shard:
    """One connection and the tokens it serves."""

    def __init__(self, name: str, tokens: set[TokenId], *, custom_features: bool) -> None:
        self.name = name
        self.tokens = tokens
        self._custom_features = custom_features

    def hello(self) -> list[str]:
        """Nothing while it serves no token."""
        if not self.tokens:
            return []
        frame = {
            "type": "market",
            "assets_ids": sorted(self.tokens),
            "custom_feature_enabled": self._custom_features,
            "initial_dump": True,
        }
        return [msgspec.json.encode(frame).decode()]

    def operation(self, word: Literal["subscribe", "unsubscribe"], tokens: Iterable[TokenId]) -> str:
        frame = {"operation": word, "assets_ids": sorted(tokens), "custom_feature_enabled": self._custom_features}
        return msgspec.json.encode(frame).decode()


class MarketStream:
    """`run` (supervised) keeps the connections; one consumer reads `events`."""

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        options: MarketStreamOptions = MarketStreamOptions(),
        telemetry: Telemetry | None = None,
        random: Random = uniform,
    ) -> None:
        self._url = url
        self._clock = clock
        self._options = options
        self._telemetry = telemetry or NoTelemetry()
        self._random = random
        self._inbox = Inbox(options.inbox_size)
        self._decoder: EventDecoder[WireEvent] = EventDecoder(WireEvent, stream="market", telemetry=self._telemetry)
        self._shards: dict[str, _Shard] = {}
        self._sockets: dict[str, ReconnectingSocket] = {}
        self._home: dict[TokenId, str] = {}
        self._down_reason: dict[str, str] = {}
        self._group: asyncio.TaskGroup | None = None

    @property
    def connected(self) -> bool:
        """Every connection that is needed is up."""
        return all(socket.connected for socket in self._sockets.values())

    @property
    def dropped(self) -> int:
        return sum(socket.dropped for socket in self._sockets.values())

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                for name in self._sockets:
                    self._start(name)
                await asyncio.Event().wait()  # connections come and go with what is subscribed
        finally:
            self._group = None

    async def subscribe(self, tokens: Iterable[TokenId]) -> None:
        """Idempotent; each new token starts with a BookEvent."""
        new = [token for token in dict.fromkeys(tokens) if token not in self._home]
        while new:
            shard = self._shard_with_room()
            room = self._options.tokens_per_connection - len(shard.tokens)
            part, new = new[:room], new[room:]
            started_empty = not shard.tokens
            shard.tokens.update(part)
            self._home.update((token, shard.name) for token in part)
            frames = shard.hello() if started_empty else [shard.operation("subscribe", part)]
            for frame in frames:
                await self._sockets[shard.name].send(frame)

    async def unsubscribe(self, tokens: Iterable[TokenId]) -> None:
        gone: dict[str, set[TokenId]] = {}
        for token in set(tokens) & self._home.keys():
            gone.setdefault(self._home.pop(token), set()).add(token)
        for name, part in gone.items():
            self._shards[name].tokens -= part
            await self._sockets[name].send(self._shards[name].operation("unsubscribe", part))

    def renew(self, token: TokenId, *, reason: str) -> None:
        """The token's book is wrong or silent: a new connection for it and its neighbours. KeyError if it is not
        subscribed."""
        self._sockets[self._home[token]].renew(reason)

    async def events(self) -> AsyncIterator[MarketEvent]:
        async for name, item in self._inbox.stream():
            match item:
                case Frame(data, seen_ns, seen_mono_ns):
                    for event in self._decoder.decode(data):
                        yield MarketEvent(event, seen_ns, seen_mono_ns)
                case Up() | Down():
                    yield self._connection_event(name, item)
                case never:
                    assert_never(never)

    def _connection_event(self, name: str, item: Up | Down) -> MarketEvent:
        tokens = frozenset(self._shards[name].tokens)
        event: Reconnected | Disconnected
        if isinstance(item, Down):
            self._down_reason[name] = item.reason
            event = Disconnected(tokens, item.reason)
        else:
            event = Reconnected(tokens, self._down_reason.get(name, "connected"))
        return MarketEvent(event, self._clock.now_ns(), self._clock.perf_ns())

    def _shard_with_room(self) -> _Shard:
        for shard in self._shards.values():
            if len(shard.tokens) < self._options.tokens_per_connection:
                return shard
        name = f"market-{len(self._shards)}"
        shard = self._shards[name] = _Shard(name, set(), custom_features=self._options.custom_features)
        self._sockets[name] = ReconnectingSocket(
            self._url,
            name=name,
            inbox=self._inbox,
            hello=shard.hello,
            clock=self._clock,
            options=self._options.socket,
            telemetry=self._telemetry,
            random=self._random,
        )
        self._start(name)
        return shard

    def _start(self, name: str) -> None:
        if self._group is not None:
            self._group.create_task(self._sockets[name].run(), name=name)
