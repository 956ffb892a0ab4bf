"""From a target's order to our order: snapshot, decision, one durable commit, the wire.

Orders about one token are handled one after another, different tokens side by side; within a token's lane
exits go first. Nothing is awaited between a decision and the claim of its cash and shares.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from polybot.core.fills import PositionChange, TargetOrder
from polybot.core.ids import IntentId, OrderId, TokenId, Wallet, intent_id
from polybot.core.market import Side
from polybot.core.money import ZERO_SHARES, ZERO_USDC, Shares
from polybot.core.orders import RESERVING, Intent, OrderState
from polybot.core.portfolio import Portfolio
from polybot.core.trading import TradingMode
from polybot.decision.model import Copy, Decision, Policy, Skip, Snapshot
from polybot.decision.policy import decide, order_terms
from polybot.execution.tracker import DUST, OrderTracker
from polybot.ports.market_data import MarketData
from polybot.ports.store import Event, Store, StoreFailed
from polybot.ports.telemetry import Telemetry
from polybot.ports.trading_state import TradingLock, TradingState
from polybot.ports.venue import PreparedOrder, Refused, Venue
from polybot.utils.clock import Clock, wait_event

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CopierOptions:
    """`max_retries` further legs for an exit that is not filled or an order refused for the moment."""

    max_retries: int = 3
    retry_delay_s: float = 0.5
    order_timeout_s: float = 30.0
    book_depth: int = 50


@dataclass(slots=True)
class _Lane:
    exits: deque[TargetOrder]
    entries: deque[TargetOrder]
    busy: bool = False

    def take(self) -> TargetOrder | None:
        if self.exits:
            return self.exits.popleft()
        return self.entries.popleft() if self.entries else None


class Copier:
    """Decides and places. One per account."""

    def __init__(
        self,
        *,
        account: Wallet,
        policies: Mapping[Wallet, Policy],
        venue: Venue,
        store: Store,
        market_data: MarketData,
        portfolio: Portfolio,
        tracker: OrderTracker,
        trading: TradingState,
        clock: Clock,
        telemetry: Telemetry,
        started_ns: int,
        acknowledge: Callable[[TargetOrder], None],
        disabled: frozenset[Wallet] = frozenset(),
        options: CopierOptions = CopierOptions(),
    ) -> None:
        self._account = account
        self._policies = policies
        self._venue = venue
        self._store = store
        self._market_data = market_data
        self._portfolio = portfolio
        self._tracker = tracker
        self._trading = trading
        self._clock = clock
        self._telemetry = telemetry
        self._started_ns = started_ns
        self._acknowledge = acknowledge
        self._disabled = disabled
        self._options = options
        self._lanes: dict[TokenId, _Lane] = {}
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def submit(self, order: TargetOrder) -> None:
        """Queue one target order; exits overtake entries of the same token."""
        published_ns = order.fills[0].seen.published_ns
        if published_ns is not None:
            self._telemetry.observe("feed_to_decision_ms", (self._clock.now_ns() - published_ns) / 1e6)
        lane = self._lanes.setdefault(order.token, _Lane(deque(), deque()))
        (lane.exits if order.side is Side.SELL else lane.entries).append(order)
        self._idle.clear()
        self._arrived.set()

    async def run(self) -> None:
        """Long-lived: one task per token that has work."""
        async with asyncio.TaskGroup() as lanes:
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                for token, lane in self._lanes.items():
                    if not lane.busy and (lane.exits or lane.entries):
                        lane.busy = True
                        lanes.create_task(self._drain(lane), name=f"copy-{token[:10]}")

    async def drained(self, *, timeout_s: float) -> bool:
        """Whether every queued order has been decided, and its order rests or has ended, within the timeout."""
        return await wait_event(self._clock, self._idle, timeout_s=timeout_s)

    async def _drain(self, lane: _Lane) -> None:
        try:
            while order := lane.take():
                await self._copy(order)
        except StoreFailed as failed:
            log.critical("store.failed", remedy=str(failed))
            self._trading.lock(TradingLock("store", TradingMode.HALTED, str(failed)))
        finally:
            lane.busy = False
            if not any(x.busy or x.exits or x.entries for x in self._lanes.values()):
                self._idle.set()

    async def _copy(self, order: TargetOrder) -> None:
        if order.side is Side.SELL:
            await self._clear_entries(order)
        await self._market_data.ensure(order.token)
        await self._legs(order)

    async def _legs(self, order: TargetOrder) -> None:
        leg, now = 0, order
        while True:
            decision = self._decide(now)
            placed = await self._carry_out(decision, leg)
            if leg == 0:
                self._acknowledge(order)
            if placed is None or leg >= self._options.max_retries:
                return
            rest = await self._again(now, decision, placed)
            if rest is None:
                return
            leg, now = leg + 1, rest

    def _decide(self, order: TargetOrder) -> Decision:
        policy = self._policies[order.target]
        snapshot = self._snapshot(order)
        return Decision(order, snapshot, policy, decide(order, snapshot, policy))

    def _snapshot(self, order: TargetOrder) -> Snapshot:
        quote = self._market_data.quote(order.token)
        mode, locks = self._permission(order.target)
        return Snapshot(
            taken_ns=self._clock.now_ns(),
            started_ns=self._started_ns,
            mode=mode,
            locks=locks,
            market=self._market_data.market(order.token),
            book=quote.book.view(depth=self._options.book_depth) if quote else None,
            book_age_ms=quote.age_ms if quote else None,
            cash_free=self._portfolio.free_cash(),
            exposure=self._portfolio.exposure(order.target, order.token),
            inventory=self._portfolio.inventory(order.target, order.token),
            open_positions=self._portfolio.open_positions(),
        )

    def _permission(self, target: Wallet) -> tuple[TradingMode, tuple[str, ...]]:
        mode = self._trading.mode
        locks = tuple(f"{lock.name}: {lock.reason}" for lock in self._trading.locks)
        if target not in self._disabled:
            return mode, locks
        return TradingMode.EXITS_ONLY if mode is TradingMode.RUNNING else mode, (*locks, "target: disabled")

    async def _carry_out(self, decision: Decision, leg: int) -> PreparedOrder | None:
        match decision.verdict:
            case Skip() as skip:
                await self._skip(decision, skip, leg)
                return None
            case Copy() as copy:
                return await self._place(decision, copy, leg)

    async def _skip(self, decision: Decision, skip: Skip, leg: int) -> None:
        order = decision.order
        log.info("decision.skip", decision=order.id, rule=skip.rule, detail=skip.detail, leg=leg)
        self._telemetry.count("decisions", rule=skip.rule)
        now_ns = self._clock.now_ns()
        if leg == 0:
            await self._store.record_skip(order, decision, now_ns=now_ns)
        else:
            event = Event("leg.skipped", "warning", skip.detail, {"decision": order.id, "rule": skip.rule})
            await self._store.record_event(event, now_ns=now_ns)

    async def _place(self, decision: Decision, copy: Copy, leg: int) -> PreparedOrder | None:
        now_ns = self._clock.now_ns()
        intent = self._intent(decision, copy, leg, now_ns=now_ns)
        prepared = self._venue.prepare(intent, now_ns=now_ns)
        self._portfolio.reserve(prepared.id, intent)
        self._tracker.register(prepared.id, intent)
        try:
            fresh = await self._commit(decision, intent, prepared, now_ns=now_ns)
        except StoreFailed:
            self._tracker.withdraw(prepared.id)
            raise
        if not fresh:
            self._tracker.withdraw(prepared.id)
            return None
        outcome = await self._tracker.send(prepared)
        self._measure(decision.order)
        self._telemetry.count("orders", outcome=type(outcome).__name__.lower())
        log.info("order.sent", decision=decision.order.id, order=prepared.id, outcome=type(outcome).__name__)
        await self._tracker.settled(prepared.id, timeout_s=self._options.order_timeout_s)
        if isinstance(outcome, Refused) and outcome.retry_after_s:
            await self._clock.sleep(outcome.retry_after_s)
        return prepared

    def _intent(self, decision: Decision, copy: Copy, leg: int, *, now_ns: int) -> Intent:
        order, market = decision.order, decision.snapshot.market
        assert market is not None  # decide() copies nothing in an unknown market  # noqa: S101
        spends = copy.side is Side.BUY
        return Intent(
            id=IntentId(intent_id(order.id, account=self._account, leg=leg)),
            decision=order.id,
            account=self._account,
            target=order.target,
            leg=leg,
            terms=order_terms(copy, market, token=order.token, now_ns=now_ns),
            reserve_usdc=copy.spend + copy.fee_bound if spends else ZERO_USDC,
        )

    async def _commit(self, decision: Decision, intent: Intent, prepared: PreparedOrder, *, now_ns: int) -> bool:
        if intent.leg == 0:
            return await self._store.commit_copy(decision.order, decision, intent, prepared, now_ns=now_ns)
        return await self._store.commit_leg(intent, prepared, now_ns=now_ns)

    async def _again(self, order: TargetOrder, decision: Decision, placed: PreparedOrder) -> TargetOrder | None:
        """The part of the order that deserves another leg, or None.

        Exits are tried again until nothing is left of them; entries never: the price they were for is gone.
        """
        if order.side is Side.BUY or not isinstance(decision.verdict, Copy):
            return None
        state = await self._tracker.settled(placed.id, timeout_s=self._options.order_timeout_s)
        rest = decision.verdict.shares - self._portfolio.filled(placed.id)
        if state in RESERVING or rest.micro < DUST.micro:
            return None
        await self._clock.sleep(self._options.retry_delay_s)
        held = self._portfolio.inventory(order.target, order.token)
        if held.micro < DUST.micro:
            return None
        return _rest_of_exit(order, rest=rest, held=held)

    async def _clear_entries(self, order: TargetOrder) -> None:
        """An exit cancels what still tries to enter the same position, so that it sees all there is to sell."""
        resting = self._entries(order.target, order.token)
        await self._tracker.cancel(resting)
        for entry in resting:
            state = await self._tracker.ended(entry, timeout_s=self._options.order_timeout_s)
            if state not in (OrderState.DONE, OrderState.REFUSED):
                log.warning("exit.entry_still_open", order=entry, target=order.target)

    def _entries(self, target: Wallet, token: TokenId) -> list[OrderId]:
        return [
            order
            for order, intent in self._tracker.open_orders().items()
            if intent.target == target and intent.terms.token == token and intent.terms.side is Side.BUY
        ]

    def _measure(self, order: TargetOrder) -> None:
        waited_ns = self._clock.perf_ns() - order.fills[0].seen.seen_mono_ns
        self._telemetry.observe("end_to_end_ms", waited_ns / 1e6)


def _rest_of_exit(order: TargetOrder, *, rest: Shares, held: Shares) -> TargetOrder:
    """The same target order, cut to what of our exit is left: `rest` of `held`."""
    change = PositionChange.CLOSED if rest >= held else PositionChange.REDUCED
    return replace(order, shares=min(rest, held), held_before=max(held, ZERO_SHARES), change=change)
