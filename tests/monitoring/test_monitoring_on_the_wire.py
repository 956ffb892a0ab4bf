"""The real clients and sockets against a simulated Polymarket: a trader trades, the bot's eyes see it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import pytest
from detection_scene import MemoryStore

from polybot.core.book import Level
from polybot.core.fills import PositionChange
from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import NO_FEE, Market, MarketVersion, Outcome, Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import SignatureType
from polybot.monitoring.cursors import Cursors
from polybot.monitoring.dedupe import Deduplicator
from polybot.monitoring.detector import Detector, Target
from polybot.monitoring.market_data import LiveMarketData
from polybot.monitoring.market_loader import MarketLoader
from polybot.monitoring.sources import ActivityPollSource, ActivityStreamSource, PollSettings
from polybot.monitoring.target_positions import TargetPositions
from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.rest.clob import ClobClient
from polybot.polymarket.rest.data import DataClient
from polybot.polymarket.rest.gamma import GammaClient
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.streams.activity import ActivityStream
from polybot.polymarket.streams.market import MarketStream
from polybot.polymarket.token_ids import ctf_token_id
from polybot.ports.store import Event
from polybot.ports.telemetry import NoTelemetry
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.options import NO_CACHE, Delays, Endpoints, Options
from polybot.simulator.server import Simulator
from polybot.simulator.simclock import SimClock
from polybot.simulator.worlds.world import SuggestedTarget, World
from polybot.utils.clock import Clock, SystemClock
from polybot.utils.supervisor import Supervisor, TaskReport

CONDITION = ConditionId("0x" + "11" * 32)
YES, NO = (ctf_token_id(CONDITION, outcome=number, neg_risk=False) for number in (0, 1))
MARKET = Market(
    condition=CONDITION,
    slug="rain",
    question="Will it rain?",
    version=MarketVersion.V1,
    neg_risk=False,
    outcomes=(Outcome(YES, "Yes"), Outcome(NO, "No")),
    tick=Price.parse("0.01"),
    min_order=Shares.parse("5"),
    fee=NO_FEE,
    accepting_orders=True,
    closed=False,
)


def level(price: str, size: str) -> Level:
    return Level(Price.parse(price), Shares.parse(size))


class QuietWorld(World):
    """Nothing happens by itself, but what was begun goes on."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.starts_at_ns = self.ends_at_ns = exchange.now_ns

    def step(self, until_ns: int) -> None:
        self.exchange.advance(until_ns)

    async def run(self, clock: Clock) -> None:
        while True:
            self.step(clock.now_ns())
            await clock.sleep(0.01)

    def suggested_targets(self) -> Sequence[SuggestedTarget]:
        return ()

    def names(self) -> dict[Wallet, str]:
        return {}


