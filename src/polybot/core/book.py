"""A token's order book: levels by integer price, best first on both sides, and the venue's hash of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from polybot.core.ids import TokenId
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


class Book:
    """A live book, changed in place by its one owner. BUY side = bids, SELL side = asks."""

    __slots__ = ("token",)

    def __init__(self, token: TokenId) -> None:
        self.token = token

    def replace(self, *, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """A snapshot: forget what was there."""
        raise NotImplementedError

    def set_level(self, side: Side, price: Price, size: Shares) -> None:
        """New absolute size of one level; zero removes it."""
        raise NotImplementedError

    def best_bid(self) -> Level | None:
        raise NotImplementedError

    def best_ask(self) -> Level | None:
        raise NotImplementedError

    def view(self, *, depth: int = 50) -> BookView:
        """At most `depth` levels a side."""
        raise NotImplementedError
