"""The user socket tells an account its own orders and trades, and no one else's."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from caller import Caller
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType, TimeInForce
from polybot.simulator.faults.script import parse_script
from simulated_venue import NEG_RISK, V1, Running

Socket = aiohttp.ClientWebSocketResponse


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
async def socket(simulator: Running) -> AsyncIterator[Socket]:
    async with aiohttp.ClientSession() as session, session.ws_connect(simulator.urls.ws_user) as opened:
        yield opened


async def subscribe(socket: Socket, caller: Caller, **more: object) -> None:
    await socket.send_json({"type": "user", "auth": caller.key, **more})
    await socket.send_str("PING")
    assert await socket.receive_str() == "PONG"


async def test_an_order_from_placement_to_cancellation(simulator: Running, caller: Caller, socket: Socket) -> None:
    await subscribe(socket, caller)
    order = caller.order(simulator.market(V1))
    await caller.post(order)
    placed: Any = await socket.receive_json(timeout=5)
    assert (placed["event_type"], placed["type"], placed["status"]) == ("order", "PLACEMENT", "LIVE")
    assert (placed["id"], placed["original_size"], placed["size_matched"]) == (order.id, "10", "0")
    assert placed["owner"] == placed["order_owner"] == caller.key["apiKey"]
    assert placed["associate_trades"] is None
    await caller.l2("DELETE", "/cancel-all")
    gone: Any = await socket.receive_json(timeout=5)
    assert (gone["type"], gone["id"]) == ("CANCELLATION", order.id)
    assert gone["status"].startswith("CANCELED")


async def test_a_trade_is_told_at_every_step(simulator: Running, caller: Caller, socket: Socket) -> None:
    await subscribe(socket, caller, markets=[V1])
    await caller.post(caller.order(simulator.market(NEG_RISK), price="0.52", spend="26", tif=TimeInForce.FAK))
    _, answer = await caller.post(caller.order(simulator.market(V1), price="0.52", spend="26", tif=TimeInForce.FAK))
    await simulator.advance(10)
    seen: list[Any] = []
    while len(seen) < 3:
        frame: Any = await socket.receive_json(timeout=5)
        assert frame["market"] == V1
        if frame["event_type"] == "trade":
            seen.append(frame)
    assert [frame["status"] for frame in seen] == ["MATCHED", "MINED", "CONFIRMED"]
    assert {frame["id"] for frame in seen} == set(answer["tradeIDs"])
    assert [bool(frame["transaction_hash"]) for frame in seen] == [False, True, True]
    assert seen[0]["trader_side"] == "TAKER"
    assert seen[0]["maker_orders"][0]["matched_amount"] == "50"


@pytest.mark.parametrize("frame", ['{"type":"user"}', "noise"])
async def test_without_credentials_the_socket_is_closed(simulator: Running, socket: Socket, frame: str) -> None:
    await socket.send_str(frame)
    assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE


async def test_wrong_credentials_close_the_socket(caller: Caller, socket: Socket) -> None:
    await socket.send_json({"type": "user", "auth": {**caller.key, "secret": "wrong"}})
    assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE


async def test_markets_come_and_go_on_an_open_socket(simulator: Running, caller: Caller, socket: Socket) -> None:
    await subscribe(socket, caller, markets=[V1])
    await socket.send_json({"operation": "subscribe", "markets": [NEG_RISK]})
    await socket.send_json({"operation": "unsubscribe", "markets": [V1]})
    await socket.send_str("PING")
    assert await socket.receive_str() == "PONG"
    await caller.post(caller.order(simulator.market(V1)))
    await caller.post(caller.order(simulator.market(NEG_RISK)))
    placed: Any = await socket.receive_json(timeout=5)
    assert placed["market"] == NEG_RISK


async def test_a_killed_order_is_told_with_its_reason(simulator: Running, caller: Caller, socket: Socket) -> None:
    await subscribe(socket, caller)
    order = caller.order(simulator.market(V1), price="0.51", spend="26.01", tif=TimeInForce.FOK)
    status, answer = await caller.post(order)
    assert status == 400
    killed: Any = await socket.receive_json(timeout=5)
    assert (killed["type"], killed["id"], killed["size_matched"]) == ("CANCELLATION", order.id, "")
    assert killed["status"] == f"CANCELED_{answer['error']}"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("retry", {"MATCHED", "RETRYING", "CONFIRMED"}),
        ("match_then_fail", {"MATCHED", "RETRYING", "FAILED"}),
    ],
)
async def test_a_trade_may_be_sent_again_or_fail(
    simulator: Running, caller: Caller, socket: Socket, fault: str, told: set[str]
) -> None:
    await subscribe(socket, caller)
    simulator.simulator.faults.arm(parse_script(f"- {{fault: {fault}, retries: 1}}"))
    await caller.post(caller.order(simulator.market(V1), price="0.52", spend="26", tif=TimeInForce.FAK))
    await simulator.advance(300)
    seen: list[Any] = []
    while not seen or seen[-1]["status"] not in {"CONFIRMED", "FAILED"}:
        frame: Any = await socket.receive_json(timeout=5)
        if frame["event_type"] == "trade":
            seen.append(frame)
    assert told <= {frame["status"] for frame in seen}
    assert len({frame["transaction_hash"] for frame in seen if frame["transaction_hash"]}) == 2
