"""A simulator and a bot together: the very program that trades, on a venue that keeps the truth beside it."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import msgspec

from polybot.app.bot import Bot
from polybot.app.compose import Desk, compose, live_desk
from polybot.app.demo_summary import DemoReport, Outcome, summarise
from polybot.app.followed import Followed
from polybot.app.pace import Pace
from polybot.app.services import Services
from polybot.app.signals import stop_on_signals
from polybot.app.stage import Stage
from polybot.config.models import Endpoints, Execution, Polling, Safety, Settings, Target, YourAccount
from polybot.config.policy import policy_for
from polybot.core.ids import Wallet
from polybot.core.money import Ratio, Usdc
from polybot.core.orders import OurFill, SignatureType
from polybot.decision.model import Decision
from polybot.polymarket.signing import LocalSigner
from polybot.ports.market_data import MarketData
from polybot.simulator.options import Endpoints as Urls
from polybot.simulator.options import Options
from polybot.simulator.server import Simulator
from polybot.simulator.simclock import SimClock
from polybot.simulator.worlds.world import SuggestedTarget, World, generated_world, tape_world
from polybot.storage.store import SqlStore, open_store
from polybot.telemetry.memory import MemoryTelemetry
from polybot.utils.clock import SystemClock, wait_event

_TAIL_S, _TAIL_SPEED = 20.0, 4.0
"""Simulated seconds after the world's last event, for the feeds to show it and the trades to settle."""
_LOOK_S = 0.1
_ALL = 1_000_000
_DEFAULT_S = 60.0
_BALANCE = Usdc.parse("100000")


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`seconds` of real time at most; `speed` None: as fast as shows the whole world in that time (60 s if not
    given), but never slower than real."""

    seconds: float | None = None
    speed: float | None = None
    tapes: tuple[Path, ...] = ()
    seed: int = 1
    ratio: Ratio = Ratio.parse("1")
    json_path: Path | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks on; all three are called on the loop and must be quick."""

    began: Callable[[Stage], None] = lambda _: None
    decided: Callable[[Decision], None] = lambda _: None
    filled: Callable[[OurFill], None] = lambda _: None


NOBODY = Watch()


async def run_demo(options: DemoOptions, watch: Watch = NOBODY) -> DemoReport:
    """TapeError for a tape that cannot be played, OSError at once if `json_path` cannot be written."""
    if options.json_path:
        options.json_path.touch()
    machine = SystemClock()
    began_ns = machine.perf_ns()
    outcome = await play(options, watch)
    report = summarise(outcome, real_s=(machine.perf_ns() - began_ns) / 1e9, seed=options.seed)
    if options.json_path:
        options.json_path.write_bytes(msgspec.json.format(msgspec.json.encode(report.as_dict()), indent=2) + b"\n")
    return report


async def play(options: DemoOptions, watch: Watch = NOBODY) -> Outcome:
    """Both sides' books at the end. Everything the play made is gone, but for what the outcome holds."""
    machine = SystemClock()
    world = _world(options, now_ns=machine.now_ns())
    clock = SimClock(machine, start_ns=world.starts_at_ns)
    simulator = Simulator(world, clock, Options(seed=options.seed))
    urls = await simulator.start()
    try:
        with tempfile.TemporaryDirectory(prefix="polybot-demo-") as folder:
            store = await open_store(f"sqlite:///{folder}/demo.db")
            try:
                return await _perform(options, watch, simulator=simulator, urls=urls, clock=clock, store=store)
            finally:
                await store.close()
    finally:
        await simulator.stop()


def _world(options: DemoOptions, *, now_ns: int) -> World:
    if options.tapes:
        return tape_world([str(path) for path in options.tapes], seed=options.seed)
    return generated_world(seed=options.seed, start_ns=now_ns)


def _speed(options: DemoOptions, world: World) -> float:
    if options.speed is not None:
        return options.speed
    whole_s = (world.ends_at_ns - world.starts_at_ns) / 1e9
    return max(1.0, whole_s / (options.seconds or _DEFAULT_S))


