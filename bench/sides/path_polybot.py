"""Our side: the real pieces from the activity socket to the POST, composed as `app.bot` does.

Made up: the market data (one warm book), what the target held before, and a rate gate that never says wait.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop

from bench import payloads
from bench.harness import hello, say
from polybot.core.book import Book, Level
from polybot.core.fills import ObservedFill
from polybot.core.ids import ConditionId, OrderId, TokenId, Wallet
from polybot.core.market import FeeSchedule, Market, MarketVersion, Outcome
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.core.orders import Intent, OrderState, SignatureType
from polybot.core.portfolio import Portfolio
from polybot.decision.model import Decision, Policy
from polybot.execution.copier import Copier
from polybot.execution.tracker import OrderTracker
from polybot.monitoring.cursors import Cursors
from polybot.monitoring.dedupe import Deduplicator, Screened
from polybot.monitoring.detector import Detector, Target
from polybot.monitoring.sources import ActivityStreamSource
from polybot.monitoring.target_positions import TargetPositions
from polybot.polymarket.auth import ApiCredentials, L2Auth
from polybot.polymarket.limits import GROUPS, LIMITS
from polybot.polymarket.order_body import OrderFactory
from polybot.polymarket.rest.account import ClobAccount
from polybot.polymarket.rest.clob import ClobClient
from polybot.polymarket.rest.data import DataClient
from polybot.polymarket.rest.data_models import PositionRow
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.signing import LocalSigner
from polybot.polymarket.streams.activity import ActivityStream
from polybot.polymarket.streams.user import UserStream
from polybot.polymarket.wallets import funder_for
from polybot.ports.market_data import Quote, Resolution
from polybot.ports.store import Event
from polybot.ports.venue import PreparedOrder, SubmitOutcome
from polybot.safety.trading_locks import TradingLocks
from polybot.storage.store import SqlStore, open_store
from polybot.telemetry.memory import MemoryTelemetry
from polybot.utils.clock import SystemClock
from polybot.utils.logging import LogPlan, logging_to
from polybot.utils.rate_gate import Limit, RateGate
from polybot.utils.supervisor import Supervisor, TaskReport
from polybot.venues.live import LiveVenue

CLOCK, TELEMETRY = SystemClock(), MemoryTelemetry()
TARGET, TOKEN = Wallet(payloads.TARGET.lower()), TokenId(payloads.ASSET)
MARKET = Market(
    condition=ConditionId(payloads.CONDITION),
    slug="will-the-bridge-open-before-december",
    question="Will the bridge open before December?",
    version=MarketVersion.V1,
    neg_risk=False,
    outcomes=(Outcome(TOKEN, "Yes"), Outcome(TokenId(payloads.OTHER_ASSET), "No")),
    tick=Price.parse("0.001"),
    min_order=Shares.parse("5"),
    fee=FeeSchedule(rate=Ratio.parse("0.05")),
    accepting_orders=True,
    closed=False,
)
POLICY = Policy(
    ratio=Ratio.parse("0.25"),
    max_position=Usdc.parse("1000"),
    min_position=Usdc.parse("1"),
    slippage=Ratio.parse("0.03"),
    exit_slippage=Ratio.parse("0.05"),
)
STAMPS: list[int] = []


def stamp() -> None:
    STAMPS.append(time.monotonic_ns())


class WarmBook:
    """Market data of one market, always fresh."""

    def __init__(self) -> None:
        bids, asks = payloads.book_levels()
        self._book = Book(TOKEN)
        self._book.replace(bids=map(_level, bids), asks=map(_level, asks))

    def market(self, token: TokenId) -> Market | None:
        return MARKET if token == TOKEN else None

    def quote(self, token: TokenId) -> Quote | None:
        return Quote(self._book, 3) if token == TOKEN else None

    async def ensure(self, token: TokenId) -> bool:
        stamp()
        return token == TOKEN

    async def next_resolution(self) -> Resolution:
        never: asyncio.Future[Resolution] = asyncio.get_running_loop().create_future()
        return await never


class StampedDeduplicator(Deduplicator):
    def accept_glimpse(self, rows: Sequence[ObservedFill]) -> Screened:
        STAMPS[:] = [rows[0].seen_mono_ns]
        stamp()
        return super().accept_glimpse(rows)


class StampedVenue(LiveVenue):
    def prepare(self, intent: Intent, *, now_ns: int) -> PreparedOrder:
        stamp()
        prepared = super().prepare(intent, now_ns=now_ns)
        stamp()
        return prepared

    async def submit(self, order: PreparedOrder) -> SubmitOutcome:
        stamp()
        return await super().submit(order)


class StampedTracker(OrderTracker):
    async def settled(self, order: OrderId, *, timeout_s: float) -> OrderState:
        """What comes after it is not about this order any more."""
        state = await super().settled(order, timeout_s=timeout_s)
        say({"stamps_ns": STAMPS})
        return state


class NoPositions:
    async def positions(self, wallet: Wallet) -> list[PositionRow]:
        return []


class NoProfiles:
    async def profile(self, address: str) -> None:
        return None


def _level(level: dict[str, str]) -> Level:
    return Level(Price.parse(level["price"]), Shares.parse(level["size"]))


def _note(event: Event) -> None:
    print(event, file=sys.stderr)


def _failed(report: TaskReport) -> None:
    print(report, file=sys.stderr)


def _open_gate() -> RateGate:
    """The real groups, each with room for any benchmark."""
    limits = {name: Limit(1e9, limit.window_s, limit.reserved_share, limit.per_item) for name, limit in LIMITS.items()}
    return RateGate(limits=limits, groups=GROUPS, clock=CLOCK)


def _venue(http: HttpClient, market_data: WarmBook) -> StampedVenue:
    signer = LocalSigner.from_hex(payloads.KEY)
    wallet = funder_for(signer.address, SignatureType.POLY_GNOSIS_SAFE)
    credentials = ApiCredentials(payloads.API_KEY, payloads.API_SECRET, payloads.API_PASSPHRASE)
    kind = SignatureType.POLY_GNOSIS_SAFE
    return StampedVenue(
        account=ClobAccount(http, auth=L2Auth(signer.address, credentials), clock=CLOCK),
        data=DataClient(http, clock=CLOCK),
        stream=UserStream("http://127.0.0.1:9", credentials=credentials, clock=CLOCK),
        factory=OrderFactory(signer, funder=wallet, signature_type=kind, api_key=payloads.API_KEY),
        market_data=market_data,
        wallet=wallet,
        signature_type=kind,
        api_key=payloads.API_KEY,
        clock=CLOCK,
        telemetry=TELEMETRY,
    )


def _detector(stream: ActivityStream, store: SqlStore) -> Detector:
    return Detector(
        targets=[Target(TARGET, "target")],
        sources=[ActivityStreamSource(stream, polls=[])],
        witnesses=[],
        cursors=Cursors(store),
        positions=TargetPositions(reader=NoPositions(), store=store, clock=CLOCK, notify=_note),
        deduplicator=StampedDeduplicator(),
        store=store,
        clock=CLOCK,
        notify=_note,
        profiles=NoProfiles(),
        telemetry=TELEMETRY,
    )


def _copier(venue: LiveVenue, store: SqlStore, market_data: WarmBook, detector: Detector) -> Copier:
    portfolio = Portfolio(Usdc.parse("10000"))
    return Copier(
        account=Wallet(funder_for(payloads.KEY_ADDRESS, SignatureType.POLY_GNOSIS_SAFE)),
        policies={TARGET: POLICY},
        venue=venue,
        store=store,
        market_data=market_data,
        portfolio=portfolio,
        tracker=StampedTracker(venue=venue, store=store, portfolio=portfolio, clock=CLOCK, telemetry=TELEMETRY),
        trading=TradingLocks(),
        clock=CLOCK,
        telemetry=TELEMETRY,
        started_ns=CLOCK.now_ns(),
        acknowledge=detector.acknowledge,
        on_decision=_must_copy,
    )


def _must_copy(decision: Decision) -> None:
    if not hasattr(decision.verdict, "limit"):
        raise RuntimeError(f"the benchmark's fill was not copied: {decision.verdict}")


async def main() -> None:
    socket_url, http_url, database = sys.argv[1:]
    async with AsyncExitStack() as stack:
        stack.enter_context(logging_to(LogPlan(file=Path(database).with_suffix(".log"), terminal=None)))
        store = await open_store(f"sqlite:///{database}")
        stack.push_async_callback(store.close)
        http = await stack.enter_async_context(
            HttpClient(http_url, gate=_open_gate(), clock=CLOCK, telemetry=TELEMETRY)
        )
        await ClobClient(http, clock=CLOCK).version()
        stream = ActivityStream(socket_url, wallets=[TARGET], clock=CLOCK, telemetry=TELEMETRY)
        market_data, detector = WarmBook(), _detector(stream, store)
        copier = _copier(_venue(http, market_data), store, market_data, detector)
        supervisor = await stack.enter_async_context(Supervisor(clock=CLOCK, report=_failed))
        await detector.start(supervisor)
        supervisor.keep("activity-stream", stream.run)
        supervisor.critical("copier", copier.run)
        gc.collect()
        gc.freeze()
        say(hello("coincurve", "safe-pysha3", "msgspec", "aiohttp", "sqlalchemy", "uvloop"))
        while True:
            copier.submit(await detector.next_order())


with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
