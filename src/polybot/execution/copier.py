"""From a target's order to our order: snapshot, decision, one durable commit, the wire.

Orders about one token are handled one after another, different tokens side by side; within a token's lane
exits go first. Nothing is awaited between a decision and the claim of its cash and shares.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import structlog

from polybot.core.fills import PositionChange, TargetOrder
from polybot.core.ids import OrderId, TokenId, Wallet, intent_id
from polybot.core.market import Side
from polybot.core.money import ZERO_USDC, Shares
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
from polybot.ports.venue import PreparedOrder, Refused, SubmitOutcome, Venue
from polybot.utils.clock import Clock, wait_event

log = structlog.get_logger(__name__)

_LONG_S = 60.0
"""The longest wait between two legs of an exit."""


@dataclass(frozen=True, slots=True)
class CopierOptions:
    """`max_retries` further legs for an entry that the venue was too busy to take; exits have no such limit."""

    max_retries: int = 3
    retry_delay_s: float = 0.5
    order_timeout_s: float = 30.0
    book_depth: int = 50


@dataclass(frozen=True, slots=True)
class _Work:
    """One order to decide: leg 0 first, later legs for what an earlier one left."""

    order: TargetOrder
    leg: int = 0


@dataclass(slots=True)
class _Lane:
    exits: deque[_Work] = field(default_factory=deque)
    entries: deque[_Work] = field(default_factory=deque)
    busy: bool = False

    def put(self, work: _Work) -> None:
        (self.exits if work.order.side is Side.SELL else self.entries).append(work)

    def take(self) -> _Work | None:
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
        on_decision: Callable[[Decision], None] = lambda _: None,
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
        self._on_decision = on_decision
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
        self._enqueue(_Work(order))

    def _enqueue(self, work: _Work) -> None:
        self._lanes.setdefault(work.order.token, _Lane()).put(work)
        self._idle.clear()
        self._arrived.set()

    async def run(self) -> None:
        """Long-lived: one task per token that has work."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                for token, lane in self._lanes.items():
                    if not lane.busy and (lane.exits or lane.entries):
                        lane.busy = True
                        tasks.create_task(self._drain(lane), name=f"copy-{token[:10]}")

    async def drained(self, *, timeout_s: float) -> bool:
        """Whether every queued order has been decided, and its order rests or has ended, within the timeout."""
        return await wait_event(self._clock, self._idle, timeout_s=timeout_s)

    async def _drain(self, lane: _Lane) -> None:
        try:
            while work := lane.take():
                await self._copy(work)
        except StoreFailed as failed:
            log.critical("store.failed", remedy=str(failed))
            self._trading.lock(TradingLock("store", TradingMode.HALTED, str(failed)))
        finally:
            lane.busy = False
            if not any(x.busy or x.exits or x.entries for x in self._lanes.values()):
                self._idle.set()

    async def _copy(self, work: _Work) -> None:
        order = work.order
        if order.side is Side.SELL:
            await self._clear_entries(order)
        await self._market_data.ensure(order.token)
        decision = self._decide(order)
        self._on_decision(decision)
        match decision.verdict:
            case Skip() as skip:
                await self._skip(decision, skip, work.leg)
            case Copy() as copy:
                await self._place(decision, copy, work.leg)
        if work.leg == 0:
            self._acknowledge(order)

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

    async def _place(self, decision: Decision, copy: Copy, leg: int) -> None:
        now_ns = self._clock.now_ns()
        try:
            intent = self._intent(decision, copy, leg, now_ns=now_ns)
            prepared = self._venue.prepare(intent, now_ns=now_ns)
        except ValueError as error:
            skip = Skip("not_expressible", str(error), copy.checks)
            await self._skip(replace(decision, verdict=skip), skip, leg)
            return
        self._portfolio.reserve(prepared.id, intent)
        self._tracker.register(prepared.id, intent)
        try:
            fresh = await self._commit(decision, intent, prepared, now_ns=now_ns)
        except StoreFailed:
            self._tracker.withdraw(prepared.id)
            raise
        if not fresh:
            self._tracker.withdraw(prepared.id)
            return
        outcome = await self._tracker.send(prepared)
        self._measure(decision, outcome)
        await self._tracker.settled(prepared.id, timeout_s=self._options.order_timeout_s)
        self._tasks.create_task(self._follow_up(decision, intent, prepared, outcome), name=f"legs-{intent.id}")

    def _intent(self, decision: Decision, copy: Copy, leg: int, *, now_ns: int) -> Intent:
        order, market = decision.order, decision.snapshot.market
        if market is None:
            raise ValueError("decided to copy in a market that is not known")
        spends = copy.side is Side.BUY
        return Intent(
            id=intent_id(order.id, account=self._account, leg=leg),
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

    async def _follow_up(
        self, decision: Decision, intent: Intent, placed: PreparedOrder, outcome: SubmitOutcome
    ) -> None:
        """Another leg for what deserves one; it is decided anew, on what is known then.

        An exit is tried again until nothing of it is left. An entry is tried again only if the venue was too busy
        to take it: its price is gone sooner than ours could be had.
        """
        order, leg = decision.order, intent.leg
        if order.side is Side.SELL:
            while await self._tracker.ended(placed.id, timeout_s=_LONG_S) in RESERVING:
                pass
            rest = intent.terms.shares - self._portfolio.filled(placed.id)
            if rest.micro < DUST.micro:
                return
            await self._clock.sleep(min(self._options.retry_delay_s * 2.0 ** min(leg, 10), _LONG_S))
            held = self._portfolio.inventory(order.target, order.token)
            if held.micro >= DUST.micro:
                self._enqueue(_Work(_rest_of_exit(order, rest=rest, held=held), leg + 1))
        elif isinstance(outcome, Refused) and outcome.retry_after_s is not None and leg < self._options.max_retries:
            await self._clock.sleep(max(outcome.retry_after_s, self._options.retry_delay_s))
            self._enqueue(_Work(order, leg + 1))

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

    def _measure(self, decision: Decision, outcome: SubmitOutcome) -> None:
        order = decision.order
        waited_ns = self._clock.perf_ns() - order.fills[0].seen.seen_mono_ns
        self._telemetry.observe("end_to_end_ms", waited_ns / 1e6)
        self._telemetry.count("orders", outcome=type(outcome).__name__.lower())
        log.info("order.sent", decision=order.id, outcome=type(outcome).__name__, waited_us=waited_ns // 1000)


def _rest_of_exit(order: TargetOrder, *, rest: Shares, held: Shares) -> TargetOrder:
    """The same target order, cut to what of our exit is left: `rest` of `held`."""
    change = PositionChange.CLOSED if rest >= held else PositionChange.REDUCED
    return replace(order, shares=min(rest, held), held_before=held, change=change)
