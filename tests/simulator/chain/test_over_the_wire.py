"""The node and its switches on localhost."""

from typing import Any

import aiohttp
import pytest

from polybot.core.market import Side
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polybot.simulator.chain import abi
from simulated_venue import V1, Running


def call(method: str, *params: object, name: int = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": name, "method": method, "params": list(params)}


async def post(session: aiohttp.ClientSession, url: str, body: object, *, status: int = 200) -> Any:
    async with session.post(url, json=body) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def test_calls_batches_and_subscriptions(simulator: Running) -> None:
    desk = simulator.simulator.desk
    desk.open_account(signature_type=SignatureType.POLY_1271, balance=Usdc.parse("100"), name="ann")
    async with aiohttp.ClientSession() as session, session.ws_connect(simulator.urls.ws_rpc) as socket:
        batch = await post(session, simulator.urls.rpc, [call("eth_chainId"), call("eth_gasPrice", name=2)])
        assert [answer["id"] for answer in batch] == [1, 2]
        await socket.send_json(call("eth_subscribe", "logs", {"topics": [abi.ORDERS_MATCHED.topic]}))
        assert (await socket.receive_json(timeout=5))["result"]
        desk.trade(trader="ann", token=simulator.market(V1).outcomes[0].token, side=Side.BUY, amount=Usdc.parse("5.2"))
        await simulator.advance(5)
        told = await socket.receive_json(timeout=5)
        assert told["method"] == "eth_subscription"
        tx = told["params"]["result"]["transactionHash"]
        receipt = (await post(session, simulator.urls.rpc, call("eth_getTransactionReceipt", tx)))["result"]
        assert told["params"]["result"] in receipt["logs"]
        await post(session, simulator.urls.control + "/reorg", {"depth": 10, "drop": [tx]})
        gone = await socket.receive_json(timeout=5)
        assert gone["params"]["result"]["removed"] is True
        again = (await post(session, simulator.urls.rpc, call("eth_getTransactionReceipt", tx)))["result"]
        assert again is None


async def test_a_socket_that_is_cut_ends_without_a_close_frame(simulator: Running) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(simulator.urls.ws_rpc) as socket:
        await socket.send_json(call("eth_subscribe", "newHeads"))
        assert (await socket.receive_json(timeout=5))["result"]
        changed = await post(session, simulator.urls.control + "/provider", {"closing_ratio": 1})
        assert changed["closing_ratio"] == 1
        await simulator.advance(2)
        assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT
        assert (await socket.receive(timeout=5)).type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
        assert socket.close_code in {None, aiohttp.WSCloseCode.ABNORMAL_CLOSURE}


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/reorg", {"depth": 0}, "depth 0"),
        ("/reorg", {}, "depth"),
        ("/provider", {"deafness": True}, "deafness"),
        ("/provider", {"unseen_ratio": 1.5}, "unseen_ratio"),
        ("/gas", {"address": "0x12", "wei": 1}, "address"),
    ],
)
async def test_a_switch_that_does_not_exist_is_refused(
    simulator: Running, path: str, body: dict[str, Any], text: str
) -> None:
    async with aiohttp.ClientSession() as session:
        answer = await post(session, simulator.urls.control + path, body, status=400)
    assert text in answer["error"]


async def test_gas_can_be_set(simulator: Running) -> None:
    address = "0x" + "aa" * 20
    async with aiohttp.ClientSession() as session:
        await post(session, simulator.urls.control + "/gas", {"address": address, "wei": 5})
        assert (await post(session, simulator.urls.rpc, call("eth_getBalance", address, "latest")))["result"] == "0x5"
