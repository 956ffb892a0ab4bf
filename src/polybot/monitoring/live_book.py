"""One token's book as its feed tells it, and how far it can be trusted. No IO; times are handed in."""

from collections.abc import Iterable
from dataclasses import replace
from enum import Enum
from functools import lru_cache

from polybot.core.book import Book, HashFacts, Level
from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Side
from polybot.core.money import Price, Shares
from polybot.polymarket.rest.models import BookFrame, LevelFrame
from polybot.polymarket.streams.market import Change


class Witnessed(Enum):
    """What a book read by REST said of ours."""

    SAME = "same"
    OLDER = "older"
    """Read before our last change: says nothing."""
    AHEAD = "ahead"
    """The feed has not shown it yet, or never will; taken over."""
    DIFFERENT = "different"
    """Same moment, other levels: ours was wrong; taken over."""


_ALL = 1_000_000


_price = lru_cache(maxsize=20_000)(Price.parse)
"""Prices repeat: there are at most 10,000 of them on the finest grid."""


@lru_cache(maxsize=20_000)
def _level(price: str, size: str) -> Level:
    """Levels repeat: from one whole book to the next most are the same."""
    return Level(_price(price), Shares.parse(size))


def _levels(frames: Iterable[LevelFrame]) -> list[Level]:
    return [_level(frame.price, frame.size) for frame in frames]


