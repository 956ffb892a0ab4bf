"""Books and their changes as the CLOB writes them: every number a string, levels worst first. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from polybot.core.book import BookView, HashFacts, Level, book_hash
from polybot.core.ids import TokenId
from polybot.core.market import Market
from polybot.core.money import Price, Shares
from polybot.simulator.engine.model import LevelChange

Wire = dict[str, Any]
Texts = list[tuple[str, str]]
"""Price and size of each level."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A token's book at its last change. `last_trade` is "" until the first trade."""

    market: Market
    view: BookView
    changed_ms: int
    last_trade: str

    @property
    def bids(self) -> Texts:
        return _worst_first(self.view.bids)

    @property
    def asks(self) -> Texts:
        return _worst_first(self.view.asks)

    @property
    def hash(self) -> str:
        return self.hash_of(self.bids, self.asks)

    def hash_of(self, bids: Texts, asks: Texts) -> str:
        """With its own levels, already written out."""
        return book_hash(
            token=self.view.token,
            timestamp_ms=self.changed_ms,
            facts=HashFacts(
                market=self.market.condition,
                min_order_size=str(self.market.min_order),
                tick_size=str(self.market.tick),
                neg_risk=self.market.neg_risk,
                last_trade_price=self.last_trade,
            ),
            bids=bids,
            asks=asks,
        )

    @property
    def best_bid(self) -> Price | None:
        return self.view.bids[0].price if self.view.bids else None

    @property
    def best_ask(self) -> Price | None:
        return self.view.asks[0].price if self.view.asks else None


def _levels(snapshot: Snapshot) -> Wire:
    """What both forms of a book begin with."""
    bids, asks = snapshot.bids, snapshot.asks
    return {
        "market": snapshot.market.condition,
        "asset_id": snapshot.view.token,
        "timestamp": str(snapshot.changed_ms),
        "hash": snapshot.hash_of(bids, asks),
        "bids": [{"price": price, "size": size} for price, size in bids],
        "asks": [{"price": price, "size": size} for price, size in asks],
    }


def rest_book(snapshot: Snapshot) -> Wire:
    """GET /book."""
    return {
        **_levels(snapshot),
        "min_order_size": str(snapshot.market.min_order),
        "tick_size": str(snapshot.market.tick),
        "neg_risk": snapshot.market.neg_risk,
        "last_trade_price": snapshot.last_trade,
    }


def book_event(snapshot: Snapshot) -> Wire:
    """The market socket's `book`: without the two fields its frames lack."""
    return {
        **_levels(snapshot),
        "tick_size": str(snapshot.market.tick),
        "event_type": "book",
        "last_trade_price": snapshot.last_trade,
    }


def price_change_event(
    market: Market, at_ms: int, changes: Iterable[LevelChange], after: Mapping[TokenId, Snapshot]
) -> Wire:
    """One `price_change`, both tokens of the market in one message; each hash is that of the book `after` it."""
    hashes = {token: snapshot.hash for token, snapshot in after.items()}
    entries = [
        {
            "asset_id": change.token,
            "price": str(change.price),
            "size": str(change.size),
            "side": change.side.value,
            "hash": hashes[change.token],
            "best_bid": text(after[change.token].best_bid),
            "best_ask": text(after[change.token].best_ask),
        }
        for change in changes
    ]
    return {
        "market": market.condition,
        "price_changes": entries,
        "timestamp": str(at_ms),
        "event_type": "price_change",
    }


def best_bid_ask_event(snapshot: Snapshot) -> Wire:
    bid, ask = snapshot.best_bid, snapshot.best_ask
    return {
        "market": snapshot.market.condition,
        "asset_id": snapshot.view.token,
        "best_bid": text(bid),
        "best_ask": text(ask),
        "spread": str(ask - bid) if bid and ask else "",
        "timestamp": str(snapshot.changed_ms),
        "event_type": "best_bid_ask",
    }


def tick_size_event(market: Market, *, token: str, old: Price, at_ms: int) -> Wire:
    return {
        "market": market.condition,
        "asset_id": token,
        "old_tick_size": str(old),
        "new_tick_size": str(market.tick),
        "timestamp": str(at_ms),
        "event_type": "tick_size_change",
    }


def text(price: Price | None) -> str:
    """An empty string where there is no level."""
    return "" if price is None else str(price)


def _worst_first(levels: Sequence[Level]) -> Texts:
    return [(_decimal(level.price.micro), _decimal(level.size.micro)) for level in reversed(levels)]


@lru_cache(maxsize=1 << 16)
def _decimal(micro: int) -> str:
    """The same few prices and sizes are written over and over."""
    return str(Shares(micro))
