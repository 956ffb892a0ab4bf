"""Own orders and trades, notifications, rewards and builder records."""

from typing import Any

import pytest
from clob_venue import Venue, open_venue

from caller import Caller
from polybot.core.market import Side
from polybot.core.money import Shares
from polybot.core.orders import TimeInForce
from polybot.simulator.engine.meddler import Fate, Honest
from polybot.simulator.engine.model import SimTrade
from polybot.simulator.rest.clob_options import ClobOptions
from simulated_venue import NEG_RISK, V1

BUILDER = bytes(range(32))
CODE = "0x" + BUILDER.hex()


async def buy(caller: Caller, venue: Venue, *, builder: bytes = bytes(32)) -> dict[str, Any]:
    order = caller.order(venue.running.market(V1), price="0.60", spend="5.2", tif=TimeInForce.FAK, builder=builder)
    status, body = await caller.post(order)
    assert status == 200, body
    return dict(body)


async def data(caller: Caller, path: str, query: str = "") -> list[Any]:
    status, body = await caller.l2("GET", path, query=query)
    assert status == 200, body
    return list(body["data"])


async def test_an_order_is_found_by_both_paths_and_only_by_its_owner(venue: Venue, caller: Caller) -> None:
    order = caller.order(venue.running.market(V1))
    await caller.post(order)
    shown = await caller.l2("GET", f"/data/order/{order.id}")
    assert (shown[0], shown[1]["id"], shown[1]["status"]) == (200, order.id, "LIVE")
    assert await caller.l2("GET", f"/order/{order.id}") == shown
    stranger = await venue.caller()
    assert (await stranger.l2("GET", f"/data/order/{order.id}"))[0] == 404
    assert await data(stranger, "/data/orders", f"?id={order.id}") == []


@pytest.mark.parametrize(("found", "statuses"), [(True, ["CANCELED"]), (False, [])])
async def test_a_filter_by_id_may_find_what_has_ended(found: bool, statuses: list[str]) -> None:
    async with open_venue(ClobOptions(ended_orders_by_id=found)) as venue:
        caller = await venue.caller()
        order = caller.order(venue.running.market(V1))
        await caller.post(order)
        await caller.l2("DELETE", "/cancel-all")
        rows = await data(caller, "/data/orders", f"?id={order.id}")
        assert [row["status"] for row in rows] == statuses


async def test_every_list_pages() -> None:
    async with open_venue(ClobOptions(page_size=2)) as venue:
        caller = await venue.caller()
        for price in ("0.40", "0.41", "0.42"):
            await caller.post(caller.order(venue.running.market(V1), price=price))
            await buy(caller, venue, builder=BUILDER)
        for path, query, total in (
            ("/data/orders", "", 3),
            ("/data/trades", "", 3),
            ("/builder/trades", f"&builder_code={CODE}", 3),
            ("/markets", "", 3),
            ("/simplified-markets", "", 3),
            ("/sampling-markets", "", 3),
            ("/sampling-simplified-markets", "", 3),
            ("/data/pre-migration-orders", "", 0),
            ("/rewards/markets/current", "", 0),
        ):
            assert await paged(caller, path, query) == total, path
        status, body = await caller.l2("GET", "/data/orders", query="?next_cursor=LTE=")
        assert (status, "error" in body) == (400, True)