class LiveBook:
    """`proven_ns`: when the book was last known to be right; None while it must not be used.

    Malformed texts raise ValueError: from the feed they leave the book untrusted, from a witness as it was.
    """

    def __init__(self, token: TokenId) -> None:
        self.book = Book(token)
        self.proven_ns: int | None = None
        self.behind_since_ns: int | None = None
        """Since when REST knows more than the feed has shown."""
        self.hash_tried_ns = 0
        self._top_doubt_ns: int | None = None
        self._hash_doubt_ns: int | None = None
        self._hash_counts = True
        self._changed_ms = 0
        self._hash = ""
        self._hash_checked = True
        self._facts: HashFacts | None = None

    @property
    def doubted_since_ns(self) -> int | None:
        """Since when the feed's own top or hash contradicts the book."""
        return min((ns for ns in (self._top_doubt_ns, self._hash_doubt_ns) if ns is not None), default=None)

    def distrust(self) -> None:
        """The connection is new or gone: only a whole book makes this one usable again."""
        self.proven_ns = self.behind_since_ns = self._top_doubt_ns = self._hash_doubt_ns = None
        self._changed_ms = 0

    def heard(self, *, seen_ns: int) -> None:
        """The feed speaks of the token without contradiction."""
        if self.proven_ns is not None and self.doubted_since_ns is None:
            self.proven_ns = max(self.proven_ns, seen_ns)

    def replace(self, frame: BookFrame, *, seen_ns: int) -> bool:
        """A snapshot of the feed. False if it is older than what we have: a frame out of order."""
        try:
            if int(frame.timestamp) < self._changed_ms:
                return False
            self._take(frame, seen_ns)
        except ValueError:
            self.distrust()
            raise
        return True

    def change(self, change: Change, *, timestamp_ms: int, seen_ns: int) -> bool:
        """One level's new size. False if there is no book to change or the frame is out of order."""
        if self.proven_ns is None or timestamp_ms < self._changed_ms:
            return False
        try:
            self.book.set_level(Side(change.side), _price(change.price), Shares.parse(change.size))
            agrees = self._top_is(change)
        except ValueError:
            self.distrust()
            raise
        self._changed_ms, self._hash, self._hash_checked = timestamp_ms, change.hash, False
        self.behind_since_ns = None
        self._top_doubt_ns = None if agrees else self._top_doubt_ns or seen_ns
        self.heard(seen_ns=seen_ns)
        return True

    def traded(self, price: str) -> None:
        """The last trade's price is part of the hash."""
        if self._facts is not None:
            self._facts = replace(self._facts, last_trade_price=price)

    def re_ticked(self, tick: str) -> None:
        if self._facts is not None:
            self._facts = replace(self._facts, tick_size=tick)

    @property
    def hash_due(self) -> bool:
        """Whether there is a hash to check, and everything it covers is known."""
        usable = self.proven_ns is not None and self._facts is not None
        return usable and self._hash_counts and not self._hash_checked

    def check_hash(self, *, now_ns: int) -> None:
        """Compare with the hash of the last change. O(levels): about half a millisecond for 100 of them.

        The venue may already count the next trade's price, whose frame comes a little later: a mismatch is a
        doubt, which counts when it lasts.
        """
        if self._facts is None or not self.hash_due:
            return
        self.hash_tried_ns = now_ns
        ours = self.book.venue_hash(timestamp_ms=self._changed_ms, facts=self._facts)
        self._hash_checked = ours == self._hash
        self._hash_doubt_ns = None if self._hash_checked else self._hash_doubt_ns or now_ns

    def witness(self, frame: BookFrame, *, asked_ns: int) -> Witnessed:
        """A book read by REST, asked for at `asked_ns`."""
        there_ms = int(frame.timestamp)
        if there_ms < self._changed_ms:
            return Witnessed.OLDER
        if self.proven_ns is not None and self._equals(frame):
            # Right levels under a wrong hash: it covers something we do not know, so it proves nothing here.
            self._hash_counts = self._hash_counts and self._hash_doubt_ns is None
            self._changed_ms = there_ms
            self._learn(frame)
            self._top_doubt_ns = self._hash_doubt_ns = None
            self.heard(seen_ns=asked_ns)
            return Witnessed.SAME
        same_moment = self.proven_ns is not None and there_ms == self._changed_ms
        behind_since_ns = self.behind_since_ns or asked_ns
        self._take(frame, asked_ns)
        if same_moment:
            return Witnessed.DIFFERENT
        self.behind_since_ns = behind_since_ns
        return Witnessed.AHEAD

    def _take(self, frame: BookFrame, seen_ns: int) -> None:
        self.distrust()
        self.book.replace(bids=_levels(frame.bids), asks=_levels(frame.asks))
        self._changed_ms = int(frame.timestamp)
        self._learn(frame)
        self.proven_ns = seen_ns

    def _learn(self, frame: BookFrame) -> None:
        """What the hash covers: REST tells everything, the feed leaves parts out."""
        self._hash, self._hash_checked = frame.hash, True
        if frame.min_order_size is not None and frame.neg_risk is not None:
            self._facts = HashFacts(
                market=ConditionId(frame.market),
                min_order_size=frame.min_order_size,
                tick_size=frame.tick_size,
                neg_risk=frame.neg_risk,
                last_trade_price=frame.last_trade_price,
            )
        elif self._facts is not None:
            last = frame.last_trade_price or self._facts.last_trade_price
            self._facts = replace(self._facts, tick_size=frame.tick_size, last_trade_price=last)

    def _equals(self, frame: BookFrame) -> bool:
        if frame.hash and frame.hash == self._hash and self.doubted_since_ns is None:
            return True
        theirs = Book(self.book.token)
        theirs.replace(bids=_levels(frame.bids), asks=_levels(frame.asks))
        return theirs.view(depth=_ALL) == self.book.view(depth=_ALL)

    def _top_is(self, change: Change) -> bool:
        """Whether the feed's best prices are ours; frames without any say nothing."""
        if not change.best_bid and not change.best_ask:
            return True
        bid, ask = self.book.best_bid(), self.book.best_ask()
        return _same_price(bid, change.best_bid) and _same_price(ask, change.best_ask)


def _same_price(level: Level | None, text: str) -> bool:
    """An empty side is sent as "", "0" or "1"."""
    if text in ("", "0", "1"):
        return level is None
    return level is not None and level.price == _price(text)
