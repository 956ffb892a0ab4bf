"""What may befall an order and its news, seen from the account that placed it."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from caller import Caller
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType, TimeInForce
from simulated_venue import V1, Running

Socket = aiohttp.ClientWebSocketResponse
ORDER = {"service": "clob", "method": "POST", "path": "/order"}


@pytest.fixture
async def caller(simulator: Running) -> AsyncIterator[Caller]:
    account = simulator.simulator.desk.open_account(
        signature_type=SignatureType.POLY_GNOSIS_SAFE, balance=Usdc.parse("1000")
    )
    async with aiohttp.ClientSession() as session:
        made = Caller(session, simulator.urls.clob, account, simulator.clock)
        await made.log_in()
        yield made


@pytest.fixture
async def socket(simulator: Running, caller: Caller) -> AsyncIterator[Socket]:
    async with aiohttp.ClientSession() as session, session.ws_connect(simulator.urls.ws_user) as opened:
        await opened.send_json({"type": "user", "auth": caller.key})
        await opened.send_str("PING")
        assert await opened.receive_str() == "PONG"
        yield opened


async def arm(simulator: Running, fault: str, **more: object) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{simulator.urls.control}/faults", json={"fault": fault, **more}) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def test_an_order_whose_answer_is_lost_is_placed(simulator: Running, caller: Caller) -> None:
    await arm(simulator, "lose_answer", scope=ORDER)
    order = caller.order(simulator.market(V1))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await caller.post(order)
    _, found = await caller.l2("GET", f"/data/order/{order.id}")
    assert found["status"] == "LIVE"


async def test_an_order_that_is_lost_was_never_placed(simulator: Running, caller: Caller) -> None:
    await arm(simulator, "lose_request", scope=ORDER, count=1)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await caller.post(caller.order(simulator.market(V1)))
    _, orders = await caller.l2("GET", "/data/orders")
    assert orders["data"] == []


async def test_an_order_that_arrives_twice(simulator: Running, caller: Caller) -> None:
    await arm(simulator, "duplicate", scope=ORDER, answer="second")
    status, answer = await caller.post(caller.order(simulator.market(V1)))
    assert status == 400
    assert answer["error"].endswith("is invalid. Duplicated.")
    _, orders = await caller.l2("GET", "/data/orders")
    assert len(orders["data"]) == 1


async def test_an_order_that_is_refused_though_it_was_placed(simulator: Running, caller: Caller) -> None:
    await arm(simulator, "refuse", error="timed_out", after=True, scope=ORDER)
    assert await caller.post(caller.order(simulator.market(V1))) == (500, {"error": "order timed out"})
    _, orders = await caller.l2("GET", "/data/orders")
    assert len(orders["data"]) == 1


async def test_a_fault_for_one_wallet_spares_others(simulator: Running, caller: Caller) -> None:
    await arm(simulator, "refuse", error="rounding", scope={**ORDER, "wallet": "0x" + "ab" * 20})
    assert (await caller.post(caller.order(simulator.market(V1))))[0] == 200
    await arm(simulator, "refuse", error="rounding", scope={**ORDER, "wallet": caller.account.wallet})
    assert (await caller.post(caller.order(simulator.market(V1))))[0] == 500


async def test_a_fill_is_told_before_the_order_is_answered(simulator: Running, caller: Caller, socket: Socket) -> None:
    await arm(simulator, "fill_before_ack", scope=ORDER)
    posted = caller.post(caller.order(simulator.market(V1), price="0.52", spend="26", tif=TimeInForce.FAK))
    status, answer = await posted
    heard: list[Any] = []
    while not any(frame["event_type"] == "trade" for frame in heard):
        heard.append(await socket.receive_json(timeout=0))
    assert status == 200
    assert heard[-1]["id"] in answer["tradeIDs"]


async def test_a_cancellation_overtakes_the_last_fill(simulator: Running, caller: Caller, socket: Socket) -> None:
    await arm(simulator, "fill_after_cancel", hold_s=3)
    order = caller.order(simulator.market(V1), price="0.52", shares="1500")
    await caller.post(order)
    await caller.l2("DELETE", "/cancel-all")
    told: list[Any] = []
    while not told or told[-1]["type"] != "CANCELLATION":
        told.append(await socket.receive_json(timeout=5))
    assert "trade" not in {frame["event_type"] for frame in told}
    assert (told[-1]["id"], told[-1]["size_matched"]) == (order.id, "0")
    await simulator.advance(4)
    late: list[Any] = []
    while not any(frame["event_type"] == "trade" and frame["status"] == "MATCHED" for frame in late):
        late.append(await socket.receive_json(timeout=5))


async def test_credentials_that_fail_late(simulator: Running, caller: Caller) -> None:
    await arm(simulator, "late_auth_failure", seconds=30)
    async with aiohttp.ClientSession() as session, session.ws_connect(simulator.urls.ws_user) as opened:
        await opened.send_json({"type": "user", "auth": caller.key})
        await opened.send_str("PING")
        assert await opened.receive_str() == "PONG"
        await simulator.advance(31)
        assert (await opened.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
