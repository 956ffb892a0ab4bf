"""The control service explains what it is asked wrongly, and shows everything it knows."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from caller import Caller
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polybot.simulator.server import Simulator
from polybot.utils.clock import SystemClock
from simulated_venue import V1, Running, still_world


class Script:
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        async with self._session.post(self._url + path, json=body) as answer:
            return answer.status, await answer.json()

    async def get(self, path: str) -> Any:
        async with self._session.get(self._url + path) as answer:
            return await answer.json()


@pytest.fixture
async def script(simulator: Running) -> AsyncIterator[Script]:
    async with aiohttp.ClientSession() as session:
        yield Script(session, simulator.urls.control)


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/accounts", {"wallet_type": "eoa", "ballance": 5}, 400, "ballance"),
        ("/accounts", {}, 400, "wallet_type"),
        ("/accounts", {"wallet_type": "eoa", "balance": 0.0000001}, 400, "micro"),
        ("/accounts", {"wallet_type": "eoa", "private_key": "0x12"}, 400, "64 hex digits"),
        ("/orders", {"trader": "nobody", "token": "1", "side": "BUY", "size": 5}, 404, "nobody"),
        ("/orders", {"trader": "nobody", "token": "1", "side": "HOLD", "size": 5}, 400, "side"),
        ("/clock", {"advance_s": -1}, 400, "negative"),
        ("/clock", {"speed": 0}, 400, "above 0"),
        ("/resolve", {"condition": "0x12", "winner": "1"}, 404, "0x12"),
        ("/resolve", {"condition": V1, "winner": "Maybe"}, 400, "Maybe"),
        ("/faults", {}, 400, "does not say which fault"),
    ],
)
async def test_a_bad_call_is_explained(
    script: Script, path: str, body: dict[str, Any], status: int, words: str
) -> None:
    answered, error = await script.post(path, body)
    assert answered == status
    assert words in error["error"]


async def test_the_same_script_gets_the_same_keys(script: Script, simulator: Running) -> None:
    _, first = await script.post("/accounts", {"signature_type": 2})
    other = Simulator(still_world(simulator.clock.now_ns()), simulator.clock)
    again = other.desk.open_account(signature_type=SignatureType.POLY_GNOSIS_SAFE, balance=Usdc(0))
    assert (again.private_key, again.wallet) == (first["private_key"], first["wallet"])


async def test_an_unapproved_account_cannot_trade(script: Script, simulator: Running) -> None:
    await script.post("/accounts", {"wallet_type": "proxy", "balance": 100, "approve": False, "name": "new"})
    token = simulator.market(V1).outcomes[0].token
    status, refused = await script.post("/orders", {"trader": "new", "token": token, "side": "BUY", "size": 10})
    assert status == 400
    assert "the allowance is not enough" in refused["error"]


async def test_the_ledger_knows_every_fill(script: Script, simulator: Running) -> None:
    _, opened = await script.post("/accounts", {"wallet_type": "deposit", "balance": 100, "name": "new"})
    token = simulator.market(V1).outcomes[0].token
    await script.post("/orders", {"trader": opened["wallet"], "token": token, "side": "BUY", "size": 10})
    entry = (await script.get("/ledger"))["wallets"][opened["wallet"].lower()]
    (fill,) = entry["fills"]
    assert (fill["shares"], fill["usdc"], fill["role"], fill["side"]) == ("10", "5.2", "TAKER", "BUY")
    assert Usdc.parse(entry["cash"]) == Usdc.parse("94.8") - Usdc.parse(fill["fee"])
    assert entry["positions"][0]["shares"] == "10"


async def test_requests_keep_the_bodies_of_orders(script: Script, simulator: Running) -> None:
    account = simulator.simulator.desk.open_account(signature_type=SignatureType.EOA, balance=Usdc.parse("100"))
    async with aiohttp.ClientSession() as session:
        caller = Caller(session, simulator.urls.clob, account, simulator.clock)
        await caller.log_in()
        order = caller.order(simulator.market(V1))
        await caller.post(order)
    (record,) = await script.get("/requests?service=clob&path=/order")
    assert (record["method"], record["status"], record["body"]) == ("POST", 200, order.body.decode())


async def test_a_shared_clock_cannot_be_moved(simulator: Running) -> None:
    shared = Simulator(still_world(simulator.clock.now_ns()), SystemClock())
    urls = await shared.start()
    async with aiohttp.ClientSession() as session:
        script = Script(session, urls.control)
        for body in ({"advance_s": 1}, {"speed": 2}):
            status, refused = await script.post("/clock", body)
            assert status == 400
            assert "shares a clock" in refused["error"]
    await shared.stop()


async def test_a_stopped_simulator_can_be_stopped_again(simulator: Running) -> None:
    await simulator.simulator.stop()
    await simulator.simulator.stop()
