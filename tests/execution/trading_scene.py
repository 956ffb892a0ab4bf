"""One account at a scripted venue, on a real store: lives of the bot that start, work and are killed."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from scripted_venue import ScriptedVenue
from shelf import StillShelf, make_market

from polybot.app.restore import restore_portfolio, resume_exits, resume_orders
from polybot.core.fills import ObservedFill, SourceKind, TargetFill, TargetOrder
from polybot.core.ids import OrderId, TokenId, Wallet, fill_key
from polybot.core.market import Side
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.core.orders import OurFill
from polybot.core.portfolio import Portfolio
from polybot.decision.model import Copy, Decision, Policy, Skip
from polybot.decision.policy import target_order
from polybot.execution.copier import Copier, CopierOptions
from polybot.execution.tracker import OrderTracker, TrackerOptions
from polybot.ports.store import StoreFailed
from polybot.safety.trading_locks import TradingLocks
from polybot.storage.store import SqlStore, open_store
from polybot.telemetry.memory import MemoryTelemetry
from polybot.utils.clock import ManualClock
from polybot.utils.supervisor import Supervisor, TaskReport

ACCOUNT = Wallet("0x" + "aa" * 20)
ANN, BOB = Wallet("0x" + "11" * 20), Wallet("0x" + "22" * 20)
MARKETS = (make_market(1), make_market(2))
YES, NO, OTHER = MARKETS[0].outcomes[0].token, MARKETS[0].outcomes[1].token, MARKETS[1].outcomes[0].token
POLICY = Policy(
    ratio=Ratio.parse("0.5"),
    max_position=Usdc.parse("500"),
    min_position=Usdc.parse("1"),
    slippage=Ratio.parse("0.02"),
    exit_slippage=Ratio.parse("0.05"),
)
CASH = Usdc.parse("1000")


class Inline(Executor):
    """Runs at once on the loop's own thread, so that a test decides every step; or fails as a full disk does."""

    def __init__(self) -> None:
        self.failing = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        if self.failing:
            done.set_exception(StoreFailed("The disk is full: make room."))
            return done
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


async def open_inline_store() -> tuple[SqlStore, Inline]:
    store, thread = await open_store("sqlite://"), Inline()
    store._db._write_thread.shutdown()
    store._db._write_thread = store._db._read_thread = thread  # type: ignore[assignment]
    return store, thread


@dataclass
class Life:
    """One run of the bot's execution."""

    portfolio: Portfolio
    tracker: OrderTracker
    copier: Copier
    supervisor: Supervisor
    trading: TradingLocks
    telemetry: MemoryTelemetry
    acknowledged: list[TargetOrder] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    fills: list[OurFill] = field(default_factory=list)
    failures: list[TaskReport] = field(default_factory=list)

    def rules(self) -> list[str]:
        """What became of each order: the rule that skipped it, or "copy"."""
        return [d.verdict.rule if isinstance(d.verdict, Skip) else "copy" for d in self.decisions]

    def copies(self) -> list[Copy]:
        return [d.verdict for d in self.decisions if isinstance(d.verdict, Copy)]


