"""What every venue must do: the paper one, the scripted one of our tests, and the live one on the simulator's wire."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
from scripted_venue import Answer, Plan, ScriptedVenue
from shelf import StillShelf, make_market

from polybot.core.amounts import limit_amounts, market_buy_amounts
from polybot.core.ids import DecisionId, OrderId, Wallet, intent_id, parse_wallet
from polybot.core.market import Market, Side
from polybot.core.money import ZERO_SHARES, ZERO_USDC, Price, Shares, Usdc
from polybot.core.orders import Intent, OrderTerms, OurFill, SignatureType, TimeInForce
from polybot.polymarket.auth import L2Auth
from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.order_body import OrderFactory
from polybot.polymarket.rest.account import ClobAccount
from polybot.polymarket.rest.clob import ClobClient
from polybot.polymarket.rest.data import DataClient
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.signing import LocalSigner
from polybot.polymarket.streams.user import UserStream
from polybot.ports.telemetry import NoTelemetry
from polybot.ports.venue import Absent, Accepted, Cancelled, OrderReport, PreparedOrder, Refused, Venue
from polybot.utils.clock import Clock, SystemClock
from polybot.utils.supervisor import Supervisor
from polybot.venues.live import LiveVenue
from polybot.venues.paper import PaperOptions, PaperVenue
from simulated_venue import V1, running_simulator

FIVE_S = 5.0


@dataclass
class Shop:
    """A venue with 1000 shares bid at 0.50 and asked at 0.52, and an account with 1000 USDC."""

    venue: Venue
    market: Market
    clock: Clock
    script: Callable[[Plan], None]

    def order(self, side: Side, amount: str, limit: str, tif: TimeInForce) -> PreparedOrder:
        return self.venue.prepare(self.intent(side, amount, limit, tif), now_ns=self.clock.now_ns())

    def intent(self, side: Side, amount: str, limit: str, tif: TimeInForce) -> Intent:
        price, tick = Price.parse(limit), self.market.tick
        if tif is TimeInForce.FAK and side is Side.BUY:
            amounts = market_buy_amounts(spend=Usdc.parse(amount), price=price, tick=tick)
        else:
            amounts = limit_amounts(side, price=price, shares=Shares.parse(amount), tick=tick)
        terms = OrderTerms(self.market.outcomes[0].token, self.market.condition, side, price, amounts, tif)
        account, decision = Wallet("0x" + "aa" * 20), DecisionId(f"{side}{amount}{limit}{tif}")
        return Intent(intent_id(decision, account=account, leg=0), decision, account, account, 0, terms, ZERO_USDC)


@asynccontextmanager
async def paper_shop() -> AsyncIterator[Shop]:
    clock, market = SystemClock(), make_market(1)
    shelf = StillShelf(market)
    shelf.set_book(market.outcomes[0].token, bids=(("0.5", "1000"),), asks=(("0.52", "1000"),))
    yield Shop(
        PaperVenue(market_data=shelf, clock=clock, options=PaperOptions(latency_ms=1)), market, clock, lambda _: None
    )


@asynccontextmanager
async def scripted_shop() -> AsyncIterator[Shop]:
    clock = SystemClock()
    venue = ScriptedVenue(clock)
    yield Shop(venue, make_market(1), clock, venue.plans.append)


@asynccontextmanager
async def live_shop() -> AsyncIterator[Shop]:
    clock, telemetry = SystemClock(), NoTelemetry()
    async with AsyncExitStack() as stack:
        simulator = await stack.enter_async_context(running_simulator())
        funded = simulator.simulator.desk.open_account(
            signature_type=SignatureType.POLY_1271, balance=Usdc.parse("1000")
        )
        gate, market = polymarket_gate(clock), simulator.market(V1)
        clob = await stack.enter_async_context(HttpClient(simulator.urls.clob, gate=gate, clock=clock))
        data = await stack.enter_async_context(HttpClient(simulator.urls.data, gate=gate, clock=clock))
        signer, wallet = LocalSigner.from_hex(funded.private_key), parse_wallet(funded.wallet)
        credentials = await ClobClient(clob, clock=clock).credentials(signer)
        stream = UserStream(simulator.urls.ws_user, credentials=credentials, clock=clock)
        venue = LiveVenue(
            account=ClobAccount(clob, auth=L2Auth(signer.address, credentials), clock=clock),
            data=DataClient(data, clock=clock),
            stream=stream,
            factory=OrderFactory(
                signer, funder=wallet, signature_type=SignatureType.POLY_1271, api_key=credentials.key
            ),
            market_data=StillShelf(market),
            wallet=wallet,
            signature_type=SignatureType.POLY_1271,
            api_key=credentials.key,
            clock=clock,
            telemetry=telemetry,
        )
        supervisor = await stack.enter_async_context(Supervisor(clock=clock, report=lambda _: None))
        supervisor.keep("user-stream", stream.run)
        async with asyncio.timeout(FIVE_S):
            await anext(aiter(venue.reports()))  # connected
        yield Shop(venue, market, clock, lambda _: None)


@pytest.fixture(params=[paper_shop, scripted_shop, live_shop], ids=["paper", "scripted", "live"])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    async with request.param() as opened:
        yield opened


async def test_an_order_is_named_before_it_is_sent_and_always_alike(shop: Shop) -> None:
    intent, now_ns = shop.intent(Side.BUY, "10", "0.52", TimeInForce.FAK), shop.clock.now_ns()
    first, again = (shop.venue.prepare(intent, now_ns=now_ns) for _ in range(2))
    assert first == again
    assert first.intent == intent.id
    assert first.id.startswith("0x")
    assert len(first.id) == 66


async def test_what_is_taken_is_named_told_and_listed_alike(shop: Shop) -> None:
    since_s = shop.clock.now_ns() // 1_000_000_000 - 5
    order = shop.order(Side.BUY, "10.4", "0.52", TimeInForce.FAK)
    answer = await shop.venue.submit(order)
    assert isinstance(answer, Accepted), answer
    assert (answer.order, answer.resting, answer.delayed) == (order.id, False, False)
    assert len(answer.trades) == 1
    told = await _first_fill(shop.venue)
    listed = await shop.venue.fills(since_s=since_s)
    assert isinstance(listed, list)
    for fill in (told, *listed):
        assert (fill.order, fill.trade) == (order.id, answer.trades[0])
        assert (fill.side, fill.shares, fill.usdc) == (Side.BUY, Shares.parse("20"), Usdc.parse("10.4"))
    assert not isinstance(seen := await shop.venue.look_up(order.id), OrderReport) or not seen.open


async def _first_fill(venue: Venue) -> OurFill:
    async with asyncio.timeout(FIVE_S):
        async for report in venue.reports():
            if isinstance(report, OurFill):
                return report
    raise AssertionError("the stream ended")


async def test_a_rest_is_found_and_cancelled_once(shop: Shop) -> None:
    shop.script(Plan(fill="0"))
    order = shop.order(Side.BUY, "10", "0.4", TimeInForce.GTC)
    answer = await shop.venue.submit(order)
    assert isinstance(answer, Accepted)
    assert (answer.resting, answer.trades) == (True, ())
    resting = await shop.venue.look_up(order.id)
    assert isinstance(resting, OrderReport)
    assert (resting.order, resting.open, resting.matched) == (order.id, True, ZERO_SHARES)
    assert await shop.venue.cancel([order.id]) == Cancelled((order.id,))
    again = await shop.venue.cancel([order.id])
    assert isinstance(again, Cancelled)
    assert (again.gone, [kept for kept, _ in again.kept]) == ((), [order.id])
    assert not isinstance(seen := await shop.venue.look_up(order.id), OrderReport) or not seen.open


async def test_what_finds_nothing_is_refused_and_unknown_afterwards(shop: Shop) -> None:
    shop.script(Plan(Answer.REFUSE))
    order = shop.order(Side.BUY, "10", "0.4", TimeInForce.FAK)
    assert isinstance(await shop.venue.submit(order), Refused)
    assert await shop.venue.look_up(order.id) == Absent()


async def test_an_order_never_sent_is_absent(shop: Shop) -> None:
    assert await shop.venue.look_up(OrderId("0x" + "77" * 32)) == Absent()
