"""From a target's order to our order: snapshot, decision, one durable commit, the wire.

Orders of one target about one token are decided and committed one after another, all others side by side; exits
go first, and an entry that its own target's exit has overtaken is not placed any more. Nothing is awaited between a
decision and the claim of its cash and shares, and no decision waits for the answer to another order, but an exit
for those to the entries of its own position.
"""

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from polybot.core.fills import PositionChange, TargetOrder
from polybot.core.ids import OrderId, Wallet, intent_id
from polybot.core.market import Side
from polybot.core.money import ZERO_USDC
from polybot.core.orders import RESERVING, Intent
from polybot.core.portfolio import Held, Portfolio
from polybot.core.trading import TradingMode
from polybot.decision.model import Copy, Decision, Policy, Skip
from polybot.decision.policy import decide, order_terms
from polybot.decision.rules import Rule
from polybot.execution.lanes import Exit, Lane, Lanes, Work, may_grow, rest_of_exit, sellable, unsold
from polybot.execution.snapshots import Snapshots
from polybot.execution.tracker import OrderTracker
from polybot.ports.market_data import MarketData
from polybot.ports.store import Event, Store, StoreFailed
from polybot.ports.telemetry import Telemetry
from polybot.ports.trading_state import TradingLock, TradingState
from polybot.ports.venue import PreparedOrder, Refused, SubmitOutcome, Venue
from polybot.utils.clock import Clock, wait_event

log = structlog.get_logger(__name__)

_LONG_S, _LONGEST_S, _MANY_LEGS = 60.0, 900.0, 10
"""The longest wait between two legs of an exit: after many of them nothing is gained by haste."""
_RECHECK_S = 1.0
"""How often an exit looks whether its trades have reached their end."""
_HOLD_UP_S = 5.0
"""How soon an exit that cannot be decided now is looked at again."""
_HOLD_UPS = frozenset({Rule.HALTED, Rule.MARKET_UNKNOWN})
"""What keeps an exit waiting instead of ending it."""


_NEVER = (0, 0)