class Scene:
    def __init__(self, store: SqlStore, thread: Inline) -> None:
        self.store = store
        self.thread = thread
        self.clock = ManualClock()
        self.venue = ScriptedVenue(self.clock)
        self.shelf = StillShelf(*MARKETS)
        self.disabled: frozenset[Wallet] = frozenset()
        self.policies = {ANN: POLICY, BOB: POLICY}
        self.copier_options = CopierOptions(order_timeout_s=5.0)
        self.tracker_options = TrackerOptions()
        self.started_ns = self.clock.now_ns()
        self._txs = 0

    @asynccontextmanager
    async def life(self, *, copying: bool = True) -> AsyncIterator[Life]:
        """Leaving it kills every task wherever it is; the next can begin two seconds later."""
        self.started_ns = self.clock.now_ns()
        life = await self._born(copying=copying)
        try:
            yield life
        finally:
            await life.supervisor.stop()
            await self.clock.advance(2)

    async def _born(self, *, copying: bool) -> Life:
        history = await self.store.history()
        portfolio = restore_portfolio(history)
        telemetry, trading = MemoryTelemetry(), TradingLocks()
        acknowledged: list[TargetOrder] = []
        decisions: list[Decision] = []
        fills: list[OurFill] = []
        failures: list[TaskReport] = []
        tracker = OrderTracker(
            venue=self.venue,
            store=self.store,
            portfolio=portfolio,
            clock=self.clock,
            telemetry=telemetry,
            options=self.tracker_options,
            on_fill=fills.append,
        )
        resume_orders(history, tracker)
        copier = Copier(
            account=ACCOUNT,
            policies=self.policies,
            venue=self.venue,
            store=self.store,
            market_data=self.shelf,
            portfolio=portfolio,
            tracker=tracker,
            trading=trading,
            clock=self.clock,
            telemetry=telemetry,
            started_ns=self.started_ns,
            acknowledge=acknowledged.append,
            disabled=self.disabled,
            on_decision=decisions.append,
            options=self.copier_options,
        )
        await resume_exits(history, store=self.store, portfolio=portfolio, copier=copier)
        supervisor = Supervisor(clock=self.clock, report=failures.append, jitter=lambda: 1.0)
        if copying:
            supervisor.critical("copier", copier.run)
        supervisor.keep("orders", tracker.follow_reports)
        supervisor.keep("chase", tracker.chase)
        return Life(
            portfolio, tracker, copier, supervisor, trading, telemetry, acknowledged, decisions, fills, failures
        )

    def order(
        self, side: Side = Side.BUY, shares: str = "100", *, held: str = "0", token: TokenId = YES, target: Wallet = ANN
    ) -> TargetOrder:
        """A new trade of a target at 0.50, now; `held` is what it held before."""
        self._txs += 1
        tx = "0x" + hashlib.sha256(str(self._txs).encode()).hexdigest()
        market = self.shelf.market(token) or MARKETS[0]
        seen = ObservedFill(
            source=SourceKind.ACTIVITY_STREAM,
            wallet=target,
            token=token,
            condition=market.condition,
            side=side,
            shares=Shares.parse(shares),
            price=Price.parse("0.5"),
            tx=tx,
            timestamp_s=self.clock.now_ns() // 1_000_000_000,
            seen_ns=self.clock.now_ns(),
            seen_mono_ns=0,
        )
        key = fill_key(tx=tx, wallet=target, token=token, side=side, shares=seen.shares, occurrence=1)
        return target_order(TargetFill(key, 1, seen), held_before=Shares.parse(held))

    def sell_all(self, shares: str = "100", *, token: TokenId = YES, target: Wallet = ANN) -> TargetOrder:
        return self.order(Side.SELL, shares, held=shares, token=token, target=target)

    async def settle(self) -> None:
        """Let everything run that waits for no clock."""
        for _ in range(60):
            await asyncio.sleep(0)

    async def run(self, seconds: float, *, step: float = 0.5) -> None:
        """Let time pass in steps: what falls due within one is done before the next."""
        await self.settle()
        step = min(step, seconds)
        for _ in range(round(seconds / step)):
            await self.clock.advance(step)
            await self.settle()

    async def states(self) -> dict[OrderId, str]:
        """Of the orders that history still speaks of."""
        return {order.id: order.state.value for order in (await self.store.history()).orders}

    async def same_after_a_restart(self, life: Life) -> None:
        """The mirror in memory is what the store would rebuild."""
        rebuilt, now = restore_portfolio(await self.store.history()), life.portfolio
        assert rebuilt.cash == now.cash == await self.store.cash()
        assert rebuilt.reserved() == now.reserved() == await self.store.reserved()
        kept = {(p.target, p.token): p for p in await self.store.positions()}
        assert {(p.target, p.token): p for p in rebuilt.positions()} == kept
        assert {(p.target, p.token): p for p in now.positions()} == kept
        for target, token in kept:
            assert rebuilt.inventory(target, token) == now.inventory(target, token)
            assert rebuilt.exposure(target, token) == now.exposure(target, token)


@asynccontextmanager
async def open_scene() -> AsyncIterator[Scene]:
    store, thread = await open_inline_store()
    scene = Scene(store, thread)
    await store.begin_run(mode="paper", account=ACCOUNT, targets=[], now_ns=scene.clock.now_ns())
    await store.set_cash(CASH, reason="opening balance", now_ns=scene.clock.now_ns())
    try:
        yield scene
    finally:
        thread.failing = False
        await store.close()
