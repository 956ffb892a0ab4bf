"""One book for both outcomes of a market, in prices of the first: a bid for the second at p is an ask at 1-p.

A level holds the house's size and the resting orders of simulated accounts, in price-time order. Integers are
micro-units.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from polybot.core.book import BookView, Level
from polybot.core.ids import ConditionId, OrderId, TokenId, TradeId
from polybot.core.market import Market, Side
from polybot.core.matching import SHARE_GRAIN
from polybot.core.money import MICRO, Price, Shares
from polybot.simulator.engine.model import NewOrder, OrderReport, OrderStatus


@dataclass(slots=True, eq=False)
class BookOrder:
    """An accepted order. `open_micro` shares of it rest at `limit`; `queued` is its place in time."""

    asked: NewOrder
    condition: ConditionId
    limit: Price
    original_micro: int
    created_ns: int
    status: OrderStatus = OrderStatus.LIVE
    matched_micro: int = 0
    open_micro: int = 0
    queued: int = 0
    trades: list[TradeId] = field(default_factory=list)
    reason: str = ""

    def report(self) -> OrderReport:
        asked = self.asked
        return OrderReport(
            id=asked.id,
            owner=asked.owner,
            wallet=asked.wallet,
            condition=self.condition,
            token=asked.token,
            side=asked.side,
            price=self.limit,
            original=Shares(self.original_micro),
            matched=Shares(self.matched_micro),
            tif=asked.tif,
            expiration_s=asked.expiration_s,
            post_only=asked.post_only,
            status=self.status,
            created_ns=self.created_ns,
            trades=tuple(self.trades),
            reason=self.reason,
        )


@dataclass(slots=True)
class PriceLevel:
    """`house_queued` is when the house first stood at this price."""

    house_micro: int = 0
    house_queued: int = 0
    orders: dict[OrderId, BookOrder] = field(default_factory=dict)
    resting_micro: int = 0

    @property
    def size_micro(self) -> int:
        return self.house_micro + self.resting_micro

    def queue(self) -> Iterator[tuple[BookOrder | None, int]]:
        """Who is filled, in order of arrival, and how much they can be filled; None is the house."""
        house = self.house_micro - self.house_micro % SHARE_GRAIN
        for order in self.orders.values():
            if house and order.queued > self.house_queued:
                yield None, house
                house = 0
            yield order, order.open_micro
        if house:
            yield None, house


class Ladder:
    """One side, best price first. `sign` is 1 for bids, -1 for asks."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._keys: list[int] = []
        self._levels: dict[int, PriceLevel] = {}

    def __iter__(self) -> Iterator[tuple[int, PriceLevel]]:
        """(price, level), best first; the ladder must not change meanwhile."""
        for key in reversed(self._keys):
            yield key * self._sign, self._levels[key]

    def size_micro(self, price: int) -> int:
        level = self._levels.get(price * self._sign)
        return level.size_micro if level else 0

    def reaches(self, price: int, other: int) -> bool:
        """Whether `price` on this side is as good for the other side as `other` or better."""
        return price * self._sign >= other * self._sign

    def rest(self, price: int, order: BookOrder) -> None:
        level = self._at(price)
        level.orders[order.asked.id] = order
        level.resting_micro += order.open_micro

    def shrink(self, price: int, order: BookOrder, shares: int) -> None:
        """Fills or withdraws part of a resting order; it leaves the queue with its last share."""
        level = self._levels[price * self._sign]
        order.open_micro -= shares
        level.resting_micro -= shares
        if not order.open_micro:
            del level.orders[order.asked.id]
        self._drop_if_empty(price)

    def shrink_house(self, price: int, shares: int) -> None:
        self._levels[price * self._sign].house_micro -= shares
        self._drop_if_empty(price)

    def set_house(self, price: int, size: int, *, queued: int) -> None:
        level = self._at(price)
        if not level.house_micro:
            level.house_queued = queued
        level.house_micro = size
        self._drop_if_empty(price)

    def replace_house(self, sizes: dict[int, int], *, queued: int) -> None:
        """The house stands at these prices and no others; where it stood already it keeps its place."""
        before = {key: level for key, level in self._levels.items() if level.house_micro}
        for level in before.values():
            level.house_micro = 0
        for price, size in sizes.items():
            key = price * self._sign
            level = self._levels.setdefault(key, PriceLevel())
            level.house_micro = size
            if key not in before:
                level.house_queued = queued
        self._levels = {key: level for key, level in self._levels.items() if level.size_micro}
        self._keys = sorted(self._levels)

    def _at(self, price: int) -> PriceLevel:
        key = price * self._sign
        level = self._levels.get(key)
        if level is None:
            level = self._levels[key] = PriceLevel()
            insort(self._keys, key)
        return level

    def _drop_if_empty(self, price: int) -> None:
        key = price * self._sign
        if not self._levels[key].size_micro:
            del self._levels[key]
            del self._keys[bisect_left(self._keys, key)]


class MarketBook:
    """`queued` numbers arrivals, so that time priority needs no clock."""

    def __init__(self, market: Market) -> None:
        self.first = market.outcomes[0].token
        self.second = market.outcomes[1].token
        self.bids = Ladder(1)
        self.asks = Ladder(-1)
        self._arrivals = 0

    def own_price(self, token: TokenId, price: int) -> int:
        """A price of the first outcome in prices of `token`, and back."""
        return price if token == self.first else MICRO - price

    def side_of(self, token: TokenId, side: Side) -> Ladder:
        """Where an order rests."""
        return self.bids if (side is Side.BUY) == (token == self.first) else self.asks

    def facing(self, token: TokenId, side: Side) -> Ladder:
        """What an order takes from."""
        return self.side_of(token, side.opposite)

    def rest(self, order: BookOrder) -> None:
        order.queued = self._arrive()
        asked = order.asked
        self.side_of(asked.token, asked.side).rest(self.price_of(order), order)

    def price_of(self, order: BookOrder) -> int:
        return self.own_price(order.asked.token, order.limit.micro)

    def shrink(self, order: BookOrder, shares: int) -> None:
        self.side_of(order.asked.token, order.asked.side).shrink(self.price_of(order), order, shares)

    def set_house_level(self, token: TokenId, side: Side, *, price: int, size: int) -> None:
        self.side_of(token, side).set_house(self.own_price(token, price), size, queued=self._arrive())

    def replace_house(self, token: TokenId, *, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        queued = self._arrive()
        for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
            sizes = {self.own_price(token, level.price.micro): level.size.micro for level in levels}
            self.side_of(token, side).replace_house(sizes, queued=queued)

    def levels(self, token: TokenId, side: Side) -> Iterator[Level]:
        """What an order of this side would take from, best first, in prices of `token`."""
        for price, level in self.facing(token, side):
            yield Level(Price(self.own_price(token, price)), Shares(level.size_micro))

    def view(self, token: TokenId) -> BookView:
        return BookView(token, tuple(self.levels(token, Side.SELL)), tuple(self.levels(token, Side.BUY)))

    def size(self, token: TokenId, side: Side, price: int) -> Shares:
        return Shares(self.side_of(token, side).size_micro(self.own_price(token, price)))

    def resting(self) -> list[BookOrder]:
        return [order for ladder in (self.bids, self.asks) for _, level in ladder for order in level.orders.values()]

    def _arrive(self) -> int:
        self._arrivals += 1
        return self._arrivals
