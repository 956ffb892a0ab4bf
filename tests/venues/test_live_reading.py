"""What the live venue makes of rows it cannot read yet, and of orders that cannot rest."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from aiohttp import web
from shelf import StillShelf, make_market

from polybot.core.ids import OrderId, Wallet
from polybot.core.money import Shares
from polybot.core.orders import SignatureType
from polybot.polymarket.auth import ApiCredentials, L2Auth
from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.order_body import OrderFactory
from polybot.polymarket.rest.account import ClobAccount
from polybot.polymarket.rest.data import DataClient
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.signing import LocalSigner
from polybot.polymarket.streams.user import UserStream
from polybot.ports.venue import Absent, Holding, NoAnswer, OrderReport
from polybot.telemetry.memory import MemoryTelemetry
from polybot.utils.clock import SystemClock
from polybot.venues.live import LiveVenue

MARKET = make_market(1)
YES = MARKET.outcomes[0].token
ORDER = OrderId("0x" + "ab" * 32)
CREDENTIALS = ApiCredentials("us", "c2VjcmV0", "pass")
SIGNER = LocalSigner.from_hex("0x" + "01" * 32)


def trade(name: str, *, status: str = "TRADE_STATUS_MATCHED") -> dict[str, object]:
    return {
        "id": name,
        "taker_order_id": ORDER,
        "market": MARKET.condition,
        "asset_id": YES,
        "side": "BUY",
        "size": "10",
        "price": "0.5",
        "status": status,
        "owner": "us",
        "match_time": "1795000000",
        "trader_side": "TAKER",
        "maker_orders": [],
    }


def order(*, order_type: str, status: str, matched: str) -> dict[str, object]:
    return {
        "id": ORDER,
        "market": MARKET.condition,
        "asset_id": YES,
        "side": "BUY",
        "original_size": "10",
        "size_matched": matched,
        "price": "0.5",
        "status": status,
        "order_type": order_type,
    }


def position(status: str, *, redeemable: bool) -> dict[str, object]:
    numbers = dict.fromkeys(("current_size", "avg_price", "current_price", "current_value"), 7)
    return {
        **numbers,
        "proxy_wallet": SIGNER.address.lower(),
        "token_id": YES,
        "condition_id": MARKET.condition,
        "status": status,
        "redeemable": redeemable,
        "mergeable": False,
        "negative_risk": False,
    }


class Clob:
    """Answers what the test says."""

    def __init__(self) -> None:
        self.trades: list[dict[str, object]] = []
        self.order: dict[str, object] = {}
        self.positions: list[dict[str, object]] = []
        self.shelf = StillShelf(MARKET)
        self.telemetry = MemoryTelemetry()
        self.broken = False

    async def answer(self, request: web.Request) -> web.Response:
        if self.broken:
            return web.Response(status=400, text="no")
        listing = {"limit": 500, "count": len(self.trades), "next_cursor": "LTE=", "data": self.trades}
        bodies = {"/data/trades": listing, "/v2/positions": {"data": self.positions}}
        body = bodies.get(request.path, self.order)
        return web.Response(body=msgspec.json.encode(body), content_type="application/json")

    @asynccontextmanager
    async def venue(self) -> AsyncIterator[LiveVenue]:
        app = web.Application()
        app.router.add_get("/{path:.*}", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        clock, wallet = SystemClock(), Wallet(SIGNER.address.lower())
        async with HttpClient(url, gate=polymarket_gate(clock), clock=clock) as http:
            yield LiveVenue(
                account=ClobAccount(http, auth=L2Auth(SIGNER.address, CREDENTIALS), clock=clock),
                data=DataClient(http, clock=clock),
                stream=UserStream("ws://127.0.0.1:1", credentials=CREDENTIALS, clock=clock),
                factory=OrderFactory(SIGNER, funder=wallet, signature_type=SignatureType.EOA, api_key="us"),
                market_data=self.shelf,
                wallet=wallet,
                signature_type=SignatureType.EOA,
                api_key="us",
                clock=clock,
                telemetry=self.telemetry,
            )
        await runner.cleanup()


async def test_a_trade_of_an_unknown_status_is_skipped_counted_and_read_once_it_is_known() -> None:
    clob = Clob()
    clob.trades = [trade("t1", status="PONDERING"), trade("t2")]
    async with clob.venue() as venue:
        first = await venue.fills(since_s=0)
        clob.trades[0] = trade("t1")
        second = await venue.fills(since_s=0)
    assert not isinstance(first, NoAnswer)
    assert not isinstance(second, NoAnswer)
    assert [fill.trade for fill in first] == ["t2"]
    assert [fill.trade for fill in second] == ["t1", "t2"]
    assert clob.telemetry.counters["trades.unread"] == 1


async def test_a_trade_of_a_market_that_is_not_loaded_waits_for_its_fee() -> None:
    clob = Clob()
    clob.trades = [trade("t1")]
    clob.shelf.hidden.add(YES)
    async with clob.venue() as venue:
        assert await venue.fills(since_s=0) == []
        clob.shelf.hidden.clear()
        assert len(await venue.fills(since_s=0)) == 1  # type: ignore[arg-type]


async def test_an_order_whose_trade_cannot_be_read_is_not_absent() -> None:
    clob = Clob()
    clob.trades = [trade("t1", status="PONDERING")]
    async with clob.venue() as venue:
        assert await venue.look_up(ORDER) == Absent()
        await venue.fills(since_s=0)
        assert isinstance(await venue.look_up(ORDER), NoAnswer)
        clob.trades = [trade("t1")]
        await venue.fills(since_s=0)
        assert await venue.look_up(ORDER) == Absent()


async def test_shares_of_an_ended_market_are_told_apart() -> None:
    clob = Clob()
    clob.positions = [position("OPEN", redeemable=False), position("REDEEMABLE", redeemable=True)]
    async with clob.venue() as venue:
        assert await venue.holdings() == [
            Holding(YES, Shares.parse("7")),
            Holding(YES, Shares.parse("7"), redeemable=True),
        ]


async def test_an_order_that_cannot_be_read_is_no_answer() -> None:
    clob = Clob()
    clob.order = order(order_type="GTC", status="LIVE", matched="much")
    async with clob.venue() as venue:
        assert isinstance(await venue.look_up(ORDER), NoAnswer)


@pytest.mark.parametrize(
    ("order_type", "status", "is_open"),
    [
        ("FAK", "MATCHED", False),
        ("FAK", "ORDER_STATUS_MATCHED", False),
        ("FAK", "DELAYED", True),
        ("GTC", "MATCHED", True),
        ("GTC", "CANCELED_the market has ended", False),
    ],
)
async def test_what_cannot_rest_has_ended_once_it_is_matched(order_type: str, status: str, *, is_open: bool) -> None:
    clob = Clob()
    clob.order = order(order_type=order_type, status=status, matched="4")
    async with clob.venue() as venue:
        seen = await venue.look_up(ORDER)
    assert seen == OrderReport(ORDER, open=is_open, matched=Shares.parse("4"), status=status)


async def test_a_venue_that_fails_is_no_answer() -> None:
    clob = Clob()
    clob.broken = True
    async with clob.venue() as venue:
        answers = [await venue.look_up(ORDER), await venue.fills(since_s=0), await venue.balance()]
    assert [type(answer) for answer in answers] == [NoAnswer] * 3