@dataclass(frozen=True, slots=True)
class CopierOptions:
    """`max_retries` further legs for an entry that the venue was too busy to take; exits have no such limit."""

    max_retries: int = 3
    retry_delay_s: float = 0.5
    order_timeout_s: float = 30.0
    book_depth: int = 50


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
        self._snapshots = Snapshots(
            market_data=market_data,
            portfolio=portfolio,
            trading=trading,
            clock=clock,
            started_ns=started_ns,
            disabled=disabled,
            book_depth=options.book_depth,
        )
        self._acknowledge = acknowledge
        self._on_decision = on_decision
        self._options = options
        self._lanes = Lanes()
        self._numbers = itertools.count(1)
        self._last_exit: dict[Held, tuple[int, int]] = {}
        self._resumed: list[Work] = []
        self._stopped = False
        self._running = False
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def submit(self, order: TargetOrder) -> None:
        """Queue one target order; exits overtake the target's entries of the same token."""
        published_ns = order.fills[0].seen.published_ns
        if published_ns is not None:
            self._telemetry.observe("feed_to_decision_ms", (self._clock.now_ns() - published_ns) / 1e6)
        work = Work(order, next(self._numbers))
        if order.side is Side.SELL:
            held = order.target, order.token
            self._last_exit[held] = max(self._last_exit.get(held, _NEVER), _moment(work))
        self._enqueue(work)

    def resume_exit(self, order: TargetOrder, intent: Intent, placed: OrderId) -> None:
        """Before `run`: an exit whose newest leg, `placed`, an earlier run left unfinished."""
        self._resume(order, intent.leg, Exit(goal=intent.terms.shares, legs=(placed,)))

    def resume_late(self, order: TargetOrder, *, leg: int, entries: Sequence[OrderId]) -> None:
        """Before `run`: what is held, and what open `entries` still buy, though the target left with `order`.

        `leg` is the last one known of that exit.
        """
        late = tuple((entry, self._portfolio.filled(entry)) for entry in entries)
        self._resume(order, leg, Exit(goal=self._portfolio.inventory(order.target, order.token), late=late))

    def _resume(self, order: TargetOrder, leg: int, exit: Exit) -> None:
        """Of a target that is not followed any more nothing is known that could price it: left to the operator."""
        if order.target not in self._policies:
            log.warning("exit.not_followed", target=order.target, token=order.token, shares=str(exit.goal))
            return
        self._resumed.append(Work(order, next(self._numbers), leg, exit))

    def close(self) -> None:
        """Decide nothing more: what is not acknowledged, and exits with something left, are found after a restart."""
        self._stopped = True

    def _enqueue(self, work: Work) -> None:
        if self._stopped:
            return
        self._lanes.put(work)
        self._idle.clear()
        self._start_lanes()

    async def run(self) -> None:
        """Long-lived: one task per position that has work, and one per order under way."""
        async with asyncio.TaskGroup() as self._tasks:
            for work in self._resumed:
                self._tasks.create_task(self._follow_exit(work), name=f"exit-{work.order.id}")
            self._running = True
            self._start_lanes()
            try:
                await asyncio.Event().wait()  # lanes start when something is queued
            finally:
                self._running = False

    def _start_lanes(self) -> None:
        if self._running:
            for lane in self._lanes.claim():
                self._tasks.create_task(self._drain(lane), name=f"copy-{lane.held[1][:10]}")

    async def drained(self, *, timeout_s: float) -> bool:
        """Whether every queued order has been decided, and its order rests or has ended, within the timeout."""
        return await wait_event(self._clock, self._idle, timeout_s=timeout_s)

    async def _drain(self, lane: Lane) -> None:
        try:
            while not self._stopped and (work := lane.take()):
                await self._copy(work)
        except StoreFailed as failed:
            self._store_failed(failed)
        finally:
            self._lanes.give_back(lane)
            self._rest_if_idle()

    def _store_failed(self, failed: StoreFailed) -> None:
        log.critical("store.failed", remedy=str(failed))
        self.close()
        self._trading.lock(TradingLock("store", TradingMode.HALTED, str(failed)))

    def _rest_if_idle(self) -> None:
        if not self._lanes and not self._under_way:
            self._idle.set()

    async def _copy(self, work: Work) -> None:
        order = work.order
        if order.side is Side.SELL and work.leg == 0:
            work = await self._clear_entries(work)
        await self._market_data.ensure(order.token)
        if self._stopped:
            return
        decision = self._decide(work)
        if _held_up(decision):
            self._hold_up(work, decision)
            return
        self._on_decision(decision)
        match decision.verdict:
            case Skip() as skip:
                await self._skip(decision, skip, work)
            case Copy() as copy:
                await self._place(decision, copy, work)
        if work.leg == 0:
            self._acknowledge(order)

    def _decide(self, work: Work) -> Decision:
        order, policy = work.order, self._policies[work.order.target]
        snapshot = self._snapshots.take(order)
        left = self._last_exit.get((order.target, order.token), _NEVER)
        if order.side is Side.BUY and _moment(work) < left:
            skip = Skip("overtaken", "the target has sold of this token since, before the entry could be placed", ())
            return Decision(order, snapshot, policy, skip)
        return Decision(order, snapshot, policy, decide(order, snapshot, policy))

    def _hold_up(self, work: Work, decision: Decision) -> None:
        """An exit is not ended by what will pass: it is not recorded, not acknowledged, and decided again."""
        log.warning("exit.held_up", decision=decision.order.id, locks=decision.snapshot.locks)
        self._telemetry.count("exits.held_up")
        self._tasks.create_task(self._later(work, _HOLD_UP_S), name=f"held-up-{decision.order.id}")

    async def _later(self, work: Work, wait_s: float) -> None:
        await self._clock.sleep(wait_s)
        self._enqueue(work)

    async def _skip(self, decision: Decision, skip: Skip, work: Work) -> None:
        order = decision.order
        log.info("decision.skip", decision=order.id, rule=skip.rule, detail=skip.detail, leg=work.leg)
        self._telemetry.count("decisions", rule=skip.rule)
        now_ns = self._clock.now_ns()
        if work.leg == 0:
            await self._store.record_skip(order, decision, now_ns=now_ns)
        else:
            event = Event("leg.skipped", "warning", skip.detail, {"decision": order.id, "rule": skip.rule})
            await self._store.record_event(event, now_ns=now_ns)
        if work.leg == 0 and work.exit.late:
            self._tasks.create_task(self._follow_exit(work), name=f"exit-{order.id}")

    async def _place(self, decision: Decision, copy: Copy, work: Work) -> None:
        now_ns = self._clock.now_ns()
        try:
            intent = _intent(decision, copy, account=self._account, leg=work.leg, now_ns=now_ns)
            prepared = self._venue.prepare(intent, now_ns=now_ns)
        except ValueError as error:
            skip = Skip("not_expressible", str(error), copy.checks)
            await self._skip(replace(decision, verdict=skip), skip, work)
            return
        if self._portfolio.known(prepared.id):  # this very order was sent before
            self._next_leg(work)
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
            self._next_leg(work)
            return
        self._under_way += 1
        self._tasks.create_task(self._send(decision, work, intent, prepared), name=f"send-{prepared.id}")

    async def _send(self, decision: Decision, work: Work, intent: Intent, prepared: PreparedOrder) -> None:
        try:
            outcome = await self._tracker.send(prepared)
            self._measure(decision, outcome)
            await self._tracker.settled(prepared.id, timeout_s=self._options.order_timeout_s)
            self._follow_up(work, intent, prepared.id, outcome)
        except StoreFailed as failed:
            self._store_failed(failed)
        finally:
            self._under_way -= 1
            self._rest_if_idle()

    async def _commit(self, decision: Decision, intent: Intent, prepared: PreparedOrder, *, now_ns: int) -> bool:
        if intent.leg == 0:
            return await self._store.commit_copy(decision.order, decision, intent, prepared, now_ns=now_ns)
        return await self._store.commit_leg(intent, prepared, now_ns=now_ns)

    def _follow_up(self, work: Work, intent: Intent, placed: OrderId, outcome: SubmitOutcome) -> None:
        """Another leg for what deserves one; it is decided anew, on what is known then.

        An exit is tried again until nothing of it is left. An entry is tried again only if the venue was too busy
        to take it: its price is gone sooner than ours could be had.
        """
        if work.order.side is Side.SELL:
            goal = work.exit.goal if work.leg else intent.terms.shares
            begun = replace(work.exit, goal=goal, legs=(*work.exit.legs, placed))
            self._tasks.create_task(self._follow_exit(replace(work, exit=begun)), name=f"exit-{placed}")
        elif (
            isinstance(outcome, Refused) and outcome.retry_after_s is not None and work.leg < self._options.max_retries
        ):
            wait_s = max(outcome.retry_after_s, self._options.retry_delay_s)
            again = self._later(replace(work, leg=work.leg + 1), wait_s)
            self._tasks.create_task(again, name=f"retry-{placed}")

    async def _follow_exit(self, work: Work) -> None:
        """The next leg, once the last one has ended and something is left to sell."""
        for leg in work.exit.legs[-1:]:
            while await self._tracker.ended(leg, timeout_s=_LONG_S) in RESERVING:
                pass
        while not sellable(work, self._portfolio):
            if not may_grow(work.exit, self._portfolio, self._tracker.open_orders()):
                return
            await self._clock.sleep(_RECHECK_S)
        if work.exit.legs:
            longest_s = _LONG_S if work.leg < _MANY_LEGS else _LONGEST_S
            await self._clock.sleep(min(self._options.retry_delay_s * 2.0 ** min(work.leg, 16), longest_s))
        order, rest = work.order, unsold(work.exit, self._portfolio)
        held = self._portfolio.inventory(order.target, order.token)
        self._enqueue(replace(work, order=rest_of_exit(order, rest=rest, held=held), leg=work.leg + 1))

    def _next_leg(self, work: Work) -> None:
        """An earlier run has placed this leg of an exit already."""
        if work.leg:
            self._enqueue(replace(work, leg=work.leg + 1))

    async def _clear_entries(self, work: Work) -> Work:
        """An exit cancels what still tries to enter the same position, so that it sees all there is to sell.

        What cannot be proven gone in time is remembered: a target that is out takes us out of that, too.
        """
        order, timeout_s = work.order, self._options.order_timeout_s
        entries = self._portfolio.open_on((order.target, order.token), Side.BUY)
        for entry in entries:
            await self._tracker.settled(entry, timeout_s=timeout_s)
        resting = [entry for entry in entries if entry in self._tracker.open_orders()]
        await self._tracker.cancel(resting)
        for entry in resting:
            await self._tracker.ended(entry, timeout_s=timeout_s)
        late = [entry for entry in resting if entry in self._tracker.open_orders()]
        if not late:
            return work
        log.warning("exit.entries_still_open", orders=late, target=order.target)
        if order.change is not PositionChange.CLOSED:
            return work
        known = dict(work.exit.late)
        added = tuple((entry, self._portfolio.filled(entry)) for entry in late if entry not in known)
        return replace(work, exit=replace(work.exit, late=(*work.exit.late, *added)))

    def _measure(self, decision: Decision, outcome: SubmitOutcome) -> None:
        order = decision.order
        waited_ns = self._clock.perf_ns() - order.fills[0].seen.seen_mono_ns
        self._telemetry.observe("end_to_end_ms", waited_ns / 1e6)
        self._telemetry.count("orders", outcome=type(outcome).__name__.lower())
        log.info("order.sent", decision=order.id, outcome=type(outcome).__name__, waited_us=waited_ns // 1000)


def _moment(work: Work) -> tuple[int, int]:
    """When the target traded, as far as is known: feeds show whole seconds, and not always in order."""
    return work.order.timestamp_s, work.number


def _held_up(decision: Decision) -> bool:
    verdict = decision.verdict
    return decision.order.side is Side.SELL and isinstance(verdict, Skip) and verdict.rule in _HOLD_UPS


def _intent(decision: Decision, copy: Copy, *, account: Wallet, leg: int, now_ns: int) -> Intent:
    """ValueError if the market is not known, so that its terms are not."""
    order, market = decision.order, decision.snapshot.market
    if market is None:
        raise ValueError("decided to copy in a market that is not known")
    return Intent(
        id=intent_id(order.id, account=account, leg=leg),
        decision=order.id,
        account=account,
        target=order.target,
        leg=leg,
        terms=order_terms(copy, market, token=order.token, now_ns=now_ns),
        reserve_usdc=copy.spend + copy.fee_bound if copy.side is Side.BUY else ZERO_USDC,
    )
