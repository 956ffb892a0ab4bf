"""What anyone may read: batches of prices, history, a market's newest trades."""

from typing import Any

import msgspec
from clob_venue import Venue

from caller import Caller
from polybot.core.market import Side
from polybot.core.money import Price, Usdc
from simulated_venue import V1


async def post(caller: Caller, path: str, body: object) -> Any:
    status, answer = await caller.call("POST", path, body=msgspec.json.encode(body))
    assert status == 200, answer
    return answer


def trade(venue: Venue, caller: Caller, price: str = "0.60") -> None:
    venue.running.simulator.desk.trade(
        trader=caller.account.wallet,
        token=venue.running.market(V1).outcomes[0].token,
        side=Side.BUY,
        amount=Usdc.parse("5.2"),
        price=Price.parse(price),
    )


async def test_batches_leave_out_what_is_unknown(venue: Venue, caller: Caller) -> None:
    yes, no = (outcome.token for outcome in venue.running.market(V1).outcomes)
    wishes = [{"token_id": yes}, {"token_id": no, "side": "SELL"}, {"token_id": "123"}]
    assert await post(caller, "/prices", wishes) == {yes: {"BUY": "0.5", "SELL": "0.52"}, no: {"SELL": "0.5"}}
    assert await post(caller, "/midpoints", wishes) == {yes: "0.51", no: "0.49"}
    assert await post(caller, "/spreads", wishes) == {yes: "0.02", no: "0.02"}
    assert [book["asset_id"] for book in await post(caller, "/books", wishes)] == [yes, no]
    assert [row["side"] for row in await post(caller, "/last-trades-prices", wishes)] == ["", ""]
    trade(venue, caller)
    last = await post(caller, "/last-trades-prices", wishes)
    assert last == [
        {"token_id": yes, "price": "0.52", "side": "BUY"},
        {"token_id": no, "price": "0.48", "side": "SELL"},
    ]
    assert (await caller.call("GET", f"/last-trade-price?token_id={no}"))[1] == {"price": "0.48", "side": "SELL"}
    too_many = msgspec.json.encode([{"token_id": yes}] * 501)
    assert (await caller.call("POST", "/prices", body=too_many))[0] == 400
    assert (await caller.call("POST", "/prices", body=b"{}"))[0] == 400


async def test_history_is_what_was_traded(venue: Venue, caller: Caller) -> None:
    yes, no = (outcome.token for outcome in venue.running.market(V1).outcomes)
    started_s = caller.now_s()
    trade(venue, caller)
    await venue.running.advance(600)
    trade(venue, caller)
    for query, points in (
        ("interval=1h", 2),
        ("interval=max", 2),
        ("interval=1h&fidelity=60000", 1),
        (f"startTs={started_s - 10}&endTs={started_s + 60}", 1),
        (f"startTs={started_s - 900}&endTs={started_s - 800}", 0),
    ):
        status, body = await caller.call("GET", f"/prices-history?market={yes}&{query}")
        assert (status, len(body["history"])) == (200, points), query
    assert (await caller.call("GET", f"/prices-history?market={no}&interval=1d"))[1]["history"][0]["p"] == 0.48
    both = await post(caller, "/batch-prices-history", {"markets": [yes, no, "1"], "interval": "1d"})
    assert {token: len(points) for token, points in both["history"].items()} == {yes: 2, no: 2, "1": 0}
    too_long = (400, {"error": "'startTs' and 'endTs' interval is too long"})
    span = f"startTs={started_s - 16 * 86_400}&endTs={started_s}"
    assert await caller.call("GET", f"/prices-history?market={yes}&{span}") == too_long
    for wrong in ("interval=2y", "startTs=now"):
        assert (await caller.call("GET", f"/prices-history?market={yes}&{wrong}"))[0] == 400


async def test_the_newest_trades_of_a_market(venue: Venue, caller: Caller) -> None:
    trade(venue, caller)
    await venue.running.advance(10)
    status, events = await caller.call("GET", f"/markets/live-activity/{V1}")
    assert status == 200
    mine = next(event for event in events if event["user"]["address"] == caller.account.wallet)
    assert (mine["side"], mine["size"], mine["price"], mine["outcome"]) == ("BUY", "10", "0.52", "Yes")
    assert await caller.call("GET", "/markets/live-activity/0x1") == (404, {"error": "market not found"})


async def test_a_closed_market_has_no_book(venue: Venue, caller: Caller) -> None:
    market = venue.running.market(V1)
    token = market.outcomes[0].token
    venue.running.simulator.world.exchange.resolve(V1, winner=token)
    gone = (404, {"error": "No orderbook exists for the requested token id"})
    for path in ("book", "midpoint", "spread", "last-trade-price"):
        assert await caller.call("GET", f"/{path}?token_id={token}") == gone
    assert await post(caller, "/books", [{"token_id": token}]) == []
    (shown,) = [row for row in (await caller.call("GET", "/markets"))[1]["data"] if row["condition_id"] == V1]
    assert (shown["closed"], shown["accepting_orders"]) == (True, False)
    sampled = (await caller.call("GET", "/sampling-markets"))[1]["data"]
    assert V1 not in {row["condition_id"] for row in sampled}
    assert (await caller.post(caller.order(market))) == gone
    assert await caller.call("GET", "/markets-by-token/1") == (404, {"error": "market not found"})
