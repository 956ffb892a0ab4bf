"""Puts a bot's parts together. A real run, the demo and tests differ only in the desk they open."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from polybot.app.accounts import open_live_account
from polybot.app.bot import Parts
from polybot.app.followed import Followed
from polybot.app.guards import account_guard, approval_guard, clock_guard, region_guard
from polybot.app.restore import restore_portfolio
from polybot.app.services import Services
from polybot.config.models import Paper, Settings, YourAccount
from polybot.core.ids import Wallet
from polybot.core.money import Usdc
from polybot.monitoring.market_data import LiveMarketData
from polybot.ports.market_data import MarketData
from polybot.ports.signer import Signer
from polybot.ports.store import Store
from polybot.ports.venue import Venue
from polybot.safety.guards import Guard, distrust
from polybot.safety.trading_locks import TradingLocks
from polybot.utils.clock import Clock
from polybot.utils.supervisor import Work
from polybot.venues.paper import PaperOptions, PaperVenue

PAPER_WALLET = Wallet("0x" + "0" * 40)
"""The account of paper runs: no one's."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the orders go, and what comes with it."""

    wallet: Wallet
    venue: Venue
    tasks: Mapping[str, Work]
    guards: Sequence[Guard] = ()
    opening_cash: Usdc | None = None


async def compose(
    *,
    mode: str,
    settings: Settings,
    followed: Sequence[Followed],
    services: Services,
    store: Store,
    clock: Clock,
    open_desk: Callable[[LiveMarketData], Awaitable[Desk]],
) -> Parts:
    """What the store remembers, a desk, and trading locked until its guards have looked."""
    history = await store.history()
    portfolio = restore_portfolio(history)
    market_data, market_stream = services.market_data(portfolio)
    desk = await open_desk(market_data)
    trading = TradingLocks()
    for guard in desk.guards:
        distrust(guard, trading)
    return Parts(
        mode=mode,
        wallet=desk.wallet,
        settings=settings,
        followed=followed,
        services=services,
        market_data=market_data,
        venue=desk.venue,
        store=store,
        history=history,
        portfolio=portfolio,
        trading=trading,
        clock=clock,
        telemetry=services.telemetry,
        guards=desk.guards,
        tasks={"market-stream": market_stream.run, **desk.tasks},
        opening_cash=desk.opening_cash,
        pace=services.pace,
    )


async def paper_desk(paper: Paper, market_data: MarketData, clock: Clock) -> Desk:
    venue = PaperVenue(market_data=market_data, clock=clock, options=PaperOptions(latency_ms=paper.latency_ms))
    tasks = {"paper-resting": venue.watch_resting}
    return Desk(PAPER_WALLET, venue, tasks, opening_cash=paper.starting_balance_usd)


async def live_desk(
    account: YourAccount,
    signer: Signer,
    market_data: MarketData,
    *,
    settings: Settings,
    services: Services,
    clock: Clock,
) -> Desk:
    """AccountRefused if the account cannot trade as configured."""
    live = await open_live_account(
        account, signer, settings=settings, services=services, market_data=market_data, clock=clock
    )
    guards = (
        region_guard(services),
        clock_guard(services, clock),
        account_guard(live.api),
        approval_guard(live.api, account.signature_type),
    )
    return Desk(live.wallet, live.venue, {"user-stream": live.stream.run}, guards)