async def _perform(
    options: DemoOptions, watch: Watch, *, simulator: Simulator, urls: Urls, clock: SimClock, store: SqlStore
) -> Outcome:
    """The play itself, from the bot's start to its clean stop."""
    speed = _speed(options, simulator.world)
    pace = Pace(speed, quiet=True)
    targets = simulator.world.suggested_targets()
    settings = _settings(urls, pace, targets=len(targets))
    followed = [_followed(target, options.ratio, settings) for target in targets]
    telemetry, decisions = MemoryTelemetry(), list[Decision]()

    def decided(decision: Decision) -> None:
        decisions.append(decision)
        watch.decided(decision)

    async with Services(settings, clock=clock, telemetry=telemetry, pace=pace) as services:
        parts = await compose(
            mode="demo",
            settings=settings,
            followed=followed,
            services=services,
            store=store,
            clock=clock,
            open_desk=partial(_desk, simulator, services, settings, clock),
        )
        stage = Stage(simulator, clock, parts.portfolio, followed, simulator.world, telemetry, decisions)
        bot = Bot(replace(parts, on_decision=decided, on_fill=watch.filled))
        stop = asyncio.Event()
        try:
            with stop_on_signals(stop):
                await bot.start()
                watch.began(stage)
                await _play(stage, stop, speed=speed, seconds=options.seconds)
        finally:
            await bot.stop("demo over")
    return await _outcome(stage, store, parts.wallet, speed=speed)


async def _desk(
    simulator: Simulator, services: Services, settings: Settings, clock: SimClock, market_data: MarketData
) -> Desk:
    """A live one, on an account that the simulator opens for us."""
    opened = simulator.desk.open_account(signature_type=SignatureType.POLY_1271, balance=_BALANCE, name="polybot")
    account = YourAccount(proxy_wallet=opened.wallet, signature_type=opened.signature_type)
    signer = LocalSigner.from_hex(opened.private_key)
    return await live_desk(account, signer, market_data, settings=settings, services=services, clock=clock)


async def _outcome(stage: Stage, store: SqlStore, wallet: Wallet, *, speed: float) -> Outcome:
    return Outcome(
        stage=stage,
        wallet=wallet,
        truth=stage.world.exchange.ledger(),
        requests=list(stage.simulator.requests.records),
        orders=await store.queries.orders(limit=_ALL),
        history=await store.history(),
        trades=await store.queries.trades(limit=_ALL),
        opening=_BALANCE,
        speed=speed,
    )


async def _play(stage: Stage, stop: asyncio.Event, *, speed: float, seconds: float | None) -> None:
    """Until the world or the time is over, or someone stops it; then nothing new happens, and what is under way
    comes to its end."""
    machine = SystemClock()
    deadline = machine.monotonic() + seconds if seconds else float("inf")
    stage.clock.set_speed(speed)
    while stage.clock.now_ns() < stage.world.ends_at_ns and machine.monotonic() < deadline and not stop.is_set():
        await wait_event(machine, stop, timeout_s=_LOOK_S)
    stage.world.hush()
    stage.clock.set_speed(max(speed, _TAIL_SPEED))
    await stage.clock.sleep(_TAIL_S * max(1.0, speed / 20))


def _followed(target: SuggestedTarget, ratio: Ratio, settings: Settings) -> Followed:
    configured = Target(
        name=target.name,
        wallet=target.wallet,
        position_ratio=ratio,
        max_position_usd=Usdc.parse("5000"),
        min_position_usd=Usdc.parse("0"),
    )
    return Followed(target.wallet, target.name, policy_for(configured, settings))


def _settings(urls: Urls, pace: Pace, *, targets: int) -> Settings:
    """The defaults, but for the venue, limits that a play with much money needs, and the pace."""
    poll_ms = round(max(5.0, targets * pace.speed / 16) * 1000)
    shared = {name: getattr(urls, name) for name in Endpoints.model_fields if name != "rpc_env"}
    return Settings(
        endpoints=Endpoints(**shared),
        polling=Polling(
            activity_interval_ms=min(poll_ms, 60_000),
            activity_interval_healthy_ms=min(poll_ms, 600_000),
            positions_sync_interval_s=round(pace.stretched(60)),
        ),
        execution=Execution(
            order_timeout_s=min(600, pace.stretched(30)),
            max_book_age_ms=round(pace.stretched(5.0) * 1000),
            max_signal_age_s=round(pace.stretched(120)),
        ),
        safety=Safety(max_open_positions=None, require_liquidity_check=False),
    )
