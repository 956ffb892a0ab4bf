"""The Data API shows what happened, late, in pages, through a cache."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest

from official import client_for
from polybot.core.ids import TokenId
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import SignatureType
from polybot.simulator.desk import OpenedAccount
from polybot.simulator.options import Delays, Options
from polybot.simulator.server import Simulator
from polybot.utils.clock import ManualClock
from simulated_venue import V1, Running, still_world


class Late:
    """A simulator with the venue's own delays and cache, on a clock moved by hand."""

    def __init__(self, session: aiohttp.ClientSession, simulator: Simulator, clock: ManualClock, url: str) -> None:
        self.session = session
        self.simulator = simulator
        self.clock = clock
        self.url = url
        self.alice = simulator.desk.open_account(
            signature_type=SignatureType.POLY_PROXY, balance=Usdc.parse("1000"), name="alice"
        )
        market = simulator.world.exchange.market(V1)
        assert market is not None
        self.token = TokenId(market.outcomes[0].token)

    def trade(self, side: Side, shares: str) -> None:
        self.simulator.world.step(self.clock.now_ns())
        price = Price.parse("0.60" if side is Side.BUY else "0.40")
        self.simulator.desk.trade(trader="alice", token=self.token, side=side, size=Shares.parse(shares), price=price)

    async def advance(self, seconds: float) -> None:
        await self.simulator.control.advance(seconds)

    async def get(self, path: str, **query: str) -> tuple[aiohttp.ClientResponse, Any]:
        asked = {"user": self.alice.wallet, **query}
        async with self.session.get(self.url + path, params=asked) as answer:
            return answer, msgspec.json.decode(await answer.read())


@pytest.fixture
async def late() -> AsyncIterator[Late]:
    clock = ManualClock()
    simulator = Simulator(still_world(clock.now_ns()), clock, Options(delays=Delays()))
    urls = await simulator.start()
    async with aiohttp.ClientSession() as session:
        yield Late(session, simulator, clock, urls.data)
    await simulator.stop()


async def test_a_fill_shows_once_the_list_was_renewed_after_its_block(late: Late) -> None:
    late.trade(Side.BUY, "10")
    assert (await late.get("/v2/activity", _="0"))[1]["data"] == []
    await late.advance(8)
    _, body = await late.get("/v2/activity", _="1")
    row = body["data"][0]
    assert row["proxy_wallet"] == late.alice.wallet.lower()
    assert (row["type"], row["side"], row["price"]) == ("TRADE", "BUY", 0.52)
    assert row["name"] == "alice"
    assert row["usdc_size"] > row["size"] * row["price"]
    assert body["pagination"] == {"limit": 100, "offset": 0, "has_more": False, "next_cursor": None}


async def test_the_same_url_is_answered_from_the_cache(late: Late) -> None:
    first, body = await late.get("/v2/activity")
    assert first.headers["x-cache"] == "Miss from cloudfront"
    assert first.headers["Cache-Control"] == "public, max-age=15"
    late.trade(Side.BUY, "10")
    await late.advance(14)
    hit, stale = await late.get("/v2/activity")
    assert (hit.headers["x-cache"], hit.headers["Age"]) == ("Hit from cloudfront", "14")
    assert hit.headers["x-trace-id"] == first.headers["x-trace-id"]
    assert stale == body
    await late.advance(1)
    assert (await late.get("/v2/activity"))[1]["data"]


async def test_pages_cover_everything_once_in_both_directions(late: Late) -> None:
    for shares in ("10", "11", "12", "13", "14"):
        late.trade(Side.BUY, shares)
        await late.advance(1)
    await late.advance(10)
    _, whole = await late.get("/v2/activity")
    for direction, expected in (("DESC", whole["data"]), ("ASC", whole["data"][::-1])):
        seen, cursor = [], ""
        while True:
            _, page = await late.get("/v2/activity", limit="2", sort_direction=direction, cursor=cursor)
            seen += page["data"]
            if not page["pagination"]["has_more"]:
                break
            cursor = page["pagination"]["next_cursor"]
        assert seen == expected
        assert len(seen) == 5


@pytest.mark.parametrize("query", [{"limit": "1001"}, {"cursor": "forged"}, {"type": "GIFT"}])
async def test_a_bad_request_names_its_parameter(late: Late, query: dict[str, str]) -> None:
    answer, body = await late.get("/v2/activity", **query)
    assert answer.status == 400
    assert (body["code"], body["parameter"], body["retryable"]) == ("invalid_request", next(iter(query)), False)


async def test_positions_follow_the_trades(late: Late) -> None:
    late.trade(Side.BUY, "100")
    late.trade(Side.SELL, "40")
    await late.advance(10)
    (held,) = (await late.get("/v2/positions"))[1]["data"]
    assert (held["current_size"], held["total_size"], held["avg_price"]) == (60, 100, 0.52)
    assert held["status"] == "OPEN"
    assert held["realized_pnl"] == pytest.approx(-0.8 - 0.4)  # the fee of the sale was kept back
    late.trade(Side.SELL, "60")
    await late.advance(10)
    assert (await late.get("/v2/positions"))[1]["data"] == []
    (closed,) = (await late.get("/v2/positions", status="CLOSED"))[1]["data"]
    assert (closed["current_size"], closed["status"]) == (0, "CLOSED")


async def test_a_resolution_pays_out_as_a_redemption(late: Late) -> None:
    late.trade(Side.BUY, "100")
    await late.advance(10)
    late.simulator.world.exchange.resolve(V1, winner=late.token)
    await late.advance(6)
    (held,) = (await late.get("/v2/positions"))[1]["data"]
    assert (held["status"], held["redeemable"], held["current_value"]) == ("REDEEMABLE", True, 100)
    await late.advance(20)
    redeemed, bought = (await late.get("/v2/activity"))[1]["data"]
    assert (redeemed["type"], redeemed["token_id"], redeemed["usdc_size"], redeemed["price"]) == ("REDEEM", "", 100, 0)
    assert bought["type"] == "TRADE"
    assert [row["type"] for row in (await late.get("/v2/trades"))[1]["data"] if "type" in row] == []


async def test_the_official_client_reads_it(simulator: Running) -> None:
    account: OpenedAccount = simulator.simulator.desk.open_account(
        signature_type=SignatureType.POLY_1271, balance=Usdc.parse("1000"), name="bob"
    )
    token = TokenId(simulator.market(V1).outcomes[0].token)
    simulator.simulator.desk.trade(trader="bob", token=token, side=Side.BUY, amount=Usdc.parse("26"))
    await simulator.advance(10)
    client = await client_for(simulator.urls, account)
    try:
        (activity,) = (await client.list_activity().first_page()).items
        (trade,) = (await client.list_trades().first_page()).items
        (position,) = (await client.list_positions().first_page()).items
        assert str(activity.transaction_hash) == str(trade.transaction_hash)
        assert position.current_size == trade.size == 50
        market = await client.get_market(slug=simulator.market(V1).slug)
        assert str(market.outcomes.yes.token_id) == token
        listed = await client.list_markets(closed=False).first_page()
        assert len(listed.items) == 3
        people = await client.search(q="bob", search_profiles=True).first_page()
        assert people.items[0].profiles[0].name == "bob"
    finally:
        await client.close()
