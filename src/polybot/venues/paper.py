"""Paper trading: live data, fills simulated on the real book.

Assumptions, all of them:

- An order reaches the book `latency_ms` after it is sent and meets the book of that moment.
- It takes what the book shows at its limit or better, best price first, and pays the market's taker fee. What it
  took is gone for later paper orders until the book changes.
- A resting order is filled, free of fee and at its own limit, when the opposite side of the book reaches its
  limit, up to the size shown there. Queues ahead of it are not modelled, so rests fill a little too easily.
- When the market closes, what still rests ends unfilled.
- Our orders move nobody else's. Every trade settles.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from polybot.core.book import Level
from polybot.core.fees import taker_fee
from polybot.core.ids import OrderId, TokenId, TradeId
from polybot.core.market import NO_FEE, Side
from polybot.core.matching import Walk, walk_shares, walk_spend
from polybot.core.money import ZERO_SHARES, ZERO_USDC, Price, Shares, Usdc, cost_ceil, proceeds_floor
from polybot.core.orders import Intent, OrderTerms, OurFill, TimeInForce, TradeStatus
from polybot.ports.market_data import MarketData
from polybot.ports.venue import (
    Absent,
    Accepted,
    Cancelled,
    Holding,
    LookUp,
    NoAnswer,
    OrderReport,
    PreparedOrder,
    Refused,
    Report,
    SubmitOutcome,
)
from polybot.utils.clock import Clock

_EXPIRES_EARLY_S = 60
"""The venue ends a GTD order one minute before its expiration (Polymarket's docs, trading/orders)."""


@dataclass(frozen=True, slots=True)
class PaperOptions:
    """`resting_check_s`: how often resting orders look at the book."""

    latency_ms: int = 250
    resting_check_s: float = 0.25


@dataclass(slots=True)
class _Paper:
    id: OrderId
    terms: OrderTerms
    matched: Shares = ZERO_SHARES
    spent: Usdc = ZERO_USDC
    open: bool = True
    status: str = "LIVE"


class PaperVenue:
    """Keeps its orders in memory: after a restart it knows none, as a venue that lost them would say."""

    def __init__(self, *, market_data: MarketData, clock: Clock, options: PaperOptions = PaperOptions()) -> None:
        self._market_data = market_data
        self._clock = clock
        self._options = options
        self._terms: dict[OrderId, OrderTerms] = {}
        self._orders: dict[OrderId, _Paper] = {}
        self._resting: dict[OrderId, _Paper] = {}
        self._taken: dict[tuple[TokenId, Side, Price], tuple[Shares, Shares]] = {}
        """By level: the size it showed, and how much of that our orders took."""
        self._fills: list[OurFill] = []
        self._outbox: asyncio.Queue[Report] = asyncio.Queue()
        self._numbers = itertools.count(1)

    def prepare(self, intent: Intent, *, now_ns: int) -> PreparedOrder:
        order = OrderId("0x" + intent.id.rjust(64, "0"))
        self._terms[order] = intent.terms
        return PreparedOrder(order, intent.id, b"")

    async def submit(self, order: PreparedOrder) -> SubmitOutcome:
        terms = self._terms[order.id]
        await self._clock.sleep(self._options.latency_ms / 1000)
        market = self._market_data.market(terms.token)
        if market is None or market.closed or not market.accepting_orders:
            return Refused("market_closed", "the market takes no orders")
        paper = _Paper(order.id, terms)
        walk = self._take(paper)
        if terms.tif is TimeInForce.FOK and not walk.complete:
            return Refused("fok_not_filled", "the book cannot fill the whole order")
        if terms.tif is TimeInForce.FAK and not walk.takes:
            return Refused("fak_not_filled", "no order in the book at the limit or better")
        self._orders[order.id] = paper
        trades = self._book(paper, walk)
        rests = terms.tif in (TimeInForce.GTC, TimeInForce.GTD) and not self._is_full(paper)
        if rests:
            self._resting[order.id] = paper
        else:
            self._end(paper, "MATCHED")
        return Accepted(order.id, resting=rests, trades=trades)

    async def cancel(self, orders: Sequence[OrderId]) -> Cancelled | NoAnswer:
        known = [o for o in orders if (p := self._orders.get(o)) and p.open]
        for order in known:
            self._end(self._orders[order], "CANCELED")
        return Cancelled(tuple(known), tuple((o, "not an open order") for o in orders if o not in known))

    async def look_up(self, order: OrderId) -> LookUp:
        paper = self._orders.get(order)
        return _report(paper) if paper else Absent()

    async def fills(self, *, since_s: int) -> Sequence[OurFill] | NoAnswer:
        return list(itertools.takewhile(lambda fill: fill.matched_ns >= since_s * 1_000_000_000, reversed(self._fills)))

    async def balance(self) -> Usdc | NoAnswer:
        return NoAnswer("paper money is counted by the ledger alone")

    async def holdings(self) -> Sequence[Holding] | NoAnswer:
        return NoAnswer("paper shares are counted by the ledger alone")

    async def reports(self) -> AsyncIterator[Report]:
        while True:
            yield await self._outbox.get()

    async def watch_resting(self) -> None:
        """Long-lived: fills resting orders that the book has reached, ends those that expired."""
        while True:
            await self._clock.sleep(self._options.resting_check_s)
            for paper in list(self._resting.values()):
                self._check(paper)

    def _check(self, paper: _Paper) -> None:
        terms = paper.terms
        if terms.expiration_s and self._clock.now_ns() // 1_000_000_000 >= terms.expiration_s - _EXPIRES_EARLY_S:
            self._end(paper, "CANCELED_EXPIRED_ORDER")
            return
        market = self._market_data.market(terms.token)
        if market is not None and market.closed:
            self._end(paper, "CANCELED_MARKET_RESOLVED")
            return
        left = terms.shares - paper.matched
        levels = self._levels(terms.token, terms.side)
        walk = walk_shares(levels, side=terms.side, limit=terms.limit, shares=left)
        if walk.takes:
            self._note_taken(terms, walk)
            self._fill(paper, walk.shares, usdc=_usdc(terms, walk.shares), maker=True)
            if self._is_full(paper):
                self._end(paper, "MATCHED")

    def _take(self, paper: _Paper) -> Walk:
        terms = paper.terms
        levels = self._levels(terms.token, terms.side)
        if terms.side is Side.BUY:
            return walk_spend(levels, limit=terms.limit, spend=terms.notional)
        return walk_shares(levels, side=terms.side, limit=terms.limit, shares=terms.shares)

    def _levels(self, token: TokenId, side: Side) -> list[Level]:
        """The side of the book that an order of `side` takes from, less what earlier paper orders took."""
        quote = self._market_data.quote(token)
        if quote is None:
            return []
        view = quote.book.view()
        levels = view.asks if side is Side.BUY else view.bids
        return [left for level in levels if (left := self._left(token, side, level)).size.micro > 0]

    def _left(self, token: TokenId, side: Side, level: Level) -> Level:
        shown, taken = self._taken.get((token, side, level.price), (level.size, ZERO_SHARES))
        if shown != level.size:
            self._taken.pop((token, side, level.price), None)
            return level
        return replace(level, size=level.size - taken)

    def _note_taken(self, terms: OrderTerms, walk: Walk) -> None:
        quote = self._market_data.quote(terms.token)
        if quote is None:
            return
        view = quote.book.view()
        sizes = {lvl.price: lvl.size for lvl in (view.asks if terms.side is Side.BUY else view.bids)}
        for take in walk.takes:
            key = (terms.token, terms.side, take.price)
            _, before = self._taken.get(key, (ZERO_SHARES, ZERO_SHARES))
            self._taken[key] = (sizes[take.price], before + take.shares)

    def _book(self, paper: _Paper, walk: Walk) -> tuple[TradeId, ...]:
        if not walk.takes:
            return ()
        self._note_taken(paper.terms, walk)
        market = self._market_data.market(paper.terms.token)
        schedule = market.fee if market else NO_FEE
        fee = sum((taker_fee(t.shares, t.price, schedule) for t in walk.takes), ZERO_USDC)
        return (self._fill(paper, walk.shares, usdc=walk.usdc, fee=fee),)

    def _fill(
        self, paper: _Paper, shares: Shares, *, usdc: Usdc, fee: Usdc = ZERO_USDC, maker: bool = False
    ) -> TradeId:
        paper.matched += shares
        paper.spent += usdc
        fill = OurFill(
            trade=TradeId(f"paper-{paper.id[-12:]}-{next(self._numbers)}"),
            order=paper.id,
            token=paper.terms.token,
            condition=paper.terms.condition,
            side=paper.terms.side,
            shares=shares,
            usdc=usdc,
            fee=fee,
            status=TradeStatus.CONFIRMED,
            matched_ns=self._clock.now_ns(),
            maker=maker,
        )
        self._fills.append(fill)
        self._outbox.put_nowait(fill)
        return fill.trade

    def _is_full(self, paper: _Paper) -> bool:
        return (paper.terms.shares - paper.matched).micro < 10_000

    def _end(self, paper: _Paper, status: str) -> None:
        paper.open, paper.status = False, status
        self._resting.pop(paper.id, None)
        self._outbox.put_nowait(_report(paper))


def _report(paper: _Paper) -> OrderReport:
    return OrderReport(paper.id, open=paper.open, matched=paper.matched, status=paper.status)


def _usdc(terms: OrderTerms, shares: Shares) -> Usdc:
    return cost_ceil(shares, terms.limit) if terms.side is Side.BUY else proceeds_floor(shares, terms.limit)
