"""The markets that are traded, their books and their last trades."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market, Side
from polybot.core.money import MICRO, Price
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.liquidity import MarketBook
from polybot.simulator.engine.model import LevelChange
from polybot.simulator.engine.moves import NO_GROUP, GroupId


@dataclass(slots=True)
class Listing:
    """`pool_micro` is the collateral under all outstanding pairs of shares, `dust` the millionths of a micro-unit of
    it that rounded payouts left over; `last_micro` the last price of the first outcome.

    `group` is the neg-risk market of its event, if any, and `index` the number of its question there.
    """

    market: Market
    book: MarketBook
    event_slug: str
    recorded: Mapping[str, Any]
    changed_ns: int
    pool_micro: int = 0
    last_micro: int | None = None
    group: GroupId = NO_GROUP
    index: int = 0
    dust: int = 0

    @property
    def tokens(self) -> tuple[TokenId, TokenId]:
        return self.book.first, self.book.second

    def worth_micro(self, token: TokenId) -> int:
        """Of one share once the market is resolved; a half if nobody won."""
        winner = self.market.winner
        return MICRO // 2 if winner is None else MICRO * (token == winner)

    def payout(self, token: TokenId, micro: int) -> int:
        """Micro-USDC for so many micro-shares, rounded down, once the market is resolved."""
        return micro * self.worth_micro(token) // MICRO

    def pay_out(self, account: Account, house: Account, token: TokenId, micro: int) -> int:
        """Turns shares of a resolved market into cash; micro-units made of what was rounded off go to the house."""
        usdc, rest = divmod(micro * self.worth_micro(token), MICRO)
        whole, self.dust = divmod(self.dust + rest, MICRO)
        account.held_micro[token] -= micro
        account.cash_micro += usdc
        house.cash_micro += whole
        self.pool_micro -= usdc + whole
        return usdc

    @property
    def at_edge(self) -> bool:
        """Whether the last trade was below 0.04 or above 0.96."""
        return self.last_micro is not None and not 40_000 <= self.last_micro <= 960_000

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

    def of_group(self, group: GroupId) -> list[Listing]:
        """By question."""
        found = [listing for listing in self.by_condition.values() if group and listing.group == group]
        return sorted(found, key=lambda listing: listing.index)

    def last_trade(self, token: TokenId) -> Price | None:
        listing = self.by_token[token]
        if listing.last_micro is None:
            return None
        last = listing.last_micro
        return Price(last if token == listing.book.first else MICRO - last)
