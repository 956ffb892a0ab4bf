"""Opt-in: every client against the real services, read-only.

`make test-live`, or POLYBOT_LIVE_TESTS=1. POLYBOT_LIVE_URLS takes the line that `polybot simulate` prints, to run
the same checks elsewhere. POLYBOT_LIVE_METERED=1 with POLYBOT_LIVE_KEY (and POLYBOT_LIVE_SIGNATURE_TYPE,
POLYBOT_LIVE_FUNDER) also places one post-only order far from the market and cancels it at once.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from polybot.core.amounts import limit_amounts
from polybot.core.fills import ObservedFill
from polybot.core.ids import IntentId, TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.money import Price
from polybot.core.orders import OrderTerms, SignatureType, TimeInForce
from polybot.polymarket.auth import L2Auth
from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.observed import observed_fill
from polybot.polymarket.order_body import OrderFactory
from polybot.polymarket.rest.account import ClobAccount
from polybot.polymarket.rest.clob import ClobClient
from polybot.polymarket.rest.data import DataClient
from polybot.polymarket.rest.gamma import GammaClient
from polybot.polymarket.rest.geoblock import fetch_geoblock
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.signing import LocalSigner
from polybot.polymarket.streams.activity import ActivityStream, FeedGap
from polybot.polymarket.streams.market import BookEvent, MarketStream, Reconnected
from polybot.polymarket.streams.user import Reconnected as UserReconnected
from polybot.polymarket.streams.user import UserStream
from polybot.polymarket.wallets import funder_for
from polybot.ports.telemetry import NoTelemetry
from polybot.ports.venue import Accepted, Cancelled, PreparedOrder
from polybot.utils.clock import SystemClock

ENABLED = os.environ.get("POLYBOT_LIVE_TESTS") == "1"
METERED = os.environ.get("POLYBOT_LIVE_METERED") == "1"

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not ENABLED, reason="reads the real services: set POLYBOT_LIVE_TESTS=1 (make test-live)"),
]

URLS: dict[str, str] = {
    "clob": "https://clob.polymarket.com",
    "data": "https://data-api.polymarket.com",
    "gamma": "https://gamma-api.polymarket.com",
    "geoblock": "https://polymarket.com/api/geoblock",
    "ws_market": "wss://ws-subscriptions-clob.polymarket.com/ws/market",
    "ws_user": "wss://ws-subscriptions-clob.polymarket.com/ws/user",
    "ws_activity": "wss://ws-live-data.polymarket.com",
} | json.loads(os.environ.get("POLYBOT_LIVE_URLS", "{}"))
CLOCK = SystemClock()
PATIENCE_S = 30
Event = TypeVar("Event")


@asynccontextmanager
async def http(service: str) -> AsyncIterator[HttpClient]:
    async with HttpClient(
        URLS[service].removesuffix("/api/geoblock"), gate=polymarket_gate(CLOCK), clock=CLOCK
    ) as client:
        yield client


@asynccontextmanager
async def running(run: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def first(events: AsyncIterator[Event], wanted: Callable[[Event], bool]) -> Event:
    async with asyncio.timeout(PATIENCE_S):
        async for event in events:
            if wanted(event):
                return event
    raise AssertionError("the stream ended")


async def a_busy_trade() -> tuple[Wallet, TokenId]:
    async with http("data") as client:
        rows = (await DataClient(client, clock=CLOCK).trades(limit=20)).rows
    row = next(row for row in rows if row.slug and row.token_id)
    return Wallet(row.proxy_wallet), TokenId(row.token_id)


async def a_market() -> tuple[TokenId, Market]:
    _, token = await a_busy_trade()
    async with http("clob") as client:
        market = await ClobClient(client, clock=CLOCK).market(token)
    assert market is not None
    return token, market


async def test_clob_time_version_and_health() -> None:
    async with http("clob") as client:
        clob = ClobClient(client, clock=CLOCK)
        assert abs(await clob.server_time_s() - CLOCK.now_ns() // 10**9) < 60
        assert await clob.version() == 2
        assert await clob.ok()
        assert await clob.warm_up(connections=2) == 2


async def test_book_and_market_facts_agree() -> None:
    token, market = await a_market()
    async with http("clob") as client:
        clob = ClobClient(client, clock=CLOCK)
        book = await clob.book(token)
        assert book is not None
        assert set(await clob.books([token])) == {token}
        assert Price.parse(book.tick_size) == await clob.tick_size(token) == market.tick
        assert await clob.neg_risk(token) == book.neg_risk == market.neg_risk
        assert await clob.base_fee_bps(token) is not None


async def test_gamma_and_clob_describe_the_same_market() -> None:
    token, market = await a_market()
    async with http("gamma") as client:
        gamma = GammaClient(client)
        by_token = await gamma.market_by_token(token)
        assert by_token is not None
        assert (by_token.condition, by_token.outcomes) == (market.condition, market.outcomes)
        assert await gamma.market_by_condition(market.condition) == by_token
        assert await gamma.market_by_slug(by_token.slug) == by_token
        assert await gamma.event_by_slug("no-such-event-slug-polybot") is None


async def test_profiles() -> None:
    async with http("data") as client:
        rows = (await DataClient(client, clock=CLOCK).trades(limit=20)).rows
    async with http("gamma") as client:
        gamma = GammaClient(client)
        profiles = [(row.proxy_wallet, await gamma.profile(row.proxy_wallet)) for row in rows]
        known = [(wallet, profile) for wallet, profile in profiles if profile is not None]
        assert known
        assert all((profile.proxy_wallet or "").lower() == wallet for wallet, profile in known)
        name = next(profile.name for _, profile in known if profile.name)
        assert await gamma.search_profiles(name)


async def test_data_api() -> None:
    wallet, _ = await a_busy_trade()
    async with http("data") as client:
        data = DataClient(client, clock=CLOCK)
        page = await data.activity(wallet, limit=5)
        fills = [observed_fill(row, seen_ns=1, seen_mono_ns=1, telemetry=NoTelemetry()) for row in page.rows]
        assert any(fills)
        if page.next_cursor:
            assert (await data.activity(wallet, limit=5, cursor=page.next_cursor)).rows != page.rows
        await data.positions(wallet)
        assert (await data.value(wallet)).micro >= 0
        assert (await data.status()).ingestion.max_synced_block > 0


async def test_geoblock_answers() -> None:
    async with http("geoblock") as client:
        assert isinstance((await fetch_geoblock(client)).blocked, bool)


async def test_market_stream_starts_with_a_book() -> None:
    _, token = await a_busy_trade()
    market = MarketStream(URLS["ws_market"], clock=CLOCK)
    await market.subscribe([token])
    async with running(market.run):
        events = market.events()
        await first(events, lambda event: isinstance(event.event, Reconnected))
        await first(events, lambda event: isinstance(event.event, BookEvent) and event.event.asset_id == token)


async def test_activity_stream_is_alive() -> None:
    activity = ActivityStream(URLS["ws_activity"], wallets=[], clock=CLOCK)
    async with running(activity.run):
        events = activity.events()
        await first(events, lambda event: isinstance(event, FeedGap))
        reading = asyncio.ensure_future(first(events, lambda event: isinstance(event, ObservedFill)))
        async with asyncio.timeout(PATIENCE_S):
            while not activity.health().rows:  # noqa: ASYNC110 - a count has no event to wait on
                await asyncio.sleep(0.1)
        reading.cancel()
        assert activity.healthy()


@pytest.mark.skipif(not METERED, reason="places and cancels an order: set POLYBOT_LIVE_METERED=1 and POLYBOT_LIVE_KEY")
async def test_an_order_far_from_the_market_is_taken_and_cancelled() -> None:
    signer = LocalSigner.from_hex(os.environ["POLYBOT_LIVE_KEY"])
    kind = SignatureType(int(os.environ.get("POLYBOT_LIVE_SIGNATURE_TYPE", "3")))
    funder = os.environ.get("POLYBOT_LIVE_FUNDER") or funder_for(signer.address, kind)
    token, market = await a_market()
    async with http("clob") as client:
        key = await ClobClient(client, clock=CLOCK).credentials(signer)
        account = ClobAccount(client, auth=L2Auth(signer.address, key), clock=CLOCK)
        assert key.key in await account.api_keys()
        assert not await account.closed_only()
        assert int((await account.collateral(kind)).balance) > 0
        terms = OrderTerms(
            token=token,
            condition=market.condition,
            side=Side.BUY,
            limit=market.tick,
            amounts=limit_amounts(Side.BUY, price=market.tick, shares=market.min_order, tick=market.tick),
            tif=TimeInForce.GTC,
            post_only=True,
        )
        now_ns = CLOCK.now_ns()
        factory = OrderFactory(signer, funder=funder, signature_type=kind, api_key=key.key)
        order = factory.build(
            terms, neg_risk=market.neg_risk, salt=now_ns % (1 << 53), timestamp_ms=now_ns // 1_000_000
        )
        user = UserStream(URLS["ws_user"], credentials=key, clock=CLOCK)
        async with running(user.run):
            events = user.events()
            await first(events, lambda event: isinstance(event, UserReconnected))
            try:
                outcome = await account.submit(PreparedOrder(id=order.id, intent=IntentId("live"), wire=order.body))
                assert isinstance(outcome, Accepted)
                await first(events, lambda event: getattr(event, "id", "") == order.id)
            finally:
                gone = await account.cancel([order.id])
        assert gone == Cancelled(gone=(order.id,))
        assert order.id not in [row.id for row in await account.open_orders()]
