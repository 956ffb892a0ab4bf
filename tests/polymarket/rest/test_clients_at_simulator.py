"""Every client of ours against the simulated venue, over its wire."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import pytest
from wire_service import Meters

from polybot.core.amounts import limit_amounts
from polybot.core.fills import ObservedFill
from polybot.core.ids import ConditionId, IntentId, TokenId, Wallet, parse_wallet
from polybot.core.market import Market, Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import OrderTerms, SignatureType, TimeInForce
from polybot.polymarket.auth import ApiCredentials, L2Auth
from polybot.polymarket.errors import RequestFailed
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
from polybot.polymarket.streams.market import BookEvent, MarketStream, PriceChange
from polybot.polymarket.streams.user import Reconnected, UserOrder, UserStream, UserTrade
from polybot.ports.venue import Accepted, Cancelled, PreparedOrder, Refused
from polybot.simulator.desk import OpenedAccount
from polybot.utils.clock import SystemClock
from simulated_venue import NEG_RISK, V1, V2, Running, running_simulator

CLOCK = SystemClock()
EXCHANGES = [pytest.param(V1, id="ctf"), pytest.param(NEG_RISK, id="neg_risk"), pytest.param(V2, id="v3")]
E = TypeVar("E")


@pytest.fixture
async def simulator() -> AsyncIterator[Running]:
    async with running_simulator() as running:
        yield running


@asynccontextmanager
async def http(url: str) -> AsyncIterator[HttpClient]:
    async with HttpClient(url, gate=polymarket_gate(CLOCK), clock=CLOCK) as client:
        yield client


@asynccontextmanager
async def running(*streams: MarketStream | UserStream | ActivityStream) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(stream.run()) for stream in streams]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def found(events: AsyncIterator[E], wanted: Callable[[E], bool]) -> E:
    async with asyncio.timeout(10):
        async for event in events:
            if wanted(event):
                return event
    raise AssertionError("the stream ended")


@dataclass
class Trader:
    """An account at the venue with its clients."""

    opened: OpenedAccount
    clob: ClobClient
    account: ClobAccount
    factory: OrderFactory
    key: ApiCredentials
    orders: int = 0

    @property
    def wallet(self) -> Wallet:
        return parse_wallet(self.opened.wallet)

    def order(
        self, market: Market, *, price: str, shares: str, tif: TimeInForce = TimeInForce.GTC, post_only: bool = False
    ) -> PreparedOrder:
        limit, size = Price.parse(price), Shares.parse(shares)
        terms = OrderTerms(
            token=market.outcomes[0].token,
            condition=market.condition,
            side=Side.BUY,
            limit=limit,
            amounts=limit_amounts(Side.BUY, price=limit, shares=size, tick=market.tick),
            tif=tif,
            post_only=post_only,
        )
        self.orders += 1
        signed = self.factory.build(
            terms, neg_risk=market.neg_risk, salt=self.orders, timestamp_ms=CLOCK.now_ns() // 1_000_000
        )
        return PreparedOrder(id=signed.id, intent=IntentId("i"), wire=signed.body)


@asynccontextmanager
async def trading(simulator: Running, kind: SignatureType = SignatureType.POLY_1271) -> AsyncIterator[Trader]:
    opened = simulator.simulator.desk.open_account(signature_type=kind, balance=Usdc.parse("1000"))
    signer = LocalSigner.from_hex(opened.private_key)
    async with http(simulator.urls.clob) as client:
        clob = ClobClient(client, clock=CLOCK)
        key = await clob.credentials(signer)
        yield Trader(
            opened=opened,
            clob=clob,
            account=ClobAccount(client, auth=L2Auth(signer.address, key), clock=CLOCK),
            factory=OrderFactory(signer, funder=opened.wallet, signature_type=kind, api_key=key.key),
            key=key,
        )


@pytest.mark.parametrize("condition", EXCHANGES)
async def test_market_facts_agree_between_the_services(simulator: Running, condition: ConditionId) -> None:
    truth = simulator.market(condition)
    token = truth.outcomes[0].token
    async with http(simulator.urls.clob) as clob_http, http(simulator.urls.gamma) as gamma_http:
        clob, gamma = ClobClient(clob_http, clock=CLOCK), GammaClient(gamma_http)
        by_token = await gamma.market_by_token(token)
        compact = await clob.market(token)
        book = await clob.book(token)
        assert by_token == await gamma.market_by_condition(condition) == await gamma.market_by_slug(truth.slug)
        assert (await clob.tick_size(token), await clob.neg_risk(token)) == (truth.tick, truth.neg_risk)
        assert set(await clob.books([token, TokenId("123")])) == {token}
        assert await clob.book(TokenId("1" * 70)) is None
        assert await gamma.market_by_slug("nothing") is None
    assert by_token is not None
    assert compact is not None
    assert book is not None
    for market in (by_token, compact):
        assert (market.condition, market.version, market.outcomes) == (truth.condition, truth.version, truth.outcomes)
        assert (market.tick, market.min_order, market.fee) == (truth.tick, truth.min_order, truth.fee)
    assert (book.bids[-1].price, book.asks[-1].price) == ("0.5", "0.52")


async def test_small_services(simulator: Running) -> None:
    async with http(simulator.urls.clob) as clob_http, http(simulator.urls.data) as data_http:
        clob = ClobClient(clob_http, clock=CLOCK)
        assert abs(await clob.server_time_s() - CLOCK.now_ns() // 10**9) <= 2
        assert (await clob.version(), await clob.ok(), await clob.warm_up(connections=3)) == (2, True, 3)
        assert (await DataClient(data_http, clock=CLOCK).status()).ingestion.max_synced_block > 0
    async with http(simulator.urls.geoblock.removesuffix("/api/geoblock")) as client:
        assert not (await fetch_geoblock(client)).blocked


@pytest.mark.parametrize("condition", EXCHANGES)
@pytest.mark.parametrize("kind", list(SignatureType))
async def test_an_order_is_filled_and_seen_on_every_read(
    simulator: Running, kind: SignatureType, condition: ConditionId
) -> None:
    market = simulator.market(condition)
    async with trading(simulator, kind) as trader:
        outcome = await trader.account.submit(trader.order(market, price="0.52", shares="10", tif=TimeInForce.FAK))
        assert isinstance(outcome, Accepted)
        assert not outcome.resting
        trades = await trader.account.trades(trade=outcome.trades[0])
        assert [(trade.trader_side, trade.size, trade.price) for trade in trades] == [
            ("TAKER", Decimal(10), Decimal("0.52"))
        ]
        await simulator.advance(60)
        async with http(simulator.urls.data) as client:
            data, meters = DataClient(client, clock=CLOCK), Meters()
            rows = (await data.activity(trader.wallet)).rows
            (fill,) = (observed_fill(row, seen_ns=1, seen_mono_ns=1, telemetry=meters) for row in rows)
            positions = await data.positions(trader.wallet)
        assert fill is not None
        assert (fill.token, fill.shares) == (market.outcomes[0].token, Shares.parse("10"))
        assert [(row.token_id, row.current_size) for row in positions] == [(fill.token, Decimal(10))]


async def test_orders_rest_are_listed_and_cancelled(simulator: Running) -> None:
    market = simulator.market(V1)
    async with trading(simulator) as trader:
        order = trader.order(market, price="0.40", shares="10", post_only=True)
        assert await trader.account.submit(order) == Accepted(order.id, resting=True)
        assert await trader.account.submit(order) == Accepted(order.id, resting=True, delayed=True)
        assert [row.id for row in await trader.account.open_orders(token=market.outcomes[0].token)] == [order.id]
        row = await trader.account.order(order.id)
        assert row is not None
        assert (row.open, row.matched, row.original_size) == (True, Decimal(0), Decimal(10))
        assert await trader.account.cancel([order.id]) == Cancelled(gone=(order.id,))
        again = await trader.account.cancel([order.id])
        assert isinstance(again, Cancelled)
        assert [kept for kept, _ in again.kept] == [order.id]
        assert await trader.account.open_orders() == []


async def test_refusals_have_their_codes(simulator: Running) -> None:
    market = simulator.market(V1)
    async with trading(simulator) as trader:

        async def refusal(order: PreparedOrder) -> str:
            outcome = await trader.account.submit(order)
            assert isinstance(outcome, Refused), outcome
            return outcome.code

        assert await refusal(trader.order(market, price="0.40", shares="10", tif=TimeInForce.FAK)) == "fak_not_filled"
        assert await refusal(trader.order(market, price="0.52", shares="1900", tif=TimeInForce.FOK)) in (
            "fok_not_filled",
            "not_enough_balance",
        )
        assert await refusal(trader.order(market, price="0.60", shares="10", post_only=True)) == "post_only_would_cross"
        assert await refusal(trader.order(market, price="0.40", shares="1")) == "below_minimum"
        assert await refusal(trader.order(market, price="0.90", shares="5000")) == "not_enough_balance"


async def test_balances_keys_and_restrictions(simulator: Running) -> None:
    async with trading(simulator) as trader:
        account = trader.account
        await account.refresh_collateral(SignatureType.POLY_1271)
        held = await account.collateral(SignatureType.POLY_1271)
        assert held.balance == "1000000000"
        token = simulator.market(V2).outcomes[0].token
        assert (await account.token_balance(token, SignatureType.POLY_1271)).balance == "0"
        assert trader.key.key in await account.api_keys()
        assert not await account.closed_only()


async def test_a_bad_signature_is_unauthorized(simulator: Running) -> None:
    async with trading(simulator) as trader, http(simulator.urls.clob) as client:
        stolen = ApiCredentials(key=trader.key.key, secret="A" * 43, passphrase=trader.key.passphrase)
        stranger = ClobAccount(client, auth=L2Auth(trader.opened.eoa, stolen), clock=CLOCK)
        with pytest.raises(RequestFailed) as failed:
            await stranger.open_orders()
    assert (failed.value.failure.code, failed.value.failure.status) == ("unauthorized", 401)


async def test_the_three_sockets_show_one_trade(simulator: Running) -> None:
    market = simulator.market(V1)
    token = market.outcomes[0].token
    async with AsyncExitStack() as stack:
        trader = await stack.enter_async_context(trading(simulator))
        books = MarketStream(simulator.urls.ws_market, clock=CLOCK)
        await books.subscribe([token])
        mine = UserStream(simulator.urls.ws_user, credentials=trader.key, clock=CLOCK)
        fills = ActivityStream(simulator.urls.ws_activity, wallets=[trader.wallet], clock=CLOCK)
        await stack.enter_async_context(running(books, mine, fills))
        book_events, my_events, fill_events = books.events(), mine.events(), fills.events()
        snapshot = (await found(book_events, lambda event: isinstance(event.event, BookEvent))).event
        await found(my_events, lambda event: isinstance(event, Reconnected))
        await found(fill_events, lambda event: isinstance(event, FeedGap))
        order = trader.order(market, price="0.52", shares="10", tif=TimeInForce.FAK)
        assert isinstance(await trader.account.submit(order), Accepted)
        await simulator.advance(60)
        trade = await found(my_events, lambda event: isinstance(event, UserTrade))
        fill = await found(fill_events, lambda event: isinstance(event, ObservedFill))
        change = (await found(book_events, lambda event: isinstance(event.event, PriceChange | BookEvent))).event
    assert isinstance(snapshot, BookEvent)
    assert snapshot.asks[-1].price == "0.52"
    assert isinstance(trade, UserTrade)
    assert trade.taker_order_id == order.id
    assert isinstance(fill, ObservedFill)
    assert (fill.wallet, fill.shares) == (trader.wallet, Shares.parse("10"))
    assert isinstance(change, PriceChange | BookEvent)


async def test_the_user_socket_shows_a_resting_order(simulator: Running) -> None:
    async with trading(simulator) as trader:
        mine = UserStream(simulator.urls.ws_user, credentials=trader.key, clock=CLOCK)
        async with running(mine):
            events = mine.events()
            await found(events, lambda event: isinstance(event, Reconnected))
            order = trader.order(simulator.market(V1), price="0.40", shares="10")
            await trader.account.submit(order)
            placed = await found(events, lambda event: isinstance(event, UserOrder))
            await trader.account.cancel([order.id])
            gone = await found(events, lambda event: isinstance(event, UserOrder))
    assert isinstance(placed, UserOrder)
    assert isinstance(gone, UserOrder)
    assert (placed.id, placed.open, gone.id, gone.open) == (order.id, True, order.id, False)
