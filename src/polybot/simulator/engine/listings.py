"""The markets that are traded, their books and their last trades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market, Side
from polybot.core.money import MICRO, Price
from polybot.simulator.engine.liquidity import MarketBook
from polybot.simulator.engine.model import LevelChange


@dataclass(slots=True)
class Listing:
    """`pool_micro` is the collateral under all outstanding pairs of shares; `last_micro` the last price of the
    first outcome."""

    market: Market
    book: MarketBook
    event_slug: str
    recorded: Mapping[str, Any]
    changed_ns: int
    pool_micro: int = 0
    last_micro: int | None = None

    def retick(self, tick: Price) -> None:
        self.market = replace(self.market, tick=tick)

    def mirrored(self, touched: Sequence[tuple[Side, int]]) -> tuple[LevelChange, ...]:
        """These levels of the first outcome's book as they are now, for both tokens."""
        book = self.book
        first = [
            LevelChange(book.first, side, Price(price), book.size(book.first, side, price)) for side, price in touched
        ]
        second = [LevelChange(book.second, c.side.opposite, c.price.complement(), c.size) for c in first]
        return (*first, *second)


@dataclass(slots=True)
class Listings:
    """Read by everyone; KeyError for an unknown token where a value must be given."""

    by_condition: dict[ConditionId, Listing] = field(default_factory=dict)
    by_token: dict[TokenId, Listing] = field(default_factory=dict)

    def add(self, listing: Listing) -> None:
        self.by_condition[listing.market.condition] = listing
        for outcome in listing.market.outcomes:
            self.by_token[outcome.token] = listing

    def last_trade(self, token: TokenId) -> Price | None:
        listing = self.by_token[token]
        if listing.last_micro is None:
            return None
        last = listing.last_micro
        return Price(last if token == listing.book.first else MICRO - last)
