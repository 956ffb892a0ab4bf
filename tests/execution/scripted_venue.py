"""A venue in memory that does what a test tells it: answers, fills, silence, lateness, failure."""

import asyncio
import hashlib
import itertools
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from polybot.core.ids import IntentId, OrderId, TokenId, TradeId
from polybot.core.market import Side
from polybot.core.matching import grain_floor
from polybot.core.money import ZERO_SHARES, ZERO_USDC, Price, Shares, Usdc, cost_ceil, proceeds_floor
from polybot.core.orders import Intent, OrderTerms, OurFill, TimeInForce, TradeStatus
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
    Unknown,
)
from polybot.utils.clock import Clock


class Answer(Enum):
    ACCEPT = auto()
    DELAY = auto()
    REFUSE = auto()
    PLACED_UNKNOWN = auto()
    LOST_UNKNOWN = auto()


@dataclass(frozen=True)
class Plan:
    """`fill`: how much is matched at once, "" for all of it. `gate` holds the answer back (what is matched is
    matched before). A FAK or FOK ends at once unless it is delayed."""

    answer: Answer = Answer.ACCEPT
    fill: str = ""
    retry_after_s: float | None = None
    gate: asyncio.Event | None = None
    names_trades: bool = True


@dataclass
class Held:
    id: OrderId
    terms: OrderTerms
    matched: Shares = ZERO_SHARES
    open: bool = True
    status: str = "LIVE"

    @property
    def left(self) -> Shares:
        return self.terms.shares - self.matched


class ScriptedVenue:
    """Fills are at the order's own limit, free of fee. Newest status of every trade, no events while `mute`."""

    def __init__(self, clock: Clock) -> None:
        self.plans: deque[Plan] = deque()
        self.default = Plan()
        self.orders: dict[OrderId, Held] = {}
        self.trades: dict[TradeId, OurFill] = {}
        self.sent: list[PreparedOrder] = []
        self.log: list[tuple[str, str]] = []
        self.inexpressible: set[TokenId] = set()
        self.mute = False
        self.down = False
        self.forgets_ended = False
        self.trade_status = TradeStatus.CONFIRMED
        self.cash: Usdc | NoAnswer = NoAnswer("not asked for")
        self.held: Sequence[Holding] | NoAnswer = NoAnswer("not asked for")
        self._terms: dict[OrderId, OrderTerms] = {}
        self._clock = clock
        self._numbers = itertools.count(1)
        self._stream: asyncio.Queue[Report] = asyncio.Queue()

    # --- the port

    def prepare(self, intent: Intent, *, now_ns: int) -> PreparedOrder:
        if intent.terms.token in self.inexpressible:
            raise ValueError("the venue cannot express this order")
        digest = hashlib.sha256(f"{intent.id} {now_ns}".encode()).hexdigest()
        order = OrderId("0x" + digest)
        self._terms[order] = intent.terms
        return PreparedOrder(order, intent.id, order.encode())

    async def submit(self, order: PreparedOrder) -> SubmitOutcome:
        self.sent.append(order)
        plan = self.plans.popleft() if self.plans else self.default
        terms = self._terms[order.id]
        self.log.append(("submit", terms.side))
        trades = () if plan.answer in (Answer.REFUSE, Answer.LOST_UNKNOWN) else self._place(order.id, terms, plan)
        await asyncio.sleep(0)
        if plan.gate is not None:
            await plan.gate.wait()
        match plan.answer:
            case Answer.REFUSE:
                return Refused("refused", "as planned", retry_after_s=plan.retry_after_s)
            case Answer.PLACED_UNKNOWN | Answer.LOST_UNKNOWN:
                return Unknown("the connection broke")
            case Answer.DELAY:
                return Accepted(order.id, resting=True, delayed=True)
            case Answer.ACCEPT:
                named = trades if plan.names_trades else ()
                return Accepted(order.id, resting=self.orders[order.id].open, trades=named)

    async def cancel(self, orders: Sequence[OrderId]) -> Cancelled | NoAnswer:
        self.log.append(("cancel", ",".join(orders)))
        await asyncio.sleep(0)
        if self.down:
            return NoAnswer("down")
        gone = [order for order in orders if (held := self.orders.get(order)) and held.open]
        for order in gone:
            self.end(order, "CANCELED")
        return Cancelled(tuple(gone), tuple((order, "not found") for order in orders if order not in gone))

    async def look_up(self, order: OrderId) -> LookUp:
        await asyncio.sleep(0)
        if self.down:
            return NoAnswer("down")
        held = self.orders.get(order)
        if held is None or (self.forgets_ended and not held.open):
            return Absent()
        return _report(held)

    async def fills(self, *, since_s: int) -> Sequence[OurFill] | NoAnswer:
        await asyncio.sleep(0)
        if self.down:
            return NoAnswer("down")
        return [fill for fill in self.trades.values() if fill.matched_ns >= since_s * 1_000_000_000]

    async def balance(self) -> Usdc | NoAnswer:
        return self.cash

    async def holdings(self) -> Sequence[Holding] | NoAnswer:
        return self.held

    async def reports(self) -> AsyncIterator[Report]:
        while True:
            yield await self._stream.get()

    # --- the script

    def say(self, report: Report) -> None:
        """Put any report on the stream: repeats, old ones, foreign ones."""
        self._stream.put_nowait(report)

    def fill(self, order: OrderId, shares: str = "", *, status: TradeStatus | None = None) -> TradeId:
        """Match part of an order (by default, and at most, what is left), also after it has ended."""
        held = self.orders[order]
        amount = min(Shares.parse(shares), held.left) if shares else grain_floor(held.left)
        held.matched += amount
        if held.left.micro < 10_000:
            held.open, held.status = False, "MATCHED"
        trade = TradeId(f"trade-{next(self._numbers)}")
        terms = held.terms
        self.trades[trade] = OurFill(
            trade=trade,
            order=order,
            token=terms.token,
            condition=terms.condition,
            side=terms.side,
            shares=amount,
            usdc=_usdc(terms.side, amount, terms.limit),
            fee=ZERO_USDC,
            status=status or self.trade_status,
            matched_ns=self._clock.now_ns(),
        )
        self._tell(self.trades[trade])
        return trade

    def move(self, trade: TradeId, status: TradeStatus) -> None:
        self.trades[trade] = replace(self.trades[trade], status=status)
        self._tell(self.trades[trade])

    def end(self, order: OrderId, status: str) -> None:
        held = self.orders[order]
        held.open, held.status = False, status
        self._tell(_report(held))

    def posts(self) -> Counter[IntentId]:
        return Counter(order.intent for order in self.sent)

    def open_ids(self) -> list[OrderId]:
        return [held.id for held in self.orders.values() if held.open]

    def _place(self, order: OrderId, terms: OrderTerms, plan: Plan) -> tuple[TradeId, ...]:
        self.orders[order] = Held(order, terms)
        if plan.answer is Answer.DELAY:
            return ()
        trades = () if plan.fill == "0" else (self.fill(order, plan.fill),)
        if self.orders[order].open and terms.tif in (TimeInForce.FAK, TimeInForce.FOK):
            self.end(order, "CANCELED")
        return trades

    def _tell(self, report: Report) -> None:
        if not self.mute:
            self.say(report)


def _report(held: Held) -> OrderReport:
    return OrderReport(held.id, open=held.open, matched=held.matched, status=held.status)


def _usdc(side: Side, shares: Shares, price: Price) -> Usdc:
    return cost_ceil(shares, price) if side is Side.BUY else proceeds_floor(shares, price)
