"""Markets and books kept warm over the market socket, with the REST services as witnesses."""

import asyncio
import itertools
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market
from polybot.monitoring.book_witness import BookWitness
from polybot.monitoring.feed_port import WARM, BookFeed, WarmSettings
from polybot.monitoring.market_loader import MarketLoader
from polybot.monitoring.resolutions import Resolutions
from polybot.monitoring.shelf import Shelf
from polybot.polymarket.streams.market import (
    BestBidAsk,
    BookEvent,
    Disconnected,
    LastTradePrice,
    MarketEvent,
    MarketResolved,
    PriceChange,
    Reconnected,
    TickSizeChange,
)
from polybot.ports.market_data import Quote, Resolution
from polybot.ports.telemetry import Telemetry
from polybot.utils.clock import Clock, wait_event
from polybot.utils.supervisor import Supervisor


class LiveMarketData:
    """Implements ports.market_data.MarketData. `held`: tokens we have a position in; their markets stay warm."""

    def __init__(
        self,
        *,
        feed: BookFeed,
        loader: MarketLoader,
        held: Callable[[], AbstractSet[TokenId]],
        clock: Clock,
        telemetry: Telemetry,
        settings: WarmSettings = WARM,
    ) -> None:
        self._feed = feed
        self._loader = loader
        self._held = held
        self._clock = clock
        self._telemetry = telemetry
        self._settings = settings
        self._supervisor: Supervisor | None = None
        self._loading: dict[TokenId, asyncio.Event] = {}
        self._loads = itertools.count(1)
        self._shelf = Shelf()
        self._witness = BookWitness(
            shelf=self._shelf, loader=loader, feed=feed, clock=clock, telemetry=telemetry, settings=settings
        )
        self._resolutions = Resolutions(
            shelf=self._shelf,
            loader=loader,
            held=held,
            clock=clock,
            telemetry=telemetry,
            poll_every_s=settings.resolution_poll_s,
        )

    def start(self, supervisor: Supervisor) -> None:
        """Read the feed, confirm quiet books, watch for resolutions."""
        self._supervisor = supervisor
        supervisor.keep("market-feed", self._read_feed)
        supervisor.keep("book-witness", self._witness.run)
        supervisor.keep("resolutions", self._resolutions.keep_asking)

    def preload(self, tokens: Iterable[TokenId]) -> None:
        """Warm these in the background, a few at once. Tokens over the limit of markets are left out."""
        cold = [token for token in tokens if self._shelf.market(token) is None][: self._settings.max_markets]
        for number in range(self._settings.preload_at_once):
            if mine := cold[number :: self._settings.preload_at_once]:
                self._tasks.once(f"preload:{mine[0]}", partial(self._warm_each, mine))

    def market(self, token: TokenId) -> Market | None:
        return self._shelf.market(token)

    def quote(self, token: TokenId) -> Quote | None:
        live = self._shelf.books.get(token)
        if live is None or live.proven_ns is None:
            return None
        now_ns = self._clock.now_ns()
        doubted_ns = live.doubted_since_ns
        if doubted_ns is not None and now_ns - doubted_ns > self._settings.mismatch_s * 1e9:
            return None
        return Quote(live.book, max(0, now_ns - live.proven_ns) // 1_000_000)

    async def ensure(self, token: TokenId) -> bool:
        quote = self.quote(token)
        if (market := self.market(token)) is not None:
            self._shelf.want(market)
            fresh = quote is not None and quote.age_ms <= self._settings.reread_after_s * 1e3
            if fresh and not _paused(market):
                return True
        await self._loaded(token)
        if self.market(token) is not None and self.quote(token) is None:
            await self._loaded(token)  # a connection that came or went has voided the book since it was read
        return self.market(token) is not None and self.quote(token) is not None

    async def next_resolution(self) -> Resolution:
        return await self._resolutions.next()

    @property
    def _tasks(self) -> Supervisor:
        if self._supervisor is None:
            raise RuntimeError("start() comes before the first market is wanted")
        return self._supervisor

    async def _loaded(self, token: TokenId) -> None:
        """Once it is read, by whoever began first, or after the timeout."""
        loaded = self._loading.get(token)
        if loaded is None:
            loaded = self._loading[token] = asyncio.Event()
            name = f"warm:{token}:{next(self._loads)}"  # an earlier one may still be completing the market
            self._tasks.once(name, partial(self._load, token, loaded))
        await wait_event(self._clock, loaded, timeout_s=self._settings.ensure_timeout_s)

    async def _warm_each(self, tokens: Iterable[TokenId]) -> None:
        for token in tokens:
            await self.ensure(token)

    async def _load(self, token: TokenId, loaded: asyncio.Event) -> None:
        known = self.market(token)
        if known is not None and _paused(known):
            known = None
        try:
            market = known or await self._load_for_trading(token)
            if known is not None:
                await self._read_book(token)
        finally:
            del self._loading[token]
            loaded.set()
        if market is not None and market is not known:
            await self._complete(market)

    async def _load_for_trading(self, token: TokenId) -> Market | None:
        """Only what a decision needs; names and the other outcome come after it."""
        asked_ns = self._clock.now_ns()
        async with asyncio.TaskGroup() as group:
            reading_facts = group.create_task(self._loader.facts(token), name=f"facts:{token}")
            reading_book = group.create_task(self._loader.book(token), name=f"book:{token}")
        market, frame = reading_facts.result(), reading_book.result()
        if market is not None:
            self._shelf.put(market)
            self._shelf.want(market)
            if frame is not None:
                self._witness.confirm(token, frame, asked_ns=asked_ns)
        return market

    async def _read_book(self, token: TokenId) -> None:
        asked_ns = self._clock.now_ns()
        if (frame := await self._loader.book(token)) is not None:
            self._witness.confirm(token, frame, asked_ns=asked_ns)

    async def _complete(self, market: Market) -> None:
        await self._feed.subscribe([outcome.token for outcome in market.outcomes])
        self._witness.ring()
        named = await self._loader.named(market)
        if (now := self._shelf.by_condition(market.condition)) is not None:
            self._shelf.put(replace(named, tick=now.tick, accepting_orders=now.accepting_orders))
            self._resolutions.learn(named)
        if gone := self._shelf.drop_beyond(self._settings.max_markets, keep=self._held()):
            await self._feed.unsubscribe(gone)

    async def _read_feed(self) -> None:
        async for event in self._feed.events():
            try:
                self._apply(event)
            except ValueError:
                self._telemetry.count("market_frame_refused")
                self._witness.ring()

    def _apply(self, event: MarketEvent) -> None:
        match event.event:
            case PriceChange() as changed:
                self._change(changed, seen_ns=event.seen_ns)
            case BookEvent() as book:
                self._replace(book, seen_ns=event.seen_ns)
            case LastTradePrice() | BestBidAsk() as news:
                self._hear(news, seen_ns=event.seen_ns)
            case TickSizeChange() as tick:
                self._shelf.re_tick(TokenId(tick.asset_id), tick.new_tick_size)
            case MarketResolved() as resolved:
                self._resolutions.hear(ConditionId(resolved.market.lower()), TokenId(resolved.winning_asset_id))
            case Reconnected(tokens) | Disconnected(tokens):
                self._void(tokens)
            case other:
                self._telemetry.count("market_event_ignored", kind=type(other).__name__)

    def _change(self, changed: PriceChange, *, seen_ns: int) -> None:
        timestamp_ms = int(changed.timestamp)
        for change in changed.price_changes:
            live = self._shelf.books.get(TokenId(change.asset_id))
            if live is not None and not live.change(change, timestamp_ms=timestamp_ms, seen_ns=seen_ns):
                self._telemetry.count("market_frame_ignored")

    def _replace(self, book: BookEvent, *, seen_ns: int) -> None:
        token = TokenId(book.asset_id)
        live = self._shelf.books.get(token)
        if live is None:
            return
        if live.replace(book, seen_ns=seen_ns):
            self._shelf.re_tick(token, book.tick_size)
        else:
            self._telemetry.count("market_frame_ignored")

    def _hear(self, news: LastTradePrice | BestBidAsk, *, seen_ns: int) -> None:
        if live := self._shelf.books.get(TokenId(news.asset_id)):
            if isinstance(news, LastTradePrice):
                live.traded(news.price)
            live.heard(seen_ns=seen_ns)

    def _void(self, tokens: Iterable[TokenId]) -> None:
        for token in tokens:
            if live := self._shelf.books.get(token):
                live.distrust()
        self._witness.ring()


def _paused(market: Market) -> bool:
    """New markets take no orders at first, and others pause; no feed tells when that is over."""
    return not market.accepting_orders and not market.closed
