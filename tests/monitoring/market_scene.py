"""One or more markets as the market socket and the REST services show them, for tests of warm books."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from msgspec.structs import replace

from polybot.core.book import Book, HashFacts, Level
from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import NO_FEE, Market, MarketVersion, Outcome, Side
from polybot.core.money import Price, Shares
from polybot.monitoring.feed_port import WarmSettings
from polybot.monitoring.market_data import LiveMarketData
from polybot.monitoring.market_loader import MarketLoader
from polybot.polymarket.errors import Failure, FailureKind, RequestFailed
from polybot.polymarket.rest.models import BookFrame, LevelFrame
from polybot.polymarket.streams.market import (
    BookEvent,
    Change,
    Disconnected,
    MarketEvent,
    PriceChange,
    Reconnected,
    WireEvent,
)
from polybot.ports.telemetry import NoTelemetry
from polybot.utils.clock import ManualClock
from polybot.utils.supervisor import Supervisor, TaskReport


def condition(number: int) -> ConditionId:
    return ConditionId(f"0x{number:064x}")


def yes(number: int = 1) -> TokenId:
    return TokenId(f"{number}1")


def no(number: int = 1) -> TokenId:
    return TokenId(f"{number}2")


def a_market(number: int = 1, *, winner: TokenId | None = None, tied: bool = False) -> Market:
    return Market(
        condition=condition(number),
        slug=f"market-{number}",
        question="Will it?",
        version=MarketVersion.V1,
        neg_risk=False,
        outcomes=(Outcome(yes(number), "Yes"), Outcome(no(number), "No")),
        tick=Price.parse("0.01"),
        min_order=Shares.parse("5"),
        fee=NO_FEE,
        accepting_orders=winner is None and not tied,
        closed=winner is not None or tied,
        winner=winner,
        tied=tied,
    )


class Engine:
    """The venue's truth of one token: changes move its clock (milliseconds)."""

    def __init__(self, token: TokenId, market: ConditionId) -> None:
        self.token, self.market = token, market
        self.book = Book(token)
        self.book.replace(bids=[level("0.40", "100")], asks=[level("0.60", "100")])
        self.at_ms = 1_000
        self.salted = ""
        """Text in the hash that nobody knows of."""

    def hash(self) -> str:
        facts = HashFacts(
            market=self.market, min_order_size="5", tick_size="0.01", neg_risk=False, last_trade_price="0.5"
        )
        return self.salted + self.book.venue_hash(timestamp_ms=self.at_ms, facts=facts)

    def change(self, side: Side, price: str, size: str, *, now_ms: int | None = None) -> PriceChange:
        """The engine's book changes; returns the frame that says so."""
        self.at_ms = now_ms or self.at_ms + 1
        self.book.set_level(side, Price.parse(price), Shares.parse(size))
        bid, ask = self.book.best_bid(), self.book.best_ask()
        entry = Change(
            asset_id=self.token,
            price=price,
            size=size,
            side=side.value,
            hash=self.hash(),
            best_bid=str(bid.price) if bid else "",
            best_ask=str(ask.price) if ask else "",
        )
        return PriceChange(market=self.market, timestamp=str(self.at_ms), price_changes=(entry,))

    def rest(self) -> BookFrame:
        view = self.book.view(depth=10_000)
        return BookFrame(
            market=self.market,
            asset_id=self.token,
            timestamp=str(self.at_ms),
            hash=self.hash(),
            bids=wire(view.bids),
            asks=wire(view.asks),
            tick_size="0.01",
            last_trade_price="0.5",
            min_order_size="5",
            neg_risk=False,
        )

    def snapshot(self) -> BookEvent:
        rest = self.rest()
        return BookEvent(
            market=rest.market,
            asset_id=rest.asset_id,
            timestamp=rest.timestamp,
            hash=rest.hash,
            bids=rest.bids,
            asks=rest.asks,
            tick_size=rest.tick_size,
        )


def level(price: str, size: str) -> Level:
    return Level(Price.parse(price), Shares.parse(size))


def wire(levels: Sequence[Level]) -> tuple[LevelFrame, ...]:
    """Worst first, as the venue sends them."""
    return tuple(LevelFrame(str(item.price), str(item.size)) for item in reversed(levels))


