"""One bot: follows its targets, copies them on one account, and stops cleanly."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import structlog

from polybot.accounts.reconciler import Reconciler, unredeemed
from polybot.accounts.settlement import Settler
from polybot.app.detection import build_detection
from polybot.app.followed import Followed
from polybot.app.pace import REAL_TIME, Pace
from polybot.app.restore import resume_exits, resume_orders
from polybot.app.services import Services
from polybot.config.models import Settings
from polybot.core.ids import Wallet
from polybot.core.money import Usdc
from polybot.core.orders import OurFill
from polybot.core.portfolio import Portfolio
from polybot.core.trading import TradingMode
from polybot.decision.model import Decision
from polybot.execution.copier import Copier, CopierOptions
from polybot.execution.tracker import OrderTracker
from polybot.monitoring.market_data import LiveMarketData
from polybot.ports.store import Event, History, Store, StoreFailed
from polybot.ports.telemetry import Telemetry
from polybot.ports.trading_state import TradingLock, TradingState
from polybot.ports.venue import NoAnswer, Venue
from polybot.safety.guards import Guard, watch
from polybot.utils.clock import Clock
from polybot.utils.supervisor import Supervisor, TaskReport, Work

log = structlog.get_logger(__name__)

_HEARTBEAT_S = 1.0
_DRAIN_S = 30.0
"""How long a stop waits for open orders and unsettled trades to end."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a bot is made of; the composition roots (a real run, the demo, tests) differ only here.

    `portfolio` was rebuilt from `history`. `tasks`: further long-lived work, by name. `opening_cash`: what a store
    without history starts with; None: what the venue says. `since_s`: see `build_detection`.
    """

    mode: str
    wallet: Wallet
    settings: Settings
    followed: Sequence[Followed]
    services: Services
    market_data: LiveMarketData
    venue: Venue
    store: Store
    history: History
    portfolio: Portfolio
    trading: TradingState
    clock: Clock
    telemetry: Telemetry
    guards: Sequence[Guard] = ()
    tasks: Mapping[str, Work] = field(default_factory=dict)
    opening_cash: Usdc | None = None
    since_s: int | None = None
    on_decision: Callable[[Decision], None] = lambda _: None
    on_fill: Callable[[OurFill], None] = lambda _: None
    pace: Pace = REAL_TIME


class CannotStart(RuntimeError):
    """The bot cannot begin; the text says why and what to do."""


class Bot:
    """`start`, then `stop` once. Everything long-lived runs under one supervisor."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.supervisor = Supervisor(clock=parts.clock, report=self._task_failed)
        self._events: list[Event] = []
        self._run_id = 0

    async def start(self) -> None:
        """CannotStart or StoreFailed leave nothing running."""
        parts = self._parts
        await self._open_cash()
        started_ns = parts.clock.now_ns()
        self._compose(started_ns=started_ns)
        run = await parts.store.begin_run(
            mode=parts.mode,
            account=parts.wallet,
            targets=[target.row() for target in parts.followed],
            now_ns=started_ns,
        )
        self._run_id = run.id
        if parts.settings.network.keep_alive:
            self.supervisor.keep("warm-connections", parts.services.keep_warm)
        await resume_exits(parts.history, store=parts.store, portfolio=parts.portfolio, copier=self.copier)
        parts.market_data.start(self.supervisor)
        await self._detection.detector.start(self.supervisor)
        parts.market_data.preload(parts.portfolio.tokens() | self._detection.positions.tokens())
        self._start_tasks()
        log.info("bot.started", run=run.id, mode=parts.mode, targets=len(parts.followed))

    async def stop(self, reason: str) -> None:
        """Take nothing new, end what is open, put everything down. Safe after a failed start."""
        parts = self._parts
        if self._run_id:
            try:
                await self._wind_down()
                await self._detection.detector.save()
                await parts.store.end_run(self._run_id, reason=reason, now_ns=parts.clock.now_ns())
            except StoreFailed as failed:
                log.error("bot.stop_unrecorded", error=str(failed))
        await self.supervisor.stop()
        log.info("bot.stopped", reason=reason)

    def state(self) -> dict[str, str]:
        """What `status` shows of a running bot."""
        trading, detection = self._parts.trading, self._detection.detector.status()
        feeds = {f"feed.{name}": "healthy" if ok else "stale" for name, ok in detection.sources.items()}
        return {
            "mode": trading.mode.value,
            **{f"lock.{lock.name}": lock.reason for lock in trading.locks},
            **feeds,
            "waiting": str(detection.waiting),
            "free_cash": str(self._parts.portfolio.free_cash()),
        }

    async def _open_cash(self) -> None:
        """A first start's cash; and, while nothing of ours is under way, what was deposited or withdrawn since."""
        parts, portfolio = self._parts, self._parts.portfolio
        first = not (parts.history.cash or parts.history.orders)
        if not first and (parts.opening_cash or portfolio.open_orders() or portfolio.unsettled_trades()):
            return
        cash = parts.opening_cash or await self._venue_cash()
        if isinstance(cash, NoAnswer):
            if first:
                raise CannotStart(f"the account's balance cannot be read ({cash.cause}); try `polybot test-connection`")
            return
        if cash == portfolio.cash:
            return
        reason = "opening balance" if first else "balance at start"
        log.info("cash.set", reason=reason, ledger=str(portfolio.cash), venue=str(cash))
        await parts.store.set_cash(cash, reason=reason, now_ns=parts.clock.now_ns())
        portfolio.cash = cash

    async def _venue_cash(self) -> Usdc | NoAnswer:
        """With what it still has to pay for markets that we have settled; its list of these lags."""
        venue, portfolio = self._parts.venue, self._parts.portfolio
        balance = await venue.balance()
        if isinstance(balance, NoAnswer) or balance == portfolio.cash or not portfolio.payouts():
            return balance
        holdings = await venue.holdings()
        return holdings if isinstance(holdings, NoAnswer) else balance + unredeemed(holdings, portfolio)

    def _compose(self, *, started_ns: int) -> None:
        parts, execution = self._parts, self._parts.settings.execution
        self.tracker = OrderTracker(
            venue=parts.venue,
            store=parts.store,
            portfolio=parts.portfolio,
            clock=parts.clock,
            telemetry=parts.telemetry,
            options=parts.pace.tracker(absence_s=execution.order_timeout_s),
            on_fill=parts.on_fill,
        )
        resumed = resume_orders(parts.history, self.tracker)
        log.info("bot.restored", orders=resumed, cash=str(parts.portfolio.cash))
        self._detection = build_detection(
            parts.followed,
            settings=parts.settings,
            services=parts.services,
            store=parts.store,
            clock=parts.clock,
            telemetry=parts.telemetry,
            notify=self._notify,
            since_s=parts.since_s,
            pace=parts.pace,
        )
        self.copier = Copier(
            account=parts.wallet,
            policies={target.wallet: target.policy for target in parts.followed},
            venue=parts.venue,
            store=parts.store,
            market_data=parts.market_data,
            portfolio=parts.portfolio,
            tracker=self.tracker,
            trading=parts.trading,
            clock=parts.clock,
            telemetry=parts.telemetry,
            started_ns=started_ns,
            acknowledge=self._detection.detector.acknowledge,
            on_decision=parts.on_decision,
            disabled=frozenset(target.wallet for target in parts.followed if not target.enabled),
            options=CopierOptions(
                max_retries=execution.max_retries,
                retry_delay_s=execution.retry_delay_ms / 1000,
                order_timeout_s=execution.order_timeout_s,
            ),
        )

    def _start_tasks(self) -> None:
        parts, keep = self._parts, self.supervisor.keep
        settler = Settler(
            market_data=parts.market_data, store=parts.store, portfolio=parts.portfolio, clock=parts.clock
        )
        reconciler = Reconciler(venue=parts.venue, store=parts.store, portfolio=parts.portfolio, clock=parts.clock)
        self.supervisor.critical("copier", self.copier.run)
        keep("activity-stream", self._detection.stream.run)
        keep("orders", self.tracker.follow_reports)
        keep("order-chase", self.tracker.chase)
        keep("intake", self._intake)
        keep("settlement", settler.run)
        keep("heartbeat", self._beat)
        keep("reconcile", partial(reconciler.run, every_s=float(parts.settings.polling.positions_sync_interval_s)))
        for guard in parts.guards:
            keep(f"guard-{guard.name}", partial(watch, guard, parts.trading, parts.clock))
        for name, work in parts.tasks.items():
            keep(name, work)

    async def _intake(self) -> None:
        while True:
            self.copier.submit(await self._detection.detector.next_order())

    async def _beat(self) -> None:
        """State and waiting events into the store; a store that fails halts trading."""
        parts = self._parts
        while True:
            try:
                while self._events:
                    await parts.store.record_event(self._events[0], now_ns=parts.clock.now_ns())
                    self._events.pop(0)
                await parts.store.heartbeat(self._run_id, state=self.state(), now_ns=parts.clock.now_ns())
            except StoreFailed as failed:
                self._store_failed(failed)
            await parts.clock.sleep(parts.pace.stretched(_HEARTBEAT_S))

    async def _wind_down(self) -> None:
        parts = self._parts
        await self.supervisor.cancel("intake")
        await self.copier.drained(timeout_s=parts.pace.stretched(_DRAIN_S))
        self.copier.close()
        await self.tracker.cancel(list(self.tracker.open_orders()))
        if not await self.tracker.quiet(timeout_s=parts.pace.stretched(_DRAIN_S)):
            log.warning("bot.stopped_with_open_questions", orders=list(self.tracker.open_orders()))

    def _notify(self, event: Event) -> None:
        log.warning(event.kind, message=event.message)
        self._events.append(event)

    def _task_failed(self, report: TaskReport) -> None:
        """Nothing dies silently: it is logged, and what trading depends on stops it."""
        log.error("task.failed", task=report.name, restart_in_s=report.restart_in_s, exc_info=report.error)
        self._notify(Event("task_failed", "error", f"{report.name}: {report.error!r}"))
        if isinstance(report.error, StoreFailed):
            self._store_failed(report.error)
        elif report.critical:
            reason = f"{report.name} failed: {report.error!r}; restart polybot"
            self._parts.trading.lock(TradingLock(report.name, TradingMode.HALTED, reason))

    def _store_failed(self, failed: StoreFailed) -> None:
        self._parts.trading.lock(TradingLock("store", TradingMode.HALTED, str(failed)))
