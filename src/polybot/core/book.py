"""A token's order book: levels by integer price, best first on both sides, and the venue's hash of it."""

import hashlib
import json
from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Side
from polybot.core.money import Price, Shares


@dataclass(frozen=True, slots=True)
class Level:
    price: Price
    size: Shares


@dataclass(frozen=True, slots=True)
class BookView:
    """A frozen copy: both sides best first. What decisions and paper fills see."""

    token: TokenId
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    hash: str = ""


class _Ladder:
    """One side: sizes by price, and the prices sorted so that the best is the last.

    Levels are made when they are looked at and kept until they change: most changes are never looked at.
    """

    __slots__ = ("_keys", "_seen", "_sign", "_sizes")

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._sizes: dict[int, int] = {}
        self._keys: list[int] = []
        self._seen: dict[int, Level] = {}

    def replace(self, levels: Iterable[Level]) -> None:
        self._sizes = {level.price.micro * self._sign: level.size.micro for level in levels if level.size.micro}
        self._keys = sorted(self._sizes)
        self._seen = {}

    def set(self, price_micro: int, size_micro: int) -> None:
        key = price_micro * self._sign
        sizes = self._sizes
        self._seen.pop(key, None)
        if size_micro:
            if key not in sizes:
                insort(self._keys, key)
            sizes[key] = size_micro
        elif sizes.pop(key, 0):
            del self._keys[bisect_left(self._keys, key)]

    def best(self) -> Level | None:
        return self._level(self._keys[-1]) if self._keys else None

    def top(self, depth: int) -> tuple[Level, ...]:
        seen, level = self._seen, self._level
        return tuple([seen.get(key) or level(key) for key in self._keys[: -depth - 1 : -1]])

    def worst_first(self) -> list[Level]:
        return [self._level(key) for key in self._keys]

    def _level(self, key: int) -> Level:
        level = self._seen.get(key)
        if level is None:
            level = self._seen[key] = Level(Price(key * self._sign), Shares(self._sizes[key]))
        return level


class Book:
    """A live book, changed in place by its one owner. BUY side = bids, SELL side = asks.

    Changing a level that exists is O(1), adding or removing one O(log levels) and a memmove; best is O(1).
    """

    __slots__ = ("_asks", "_bids", "token")

    def __init__(self, token: TokenId) -> None:
        self.token = token
        self._bids = _Ladder(1)
        self._asks = _Ladder(-1)

    def replace(self, *, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """A snapshot, in any order: forget what was there."""
        self._bids.replace(bids)
        self._asks.replace(asks)

    def set_level(self, side: Side, price: Price, size: Shares) -> None:
        """New absolute size of one level; zero removes it."""
        (self._bids if side is Side.BUY else self._asks).set(price.micro, size.micro)

    def best_bid(self) -> Level | None:
        return self._bids.best()

    def best_ask(self) -> Level | None:
        return self._asks.best()

    def view(self, *, depth: int = 50) -> BookView:
        """At most `depth` levels a side."""
        return BookView(self.token, self._bids.top(depth), self._asks.top(depth))

    def venue_hash(self, *, timestamp_ms: int, facts: "HashFacts") -> str:
        """What the venue's hash of this book would be if its last change was at `timestamp_ms`. O(levels)."""
        return book_hash(
            token=self.token,
            timestamp_ms=timestamp_ms,
            facts=facts,
            bids=_wire(self._bids.worst_first()),
            asks=_wire(self._asks.worst_first()),
        )


@dataclass(frozen=True, slots=True)
class HashFacts:
    """What the hash covers besides the levels, as the venue's own texts ("5", "0.01").

    `last_trade_price` keeps its padding ("0.490"); None leaves the key out, as the venue did until Dec 2025.
    """

    market: ConditionId
    min_order_size: str
    tick_size: str
    neg_risk: bool
    last_trade_price: str | None


def book_hash(
    *,
    token: TokenId,
    timestamp_ms: int,
    facts: HashFacts,
    bids: list[tuple[str, str]],
    asks: list[tuple[str, str]],
) -> str:
    """The venue's book hash: sha1 of the compact JSON of the book with an empty `hash`.

    Levels are (price, size) texts as on the wire, worst first. Prices and sizes on the wire have no padding
    (all recorded books), so text made from micro-units is the same text.
    """
    body: dict[str, object] = {
        "market": facts.market,
        "asset_id": token,
        "timestamp": str(timestamp_ms),
        "hash": "",
        "bids": [{"price": price, "size": size} for price, size in bids],
        "asks": [{"price": price, "size": size} for price, size in asks],
        "min_order_size": facts.min_order_size,
        "tick_size": facts.tick_size,
        "neg_risk": facts.neg_risk,
    }
    if facts.last_trade_price is not None:
        body["last_trade_price"] = facts.last_trade_price
    text = json.dumps(body, separators=(",", ":"))
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _wire(levels: list[Level]) -> list[tuple[str, str]]:
    return [(str(level.price), str(level.size)) for level in levels]