class FakeServices:
    """CLOB and Gamma in one. `latency_s` passes on the clock before each answer; `down`: 503 for everything."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.markets: dict[ConditionId, Market] = {}
        self.engines: dict[TokenId, Engine] = {}
        self.latency_s = 0.0
        self.down = False
        self.refused: set[str] = set()
        """Calls that fail although the services are up."""
        self.tick = "0.01"
        self.largest_batch = 0
        self.calls: Counter[str] = Counter()

    def add(self, market: Market) -> None:
        self.markets[market.condition] = market
        for outcome in market.outcomes:
            self.engines.setdefault(outcome.token, Engine(outcome.token, market.condition))

    async def _answer(self, call: str) -> None:
        self.calls[call] += 1
        await self.clock.sleep(self.latency_s)
        if self.down or call in self.refused:
            failure = Failure("maybe", FailureKind.SERVER, "http_503", "service unavailable", status=503)
            raise RequestFailed(call, failure)

    async def market(self, token: TokenId) -> Market | None:
        await self._answer("market")
        return self._market_of(token)

    async def market_by_token(self, token: TokenId) -> Market | None:
        await self._answer("market_by_token")
        return self._market_of(token)

    async def market_by_condition(self, condition: ConditionId) -> Market | None:
        await self._answer("market_by_condition")
        return self.markets.get(condition)

    async def book(self, token: TokenId) -> BookFrame | None:
        await self._answer("book")
        return self._book_of(token)

    async def books(self, tokens: Sequence[TokenId]) -> dict[TokenId, BookFrame]:
        await self._answer("books")
        self.largest_batch = max(self.largest_batch, len(tokens))
        return {token: frame for token in tokens if (frame := self._book_of(token))}

    def _market_of(self, token: TokenId) -> Market | None:
        return next((m for m in self.markets.values() if token in {o.token for o in m.outcomes}), None)

    def _book_of(self, token: TokenId) -> BookFrame | None:
        engine = self.engines.get(token)
        return replace(engine.rest(), tick_size=self.tick) if engine else None


class FakeBookFeed:
    """The market socket. Sends a snapshot on subscription while `snapshots` is on."""

    def __init__(self, services: FakeServices) -> None:
        self.services = services
        self.snapshots = True
        self.subscribed: set[TokenId] = set()
        self.renewed: list[tuple[TokenId, str]] = []
        self._queue: asyncio.Queue[MarketEvent] = asyncio.Queue()

    def push(self, *events: WireEvent | Reconnected | Disconnected) -> None:
        for event in events:
            self._queue.put_nowait(MarketEvent(event, self.services.clock.now_ns(), 0))

    async def subscribe(self, tokens: Iterable[TokenId]) -> None:
        for token in tokens:
            self.subscribed.add(token)
            if self.snapshots:
                self.push(self.services.engines[token].snapshot())

    async def unsubscribe(self, tokens: Iterable[TokenId]) -> None:
        self.subscribed.difference_update(tokens)

    def renew(self, token: TokenId, *, reason: str) -> None:
        if token not in self.subscribed:
            raise KeyError(token)
        self.renewed.append((token, reason))
        self.push(Reconnected(frozenset({token}), reason), self.services.engines[token].snapshot())

    async def events(self) -> AsyncIterator[MarketEvent]:
        while True:
            yield await self._queue.get()


class MarketWorld:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.services = FakeServices(self.clock)
        self.services.add(a_market())
        self.feed = FakeBookFeed(self.services)
        self.held: set[TokenId] = set()
        self.failures: list[TaskReport] = []
        self.engine = self.services.engines[yes()]

    @asynccontextmanager
    async def running(self, *, max_markets: int = 200) -> AsyncIterator[LiveMarketData]:
        data = LiveMarketData(
            feed=self.feed,
            loader=MarketLoader(clob=self.services, gamma=self.services, telemetry=NoTelemetry()),
            held=lambda: self.held,
            clock=self.clock,
            telemetry=NoTelemetry(),
            settings=WarmSettings(max_markets=max_markets),
        )
        async with Supervisor(clock=self.clock, report=self.failures.append) as supervisor:
            data.start(supervisor)
            yield data
        assert self.failures == []

    async def until_warm(self, data: LiveMarketData, token: TokenId) -> bool:
        async with asyncio.TaskGroup() as group:
            ensuring = group.create_task(data.ensure(token), name="ensuring")
            await self.clock.advance(10)
        return ensuring.result()

    async def told(self, data: LiveMarketData, *events: WireEvent | Reconnected | Disconnected) -> None:
        """The feed delivers; no time passes."""
        self.feed.push(*events)
        await self.clock.advance(0)

    def agrees(self, data: LiveMarketData, token: TokenId) -> bool:
        """Whether the warm book is the venue's."""
        quote = data.quote(token)
        return quote is not None and quote.book.view() == self.services.engines[token].book.view()