class Eyes:
    """Everything of monitoring, on real sockets, following one trader called ann."""

    def __init__(self, urls: Endpoints, *, wallet: Wallet, clock: Clock) -> None:
        gate, telemetry = polymarket_gate(clock), NoTelemetry()
        self.https = [HttpClient(url, gate=gate, clock=clock) for url in (urls.clob, urls.data, urls.gamma)]
        clob, data, gamma = self.https
        self.events: list[Event] = []
        self.stream = ActivityStream(urls.ws_activity, wallets=[wallet], clock=clock)
        self.books = MarketStream(urls.ws_market, clock=clock)
        store, data_client, gamma_client = MemoryStore(), DataClient(data, clock=clock), GammaClient(gamma)
        cursors = Cursors(store)
        poll = ActivityPollSource(
            wallet,
            reader=data_client,
            cursor=cursors.of,
            stream_healthy=self.stream.healthy,
            clock=clock,
            random=lambda: 0.5,
            telemetry=telemetry,
            settings=PollSettings(fast_s=0.05, gentle_s=0.05),
        )
        self.detector = Detector(
            targets=[Target(wallet, "ann", since_s=clock.now_ns() // 1_000_000_000 - 60)],
            sources=[ActivityStreamSource(self.stream, polls=[poll]), poll],
            witnesses=[poll],
            cursors=cursors,
            positions=TargetPositions(reader=data_client, store=store, clock=clock, notify=self.events.append),
            deduplicator=Deduplicator(),
            store=store,
            clock=clock,
            notify=self.events.append,
            profiles=gamma_client,
            telemetry=telemetry,
        )
        self.market_data = LiveMarketData(
            feed=self.books,
            loader=MarketLoader(clob=ClobClient(clob, clock=clock), gamma=gamma_client, telemetry=telemetry),
            held=set,
            clock=clock,
            telemetry=telemetry,
        )

    async def open(self, supervisor: Supervisor) -> None:
        supervisor.keep("activity-socket", self.stream.run)
        supervisor.keep("market-socket", self.books.run)
        self.market_data.start(supervisor)
        await self.detector.start(supervisor)
        while True:
            if self.stream.health().connected:
                return
            await asyncio.sleep(0.005)

    async def close(self) -> None:
        for http in self.https:
            await http.close()

    async def until_book_shows(self, token: TokenId, *, bid: str) -> None:
        while True:
            quote = self.market_data.quote(token)
            best = quote.book.best_bid() if quote else None
            if best is not None and best.price == Price.parse(bid):
                return
            await asyncio.sleep(0.005)


class Stage:
    def __init__(self, simulator: Simulator, eyes: Eyes, clock: SimClock) -> None:
        self.simulator, self.eyes, self._clock = simulator, eyes, clock

    async def trades(self, side: Side, size: str) -> None:
        touch = Price.parse("0.52" if side is Side.BUY else "0.50")
        self.simulator.desk.trade(trader="ann", token=YES, side=side, size=Shares.parse(size), price=touch)
        await self._clock.advance(3)  # a match is mined two seconds later


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    failures: list[TaskReport] = []
    machine = SystemClock()
    clock = SimClock(machine, start_ns=machine.now_ns())
    exchange = Exchange(now_ns=clock.now_ns())
    exchange.list_market(MARKET, event_slug="weather")
    exchange.set_house_book(YES, bids=[level("0.50", "1000")], asks=[level("0.52", "1000")])
    at_once = Delays(market_s=0.0, user_s=0.0, activity_s=0.0, data_api_s=0.0)
    simulator = Simulator(QuietWorld(exchange), clock, Options(delays=at_once, cache=NO_CACHE, machine_time=True))
    async with AsyncExitStack() as stack:
        urls = await simulator.start()
        stack.push_async_callback(simulator.stop)
        ann = simulator.desk.open_account(
            signature_type=SignatureType.POLY_PROXY, balance=Usdc.parse("1000"), name="ann"
        )
        eyes = Eyes(urls, wallet=Wallet(ann.wallet.lower()), clock=clock)
        stack.push_async_callback(eyes.close)
        supervisor = await stack.enter_async_context(Supervisor(clock=clock, report=failures.append))
        await eyes.open(supervisor)
        yield Stage(simulator, eyes, clock)
    assert failures == []


async def test_a_traders_entry_and_exit_are_seen_once_each(stage: Stage) -> None:
    await stage.trades(Side.BUY, "20")
    entry = await stage.eyes.detector.next_order()
    await stage.trades(Side.SELL, "5")
    reduction = await stage.eyes.detector.next_order()
    assert (entry.change, entry.shares) == (PositionChange.OPENED, Shares.parse("20"))
    assert (reduction.change, reduction.held_before) == (PositionChange.REDUCED, Shares.parse("20"))
    assert stage.eyes.detector.status().waiting == 0


async def test_a_market_is_warm_follows_its_book_and_ends(stage: Stage) -> None:
    eyes, exchange = stage.eyes, stage.simulator.world.exchange
    assert await eyes.market_data.ensure(YES)
    await eyes.until_book_shows(NO, bid="0.48")
    exchange.set_house_book(YES, bids=[level("0.51", "10")], asks=[level("0.52", "1000")])
    await eyes.until_book_shows(YES, bid="0.51")
    exchange.resolve(CONDITION, winner=YES)
    ended = await eyes.market_data.next_resolution()
    assert (ended.market.condition, ended.winner) == (CONDITION, YES)
    assert not await eyes.market_data.ensure(TokenId("123456789"))
