"""A real run: paper or live, from a configuration folder until someone stops it."""

import gc
from collections.abc import Sequence
from functools import partial
from typing import Literal

import structlog

from polybot.app.bot import Bot, CannotStart, Parts
from polybot.app.commands import CommandLoop
from polybot.app.compose import PAPER_WALLET, Desk, compose, live_desk, paper_desk
from polybot.app.doorbell import listen
from polybot.app.followed import Followed, follow_all
from polybot.app.instance import only_instance
from polybot.app.services import Services
from polybot.app.signals import stop_on_signals
from polybot.config.live import check_live, private_key
from polybot.config.loader import LoadedConfig
from polybot.core.ids import OrderId, Wallet
from polybot.polymarket.signing import LocalSigner
from polybot.ports.market_data import MarketData
from polybot.storage.store import SqlStore, open_store
from polybot.telemetry.memory import MemoryTelemetry
from polybot.utils.clock import Clock, SystemClock
from polybot.utils.feed import Doorbell

Mode = Literal["paper", "live"]

log = structlog.get_logger(__name__)

_METRICS_EVERY_S = 600.0


class OtherAccount(RuntimeError):
    """The store belongs to another account or mode; the text says what to do."""


async def run(config: LoadedConfig, *, mode: Mode) -> None:
    """Until a signal or `polybot stop`. Everything that keeps it from starting is raised with its remedy:
    ConfigError, LiveRefused, AlreadyRunning, TargetUnknown, AccountRefused, OtherAccount, CannotStart, StoreFailed."""
    if mode == "live":
        check_live(config)
    with only_instance(config.folder):
        store = await open_store(config.store_url)
        try:
            await _run(config, store, mode)
        finally:
            await store.close()


async def _run(config: LoadedConfig, store: SqlStore, mode: Mode) -> None:
    clock, bell = SystemClock(), Doorbell()
    commands = CommandLoop(store.commands, bell=bell, clock=clock)
    await commands.discard_old()
    telemetry = MemoryTelemetry()
    async with Services(config.settings, clock=clock, telemetry=telemetry) as services:
        followed = await follow_all(config.accounts.targets, config.settings, services.gamma)
        parts = await _parts(config, store, services, followed, mode=mode)
        await _require_same_account(store, parts)
        bot = Bot(parts)
        try:
            with stop_on_signals(commands.stop_asked):
                await bot.start()
                gc.collect()
                gc.freeze()  # a collection that looked at all modules again would stop the loop for tens of ms
                bot.supervisor.keep("commands", commands.run)
                bot.supervisor.keep("doorbell", partial(listen, config.folder, bell))
                bot.supervisor.keep("metrics", partial(_log_metrics, telemetry, clock))
                await commands.stop_asked.wait()
                log.info(
                    "bot.stopping", open_orders=len(bot.tracker.open_orders()), waits_for="orders and trades to end"
                )
        finally:
            await bot.stop("stopped")
        await commands.stopped(_farewell(list(bot.tracker.open_orders())))


def _farewell(left: Sequence[OrderId]) -> str:
    if not left:
        return "stopped: nothing of ours is open"
    return f"stopped; the venue has not said how these orders ended, the next start asks again: {', '.join(left)}"


async def _log_metrics(telemetry: MemoryTelemetry, clock: Clock) -> None:
    """How each endpoint and each step of a copy does, now and then and at the end."""
    try:
        while True:
            await clock.sleep(_METRICS_EVERY_S)
            log.info("metrics", **telemetry.summary())
    finally:
        log.info("metrics", **telemetry.summary())


async def _require_same_account(store: SqlStore, parts: Parts) -> None:
    """A store is one account's ledger: play money and real money, or two accounts, never share one."""
    last = await store.queries.status()
    if last is None or last.run.account == parts.wallet:
        return
    raise OtherAccount(
        f"the store here is the ledger of {_whose(last.run.mode, last.run.account)}, and this would be "
        f"{_whose(parts.mode, parts.wallet)}; use another folder, or another file as storage.url in settings.yaml"
    )


def _whose(mode: str, account: Wallet) -> str:
    return "paper trading" if account == PAPER_WALLET else f"{mode} account {account}"


async def _parts(
    config: LoadedConfig, store: SqlStore, services: Services, followed: list[Followed], *, mode: Mode
) -> Parts:
    clock, settings, account = SystemClock(), config.settings, config.accounts.your_account

    async def desk(market_data: MarketData) -> Desk:
        if mode == "paper":
            return await paper_desk(settings.paper, market_data, clock)
        if account is None:
            raise CannotStart("accounts.yaml: your_account is missing, and --live trades from it")
        signer = LocalSigner.from_hex(private_key(config).get_secret_value())
        return await live_desk(account, signer, market_data, settings=settings, services=services, clock=clock)

    return await compose(
        mode=mode,
        settings=settings,
        followed=followed,
        services=services,
        store=store,
        clock=clock,
        open_desk=desk,
    )
