"""Follows every order to a proven end: stream first, look-ups where the stream is silent."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

import structlog

from polybot.core.ids import OrderId
from polybot.core.market import Side
from polybot.core.money import Shares, cost_ceil
from polybot.core.orders import (
    RESERVING,
    IllegalTransition,
    Intent,
    OrderState,
    OrderTerms,
    OurFill,
    TradeStatus,
    advance,
)
from polybot.core.portfolio import Portfolio
from polybot.ports.store import Event, Store
from polybot.ports.telemetry import Telemetry
from polybot.ports.venue import (
    Absent,
    Accepted,
    NoAnswer,
    OrderReport,
    PreparedOrder,
    Refused,
    StreamGap,
    SubmitOutcome,
    Unknown,
    Venue,
)
from polybot.utils.clock import Clock, wait_event

log = structlog.get_logger(__name__)

_CANCELS_AT_ONCE = 500
DUST = Shares(10_000)
"""The venue fills in cents of shares: less than 0.01 share of an order can stay unfilled."""


@dataclass(frozen=True, slots=True)
class TrackerOptions:
    """`chase_s`: how often open questions are asked, `resting_s`: about orders that rest, `quiet_s`: for fills though
    nothing is open; `absence_s` and `absences`: how long and how often the venue
    must deny knowing an unanswered order before it counts as never placed."""

    chase_s: float = 1.0
    resting_s: float = 10.0
    quiet_s: float = 60.0
    absence_s: float = 30.0
    absences: int = 3
    fill_overlap_s: int = 60


@dataclass(slots=True)
class _Tracked:
    intent: Intent
    state: OrderState
    since: float
    """Monotonic second of submission, or of taking it over from an earlier run."""
    created_ns: int
    """Nothing of it can have filled before."""
    owed: frozenset[str] = frozenset()
    """Trades the venue named whose fills have not been seen."""
    resting: bool = False
    matched: Shares | None = None
    """What the venue says is filled, once nothing more can."""
    ended_why: str = ""
    absences: int = 0
    asked_s: float = -math.inf
    """Monotonic second of the last look-up."""
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class OrderTracker:
    """Owns order states and feeds fills to store and portfolio. All writes happen in the order of the proofs."""

    def __init__(
        self,
        *,
        venue: Venue,
        store: Store,
        portfolio: Portfolio,
        clock: Clock,
        telemetry: Telemetry,
        options: TrackerOptions = TrackerOptions(),
        on_fill: Callable[[OurFill], None] = lambda _: None,
    ) -> None:
        self._venue = venue
        self._store = store
        self._portfolio = portfolio
        self._clock = clock
        self._telemetry = telemetry
        self._options = options
        self._on_fill = on_fill
        self._orders: dict[OrderId, _Tracked] = {}
        self._gap = asyncio.Event()
        self._missed = False
        self._swept_ns, self._swept_s = clock.now_ns(), clock.monotonic()
        self._writing = asyncio.Lock()

    def register(self, order: OrderId, intent: Intent) -> None:
        """Before the order is sent."""
        now_ns = self._clock.now_ns()
        self._orders[order] = _Tracked(intent, OrderState.SUBMITTING, self._clock.monotonic(), now_ns)

    def resume(self, order: OrderId, intent: Intent, state: OrderState, *, created_ns: int) -> None:
        """An order that an earlier run left open, whose answer will not come. Whether it was sent may not be known."""
        asked = OrderState.UNKNOWN if state is OrderState.SUBMITTING else state
        tracked = _Tracked(intent, asked, self._clock.monotonic(), created_ns, resting=True)
        tracked.answered.set()
        self._orders[order] = tracked
        self._gap.set()

    def withdraw(self, order: OrderId) -> None:
        """The order was never committed, so it is never sent."""
        del self._orders[order]
        self._portfolio.forget(order)

    async def send(self, order: PreparedOrder) -> SubmitOutcome:
        """One POST, and the state that follows from its answer."""
        outcome = await self._venue.submit(order)
        await self._answer(order.id, outcome)
        return outcome

    async def settled(self, order: OrderId, *, timeout_s: float) -> OrderState:
        """The order's state once it rests or has ended with all its fills known, or after the timeout."""
        tracked = self._orders[order]
        await wait_event(self._clock, tracked.answered, timeout_s=timeout_s)
        if tracked.state is OrderState.OPEN and not tracked.resting:
            await wait_event(self._clock, tracked.ended, timeout_s=timeout_s)
        return tracked.state

    async def ended(self, order: OrderId, *, timeout_s: float) -> OrderState:
        """Its state once it has ended, or after the timeout; what an earlier run saw the end of is DONE."""
        tracked = self._orders.get(order)
        if tracked is None:
            return OrderState.DONE
        await wait_event(self._clock, tracked.ended, timeout_s=timeout_s)
        return tracked.state

    async def cancel(self, orders: list[OrderId]) -> None:
        """Ask the venue to cancel. What is gone can fill no more; what it filled before is for the look-up to say."""
        for batch in (orders[i : i + _CANCELS_AT_ONCE] for i in range(0, len(orders), _CANCELS_AT_ONCE)):
            outcome = await self._venue.cancel(batch)
            if isinstance(outcome, NoAnswer):
                log.warning("cancel.unanswered", orders=batch, cause=outcome.cause)
            else:
                for order in outcome.gone:
                    self._ended_by(order, "cancelled")
            self._gap.set()

    async def quiet(self, *, timeout_s: float) -> bool:
        """Whether nothing is open and every trade has reached its end within the timeout."""
        deadline = self._clock.monotonic() + timeout_s
        while self._unended() or self._portfolio.unsettled_trades():
            if self._clock.monotonic() >= deadline:
                return False
            self._gap.set()
            await self._clock.sleep(self._options.chase_s / 4)
        return True

    def open_orders(self) -> dict[OrderId, Intent]:
        """OPEN or UNKNOWN."""
        asked = (OrderState.OPEN, OrderState.UNKNOWN)
        live = self._portfolio.open_orders()
        return {order: intent for order, intent in live if (t := self._orders.get(order)) and t.state in asked}

    async def follow_reports(self) -> None:
        """Long-lived: the venue's stream of proofs."""
        async for report in self._venue.reports():
            match report:
                case OurFill():
                    await self.on_fill(report)
                case OrderReport():
                    await self._on_report(report)
                case StreamGap():
                    log.info("orders.gap", reason=report.reason)
                    self._missed = True
                    self._gap.set()
                case never:
                    assert_never(never)

    async def chase(self) -> None:
        """Long-lived: asks about everything whose end is not proven."""
        while True:
            await wait_event(self._clock, self._gap, timeout_s=self._options.chase_s)
            self._gap.clear()
            await self.sweep()

    async def sweep(self) -> None:
        """One round of questions about fills and orders that are still open.

        Without any, fills are asked for all the same after a gap and now and then: one may follow an order's end.
        """
        now_ns, now_s = self._clock.now_ns(), self._clock.monotonic()
        nothing_open = not self._unended() and not self._portfolio.unsettled_trades()
        if nothing_open and not self._missed and now_s - self._swept_s < self._options.quiet_s:
            return
        fills = await self._venue.fills(since_s=self._oldest_question_s())
        if isinstance(fills, NoAnswer):
            self._telemetry.count("tracker.no_answer", question="fills")
            return
        for fill in fills:
            if self._portfolio.known(fill.order):
                await self.on_fill(fill)
        missed, self._missed = self._missed, False
        self._swept_ns, self._swept_s = now_ns, now_s
        for order in self._unended():
            if missed or _is_due(self._orders[order], now_s, self._options):
                await self._look_up(order)

    async def on_fill(self, fill: OurFill) -> None:
        """From stream or look-up; repeats and old news change nothing."""
        if not self._portfolio.known(fill.order):
            log.warning("fill.foreign", order=fill.order, trade=fill.trade)
            self._telemetry.count("fills.foreign")
            return
        async with self._writing:  # store and portfolio learn of every fill in the same order
            changed = await self._store.apply_fill(fill, now_ns=self._clock.now_ns())
            if not changed:
                return
            self._portfolio.apply_fill(fill)
        log.info(
            "fill", order=fill.order, trade=fill.trade, side=fill.side, shares=str(fill.shares), status=fill.status
        )
        if fill.status is TradeStatus.FAILED:
            await self._failed_trade(fill)
        self._on_fill(fill)
        await self._maybe_done(fill.order)

    async def _answer(self, order: OrderId, outcome: SubmitOutcome) -> None:
        tracked = self._orders[order]
        match outcome:
            case Accepted():
                await self._accepted(order, outcome)
            case Refused():
                await self._move(order, OrderState.REFUSED, reason=f"{outcome.code}: {outcome.detail}")
            case Unknown():
                log.warning("order.unknown", order=order, cause=outcome.cause)
                self._telemetry.count("orders.unknown")
                await self._move(order, OrderState.UNKNOWN, reason=outcome.cause)
                await self._maybe_done(order)
            case never:
                assert_never(never)
        tracked.answered.set()

    async def _accepted(self, order: OrderId, answer: Accepted) -> None:
        tracked = self._orders[order]
        tracked.resting = answer.resting
        tracked.owed = frozenset(answer.trades)
        await self._move(order, OrderState.OPEN, reason="accepted")
        if not answer.resting and not answer.delayed and answer.trades:
            self._ended_by(order, "matched")
        await self._maybe_done(order)

    async def _on_report(self, report: OrderReport) -> None:
        tracked = self._orders.get(report.order)
        if tracked is None or tracked.state is OrderState.DONE:
            return
        if tracked.state is OrderState.REFUSED:
            await self._risen(report)
            return
        tracked.absences = 0
        if tracked.state is OrderState.UNKNOWN:
            await self._move(report.order, OrderState.OPEN, reason=f"found: {report.status}")
        if report.open:
            tracked.resting = True
        else:
            tracked.matched = max(report.matched, tracked.matched or report.matched)
            self._ended_by(report.order, report.status)
            await self._maybe_done(report.order)

    async def _risen(self, report: OrderReport) -> None:
        """What was refused, or proven never placed, must not live: nothing is reserved for it."""
        if not report.open and not report.matched:
            return
        await self._event(
            "order.contradiction", "error", f"order {report.order} counts as refused, the venue says {report.status}"
        )
        if report.open:
            await self.cancel([report.order])

    def _ended_by(self, order: OrderId, why: str) -> None:
        """The venue said that nothing more of it can fill."""
        if tracked := self._orders.get(order):
            tracked.ended_why = tracked.ended_why or why or "ended"

    async def _maybe_done(self, order: OrderId) -> None:
        """DONE once the venue ended it and every fill it spoke of is in the ledger.

        Not before the answer, which may name further trades.
        """
        tracked = self._orders.get(order)
        if tracked is None or tracked.state in (OrderState.DONE, OrderState.SUBMITTING):
            return
        if not tracked.ended_why and not _is_full(order, tracked.intent.terms, self._portfolio):
            return
        if not tracked.owed <= self._portfolio.trades(order):
            return
        if tracked.matched is not None and (tracked.matched - self._portfolio.matched(order)).micro >= DUST.micro:
            return
        await self._move(order, OrderState.DONE, reason=tracked.ended_why or "filled")

    async def _look_up(self, order: OrderId) -> None:
        self._orders[order].asked_s = self._clock.monotonic()
        seen = await self._venue.look_up(order)
        match seen:
            case OrderReport():
                await self._on_report(seen)
            case NoAnswer():
                self._telemetry.count("tracker.no_answer", question="order")
            case Absent():
                await self._absent(order)
            case never:
                assert_never(never)

    async def _absent(self, order: OrderId) -> None:
        """The venue does not know the order: it ended (if it was ever proven there), or was never placed.

        A delayed order can be invisible for a while, so without word of its end time must pass as well. Trades the
        venue has named are waited for all the same.
        """
        tracked = self._orders[order]
        tracked.absences += 1
        waited_s = self._clock.monotonic() - tracked.since
        if tracked.absences < self._options.absences or tracked.state not in RESERVING:
            return
        if not tracked.ended_why and waited_s < self._options.absence_s:
            return
        if tracked.ended_why or tracked.state is OrderState.OPEN or self._portfolio.trades(order):
            self._ended_by(order, "gone from the venue")
            await self._maybe_done(order)
        else:
            await self._move(
                order, OrderState.REFUSED, reason="never placed: absent from the venue's orders and trades"
            )

    async def _move(self, order: OrderId, to: OrderState, *, reason: str) -> None:
        tracked = self._orders[order]
        try:
            advance(tracked.state, to)
        except IllegalTransition as illegal:
            await self._event("order.contradiction", "error", f"order {order}: {illegal} ({reason})")
            return
        if tracked.state is to:
            return
        tracked.state = to
        await self._store.set_order_state(order, to, reason=reason, now_ns=self._clock.now_ns())
        log.info("order.state", order=order, state=to, reason=reason)
        if to in (OrderState.DONE, OrderState.REFUSED):
            self._portfolio.release(order)
            tracked.answered.set()
            tracked.ended.set()

    async def _failed_trade(self, fill: OurFill) -> None:
        await self._event(
            "trade.failed", "error", f"trade {fill.trade} of order {fill.order} failed and was taken back"
        )

    async def _event(self, kind: str, severity: str, message: str) -> None:
        log.error(kind, message=message)
        await self._store.record_event(Event(kind, severity, message), now_ns=self._clock.now_ns())

    def _unended(self) -> list[OrderId]:
        """Sent, or perhaps sent, and its end not proven."""
        return list(self.open_orders())

    def _oldest_question_s(self) -> int:
        """Fills before this are known, with their ends."""
        orders = [self._orders[order].created_ns for order in self._unended()]
        trades = [fill.matched_ns for fill in self._portfolio.unsettled_trades()]
        return min([self._swept_ns, *orders, *trades]) // 1_000_000_000 - self._options.fill_overlap_s


def _is_due(tracked: _Tracked, now_s: float, options: TrackerOptions) -> bool:
    """An order that rests in peace is asked about less often."""
    calm = tracked.state is OrderState.OPEN and tracked.resting and not tracked.ended_why
    return not calm or now_s - tracked.asked_s >= options.resting_s


def _is_full(order: OrderId, terms: OrderTerms, portfolio: Portfolio) -> bool:
    """Nothing worth filling is left. A BUY is bounded by its dollars: better prices give more shares."""
    if terms.side is Side.SELL:
        return (terms.shares - portfolio.matched(order)).micro < DUST.micro
    return terms.notional - portfolio.spent(order) < cost_ceil(DUST, terms.limit)
