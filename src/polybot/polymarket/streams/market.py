"""The public market socket: books and trades of the tokens we hold an interest in."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from msgspec import Struct

from polybot.core.ids import TokenId
from polybot.polymarket.rest.models import BookFrame
from polybot.polymarket.streams.socket import SocketOptions
from polybot.ports.telemetry import Telemetry
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
class Unrecognised:
    """A well-formed event of a kind or shape this program does not know."""

    event_type: str
    detail: str


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
    socket: SocketOptions = SocketOptions()


class MarketStream:
    """`run` (supervised) keeps the connections; one consumer reads `events`."""

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        options: MarketStreamOptions = MarketStreamOptions(),
        telemetry: Telemetry | None = None,
        random: Random | None = None,
    ) -> None:
        raise NotImplementedError

    async def run(self) -> None:
        raise NotImplementedError

    async def subscribe(self, tokens: Iterable[TokenId]) -> None:
        """Idempotent; each new token starts with a BookEvent."""
        raise NotImplementedError

    async def unsubscribe(self, tokens: Iterable[TokenId]) -> None:
        raise NotImplementedError

    async def resubscribe(self, token: TokenId, *, reason: str) -> None:
        """The token's book is wrong or silent: a new connection for it and its neighbours."""
        raise NotImplementedError

    def events(self) -> AsyncIterator[MarketEvent]:
        raise NotImplementedError
