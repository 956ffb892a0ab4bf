"""Follows every order to a proven end: stream first, look-ups where the stream is silent."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import assert_never

import structlog

from polybot.core.ids import OrderId
from polybot.core.money import Shares
from polybot.core.orders import IllegalTransition, Intent, OrderState, OurFill, TradeStatus, advance
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

DUST = Shares(10_000)
"""The venue fills in cents of shares: less than 0.01 share of an order can stay unfilled."""


@dataclass(frozen=True, slots=True)
class TrackerOptions:
    """`chase_s`: how often open questions are asked; `absence_s` and `absences`: how long and how often the venue
    must deny knowing an unanswered order before it counts as never placed."""

    chase_s: float = 1.0
    absence_s: float = 30.0
    absences: int = 3
    fill_overlap_s: int = 60


@dataclass(slots=True)
class _Tracked:
    intent: Intent
    state: OrderState
    since: float
    """Monotonic second of submission."""
    owed: frozenset[str] = frozenset()
    """Trades the venue named whose fills have not been seen."""
    resting: bool = False
    matched: Shares | None = None
    """What the venue says is filled, once nothing more can."""
    ended_why: str = ""
    absences: int = 0
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
        self._writing = asyncio.Lock()

    # --- the desk's side -------------------------------------------------------------------------

    def register(self, order: OrderId, intent: Intent) -> None:
        """Before the order is sent."""
        self._orders[order] = _Tracked(intent, OrderState.SUBMITTING, self._clock.monotonic())

    def resume(self, order: OrderId, intent: Intent, state: OrderState) -> None:
        """An order that an earlier run left open. Whether an unanswered one was sent is not known."""
        asked = OrderState.UNKNOWN if state is OrderState.SUBMITTING else state
        self._orders[order] = _Tracked(intent, asked, self._clock.monotonic(), resting=True)
        self._gap.set()

    def withdraw(self, order: OrderId) -> None:
        """The order was never committed, so it is never sent."""
        del self._orders[order]
        self._portfolio.release(order)

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
        tracked = self._orders[order]
        await wait_event(self._clock, tracked.ended, timeout_s=timeout_s)
        return tracked.state

    async def cancel(self, orders: list[OrderId]) -> None:
        """Ask the venue to cancel; what really happened is for the look-up to say."""
        if not orders:
            return
        outcome = await self._venue.cancel(orders)
        if isinstance(outcome, NoAnswer):
            log.warning("cancel.unanswered", orders=orders, cause=outcome.cause)
        self._gap.set()

    async def quiet(self, *, timeout_s: float) -> bool:
        """Whether nothing is open and every trade has reached its end within the timeout."""
        deadline = self._clock.monotonic() + timeout_s
        while self._orders_in_doubt() or self._portfolio.unsettled_trades():
            if self._clock.monotonic() >= deadline:
                return False
            self._gap.set()
            await self._clock.sleep(self._options.chase_s / 4)
        return True

    def open_orders(self) -> dict[OrderId, Intent]:
        return {o: t.intent for o, t in self._orders.items() if t.state in (OrderState.OPEN, OrderState.UNKNOWN)}

    # --- tasks -----------------------------------------------------------------------------------

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
        """One round of questions about fills and orders that are still open."""
        if not self._orders_in_doubt() and not self._portfolio.unsettled_trades():
            return
        fills = await self._venue.fills(since_s=self._oldest_question_s())
        if isinstance(fills, NoAnswer):
            self._telemetry.count("tracker.no_answer", question="fills")
            return
        for fill in fills:
            if self._portfolio.known(fill.order):
                await self.on_fill(fill)
        for order in self._orders_in_doubt():
            await self._look_up(order)

    # --- proofs ----------------------------------------------------------------------------------

    async def on_fill(self, fill: OurFill) -> None:
        """From stream or look-up; repeats and old news change nothing."""
        if not self._portfolio.known(fill.order):
            log.warning("fill.foreign", order=fill.order, trade=fill.trade)
            self._telemetry.count("fills.foreign")
            return
        async with self._writing:
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
                tracked.resting = outcome.resting
                tracked.owed = frozenset(outcome.trades)
                await self._move(order, OrderState.OPEN, reason="accepted")
                if not outcome.resting and not outcome.delayed and outcome.trades:
                    tracked.ended_why = "matched"
                    await self._maybe_done(order)
            case Refused():
                await self._move(order, OrderState.REFUSED, reason=f"{outcome.code}: {outcome.detail}")
            case Unknown():
                log.warning("order.unknown", order=order, cause=outcome.cause)
                self._telemetry.count("orders.unknown")
                await self._move(order, OrderState.UNKNOWN, reason=outcome.cause)
            case never:
                assert_never(never)
        tracked.answered.set()

    async def _on_report(self, report: OrderReport) -> None:
        tracked = self._orders.get(report.order)
        if tracked is None or tracked.state in (OrderState.DONE, OrderState.REFUSED):
            return
        tracked.absences = 0
        if tracked.state in (OrderState.UNKNOWN, OrderState.SUBMITTING):
            await self._move(report.order, OrderState.OPEN, reason=f"found: {report.status}")
        if report.open:
            tracked.resting = True
        else:
            tracked.matched = report.matched
            tracked.ended_why = tracked.ended_why or report.status
            await self._maybe_done(report.order)
        tracked.answered.set()

    async def _maybe_done(self, order: OrderId) -> None:
        """DONE once the venue ended it and every fill it spoke of is in the ledger."""
        tracked = self._orders.get(order)
        if tracked is None or tracked.state is OrderState.DONE:
            return
        filled = self._portfolio.filled(order)
        full = tracked.intent.terms.shares.micro - filled.micro < DUST.micro
        if not tracked.ended_why and not full:
            return
        if not tracked.owed <= self._portfolio.trades(order):
            return
        if tracked.matched is not None and tracked.matched.micro - filled.micro >= DUST.micro:
            return
        await self._move(order, OrderState.DONE, reason=tracked.ended_why or "filled")

    async def _look_up(self, order: OrderId) -> None:
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
        """The venue does not know the order: it ended (if it was ever proven there), or was never placed."""
        tracked = self._orders[order]
        tracked.absences += 1
        if tracked.absences < self._options.absences:
            return
        if tracked.state is OrderState.OPEN or self._portfolio.filled(order):
            tracked.ended_why = tracked.ended_why or "gone from the venue"
            tracked.owed = frozenset()
            await self._maybe_done(order)
        elif self._clock.monotonic() - tracked.since >= self._options.absence_s:
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

    def _orders_in_doubt(self) -> list[OrderId]:
        return [o for o, t in self._orders.items() if t.state in (OrderState.OPEN, OrderState.UNKNOWN)]

    def _oldest_question_s(self) -> int:
        now = self._clock.monotonic()
        waits = [now - self._orders[o].since for o in self._orders_in_doubt()]
        stamps = [f.matched_ns // 1_000_000_000 for f in self._portfolio.unsettled_trades()]
        now_s = self._clock.now_ns() // 1_000_000_000
        oldest = min([now_s - int(max(waits, default=0.0)), *stamps])
        return oldest - self._options.fill_overlap_s