async def paged(caller: Caller, path: str, query: str) -> int:
    seen, cursor, pages = 0, "MA==", 0
    while cursor != "LTE=":
        status, body = await caller.l2("GET", path, query=f"?next_cursor={cursor}{query}")
        assert status == 200, body
        assert (body["limit"], body["count"]) == (2, len(body["data"]))
        seen, cursor, pages = seen + body["count"], body["next_cursor"], pages + 1
    assert pages == max(1, (seen + 1) // 2)
    return seen


async def test_trades_are_filtered(venue: Venue, caller: Caller) -> None:
    market = venue.running.market(V1)
    bought = await buy(caller, venue)
    (trade_id,) = bought["tradeIDs"]
    now_s = venue.running.simulator.world.exchange.now_ns // 1_000_000_000
    for query, found in (
        (f"?id={trade_id}", 1),
        ("?id=nothing", 0),
        (f"?market={V1}", 1),
        (f"?market={NEG_RISK}", 0),
        (f"?asset_id={market.outcomes[0].token}", 1),
        (f"?asset_id={market.outcomes[1].token}", 0),
        (f"?maker_address={caller.account.wallet}", 1),
        ("?maker_address=0x" + "12" * 20, 0),
        (f"?after={now_s - 60}&before={now_s + 60}", 1),
        (f"?after={now_s + 60}", 0),
        (f"?before={now_s - 60}", 0),
    ):
        assert len(await data(caller, "/data/trades", query)) == found, query


class Failing(Honest):
    def fate(self, trade: SimTrade) -> Fate:
        return Fate(retries=1, fails=True)


async def test_a_trade_that_fails_says_so(venue: Venue, caller: Caller) -> None:
    venue.running.simulator.world.exchange.meddler = Failing()
    await buy(caller, venue)
    seen: dict[str, set[str]] = {}
    for _ in range(40):
        (row,) = await data(caller, "/data/trades")
        seen.setdefault(row["status"], set()).add(str(row["err_msg"]))
        await venue.running.advance(0.5)
    assert list(seen) == ["TRADE_STATUS_MATCHED", "TRADE_STATUS_RETRYING", "TRADE_STATUS_FAILED"]
    assert [len(words) for words in seen.values()] == [1, 1, 1]
    assert seen["TRADE_STATUS_FAILED"] == {"execution reverted"}
    _, told = await caller.l2("GET", "/notifications")
    assert [one["type"] for one in told] == [8]


async def test_a_match_may_wait_for_its_broadcast() -> None:
    async with open_venue(ClobOptions(unbroadcast_s=60)) as venue:
        caller = await venue.caller()
        await buy(caller, venue)
        (row,) = await data(caller, "/data/trades")
        assert row["status"] == "TRADE_STATUS_MATCHED_NOT_BROADCASTED"
        await venue.running.advance(30)
        (row,) = await data(caller, "/data/trades")
        assert row["status"] == "TRADE_STATUS_CONFIRMED"


async def test_a_builder_reads_its_trades_with_fees(venue: Venue, caller: Caller) -> None:
    assert (await caller.call("GET", f"/fees/builder-fees/{CODE}"))[0] == 404
    await buy(caller, venue, builder=BUILDER)
    await buy(caller, venue)
    (row,) = (await caller.call("GET", f"/builder/trades?builder_code={CODE}"))[1]["data"]
    assert (row["builder"], row["size"], row["tradeType"]) == (CODE, "10", "TAKER")
    assert float(row["feeUsdc"]) > 0
    assert await caller.call("GET", f"/fees/builder-fees/{CODE}") == (
        200,
        {"builder_maker_fee_rate_bps": 0, "builder_taker_fee_rate_bps": 0},
    )
    assert (await caller.call("GET", "/builder/trades"))[0] == 400


async def test_no_order_scores_and_no_reward_is_due(venue: Venue, caller: Caller) -> None:
    order = caller.order(venue.running.market(V1))
    await caller.post(order)
    assert await caller.l2("GET", "/order-scoring", query=f"?order_id={order.id}") == (200, {"scoring": False})
    ids = f'["{order.id}"]'.encode()
    assert await caller.l2("POST", "/orders-scoring", body=ids) == (200, {order.id: False})
    assert await data(caller, "/rewards/user", "?date=2026-11-22") == []
    assert await caller.l2("GET", "/rewards/user/total") == (200, [])
    assert await caller.l2("GET", "/rewards/user/percentages") == (200, {})
    assert await data(caller, "/rewards/user/markets") == []
    assert await data(caller, "/rewards/markets/multi") == []
    assert await data(caller, f"/rewards/markets/{V1}") == []
    assert await caller.call("GET", "/rebates/current?date=2026-11-22&maker_address=0x") == (200, [])


async def test_notifications_are_kept_until_dropped(venue: Venue, caller: Caller) -> None:
    await caller.post(caller.order(venue.running.market(V1)))
    await caller.l2("DELETE", "/cancel-all")
    await buy(caller, venue)
    await venue.running.advance(20)
    _, told = await caller.l2("GET", "/notifications", query="?signature_type=3")
    assert [one["type"] for one in told] == [1, 2]
    assert told[1]["payload"]["transaction_hash"].startswith("0x")
    assert told[1]["payload"]["matched_size"] == "10"
    assert await caller.l2("DELETE", "/notifications", query=f"?ids={told[0]['id']}") == (200, "OK")
    _, left = await caller.l2("GET", "/notifications")
    assert left == told[1:]
    assert (await caller.l2("DELETE", "/notifications", query="?ids=x"))[0] == 400


async def test_a_maker_and_a_holder_are_notified(venue: Venue, caller: Caller) -> None:
    market = venue.running.market(V1)
    await caller.post(caller.order(market, price="0.51", shares="10"))
    account = venue.running.simulator.desk
    seller = await venue.caller()
    exchange = venue.running.simulator.world.exchange
    wallet = exchange.accounts.find(seller.account.wallet.lower())  # type: ignore[arg-type]
    assert wallet is not None
    exchange.grant(wallet, market.outcomes[0].token, Shares.parse("10"))
    account.trade(trader=seller.account.wallet, token=market.outcomes[0].token, side=Side.SELL, size=Shares.parse("10"))
    await venue.running.advance(10)
    exchange.resolve(V1, winner=market.outcomes[0].token)
    _, told = await caller.l2("GET", "/notifications")
    assert [one["type"] for one in told][:2] == [2, 4]
    assert told[1]["payload"]["condition_id"] == V1
