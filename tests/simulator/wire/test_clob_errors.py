"""The CLOB refuses in the venue's words."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from caller import Caller
from polybot.core.market import Side
from polybot.core.money import Usdc
from polybot.core.orders import Amounts, SignatureType, TimeInForce
from simulated_venue import V1, Running


@pytest.fixture
async def caller(simulator: Running) -> AsyncIterator[Caller]:
    account = simulator.simulator.desk.open_account(signature_type=SignatureType.POLY_1271, balance=Usdc.parse("100"))
    async with aiohttp.ClientSession() as session:
        made = Caller(session, simulator.urls.clob, account, simulator.clock)
        await made.log_in()
        yield made


async def test_a_key_is_created_once_and_derived_after(caller: Caller) -> None:
    assert await caller.l1("POST", "/auth/api-key") == (400, {"error": "Could not create api key"})
    assert await caller.l1("GET", "/auth/derive-api-key") == (200, caller.key)
    assert await caller.l1("GET", "/auth/derive-api-key", nonce=7) == (400, {"error": "Could not derive api key!"})
    assert await caller.l2("GET", "/auth/api-keys") == (200, {"apiKeys": [caller.key["apiKey"]]})
    assert await caller.l2("DELETE", "/auth/api-key") == (200, "OK")
    assert (await caller.call("GET", "/auth/api-keys", headers=caller.l2_headers("GET", "/auth/api-keys")))[0] == 401


async def test_l1_without_a_signature_is_refused(caller: Caller) -> None:
    assert await caller.call("POST", "/auth/api-key") == (401, {"error": "Invalid L1 Request headers"})


async def test_a_bad_hmac_is_refused(caller: Caller) -> None:
    unauthorized = (401, {"error": "Unauthorized/Invalid api key"})
    path = "/data/orders"
    stale = caller.l2_headers("GET", path, timestamp_s=caller.now_s() - 90)
    wrong_path = caller.l2_headers("GET", "/data/trades")
    foreign_key = {**caller.l2_headers("GET", path), "POLY_API_KEY": "someone-elses"}
    for headers in (stale, wrong_path, foreign_key, {}):
        assert await caller.call("GET", path, headers=headers) == unauthorized
    assert (await caller.l2("GET", path, query="?market=0x1"))[0] == 200


async def test_a_body_that_was_not_signed_is_refused(caller: Caller, simulator: Running) -> None:
    body = caller.order(simulator.market(V1)).body
    headers = caller.l2_headers("POST", "/order", body)
    assert (await caller.call("POST", "/order", body=body + b" ", headers=headers))[0] == 401


async def test_an_unreadable_order_is_refused(caller: Caller) -> None:
    assert await caller.l2("POST", "/order", body=b'{"order":1}') == (400, {"error": "Invalid order payload"})


async def test_another_owner_is_refused(caller: Caller, simulator: Running) -> None:
    order = caller.order(simulator.market(V1), owner="00000000-0000-0000-0000-000000000000")
    assert await caller.post(order) == (400, {"error": "the order owner has to be the owner of the API KEY"})


async def test_an_off_tick_price_is_refused(caller: Caller, simulator: Running) -> None:
    order = caller.order(simulator.market(V1), amounts=Amounts(making=4_050_000, taking=10_000_000))
    status, body = await caller.post(order)
    assert status == 400
    assert body["error"] == f"order {order.id} is invalid. Price (0.405) breaks minimum tick size rule: 0.01"


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"shares": "4"}, "Size (4) lower than the minimum: 5"),
        ({"shares": "500"}, "not enough balance / allowance: the balance is not enough -> balance: 100000000"),
        ({"price": "0.53", "post_only": True}, "invalid post-only order: order crosses book"),
        ({"tif": TimeInForce.GTD, "expiration_s": 1_795_000_000}, "invalid expiration"),
        ({"price": "0.52", "spend": "0.52", "tif": TimeInForce.FAK}, "min size: $1"),
        ({"price": "0.51", "spend": "5", "tif": TimeInForce.FAK}, "no orders found to match with FAK order"),
        ({"price": "0.51", "spend": "5", "tif": TimeInForce.FOK}, "FOK orders are fully filled or killed."),
        ({"side": Side.SELL}, "not enough balance / allowance"),
    ],
)
async def test_the_rules_of_the_market(
    caller: Caller, simulator: Running, order: dict[str, object], words: str
) -> None:
    status, body = await caller.post(caller.order(simulator.market(V1), **order))  # type: ignore[arg-type]
    assert status == 400
    assert words in body["error"]


async def test_the_same_order_again_is_a_duplicate(caller: Caller, simulator: Running) -> None:
    order = caller.order(simulator.market(V1))
    assert (await caller.post(order))[1]["status"] == "live"
    assert await caller.post(order) == (400, {"error": f"order {order.id} is invalid. Duplicated."})


async def test_a_match_is_answered_in_human_units(caller: Caller, simulator: Running) -> None:
    order = caller.order(simulator.market(V1), price="0.60", spend="26", tif=TimeInForce.FAK)
    status, body = await caller.post(order)
    assert status == 200
    assert body == {
        "success": True,
        "errorMsg": "",
        "orderID": order.id,
        "status": "matched",
        "makingAmount": "26",
        "takingAmount": "50",
        "tradeIDs": body["tradeIDs"],
    }
    rows = (await caller.l2("GET", "/data/trades", query=f"?id={body['tradeIDs'][0]}"))[1]["data"]
    assert rows[0]["status"] == "TRADE_STATUS_MATCHED"
    assert rows[0]["trader_side"] == "TAKER"
    assert rows[0]["transaction_hash"] == ""


async def test_cancels_tell_what_was_not_there(caller: Caller, simulator: Running) -> None:
    order = caller.order(simulator.market(V1))
    await caller.post(order)
    unknown = "0x" + "ab" * 32
    both = f'["{order.id}","{unknown}"]'.encode()
    status, body = await caller.l2("DELETE", "/orders", body=both)
    assert (status, body["canceled"]) == (200, [order.id])
    assert body["not_canceled"] == {unknown: "Order not found or already canceled"}
    assert await caller.l2("DELETE", "/order", body=b'{"orderID":"7"}') == (400, {"error": "Invalid orderID"})


async def test_cancel_all_and_by_market(caller: Caller, simulator: Running) -> None:
    first, second = caller.order(simulator.market(V1)), caller.order(simulator.market(V1), price="0.41")
    await caller.post(first)
    body = f'{{"market":"{V1}"}}'.encode()
    assert (await caller.l2("DELETE", "/cancel-market-orders", body=body))[1]["canceled"] == [first.id]
    await caller.post(second)
    assert (await caller.l2("DELETE", "/cancel-all"))[1]["canceled"] == [second.id]
    assert (await caller.l2("GET", "/data/orders"))[1] == {"limit": 500, "next_cursor": "LTE=", "count": 0, "data": []}
    ended = (await caller.l2("GET", "/data/orders", query=f"?id={first.id}"))[1]["data"]
    assert [order["status"] for order in ended] == ["CANCELED"]


async def test_a_batch_answers_each_order(caller: Caller, simulator: Running) -> None:
    good = caller.order(simulator.market(V1))
    bad = caller.order(simulator.market(V1), shares="4")
    body = b"[" + good.body + b"," + bad.body + b"]"
    status, answers = await caller.l2("POST", "/orders", body=body)
    assert status == 200
    assert [answer["orderID"] for answer in answers] == [good.id, ""]
    assert "lower than the minimum" in answers[1]["errorMsg"]
    too_many = b"[" + b",".join([good.body] * 16) + b"]"
    words = "Too many orders in payload: 16, max allowed: 15"
    assert await caller.l2("POST", "/orders", body=too_many) == (400, {"error": words})
