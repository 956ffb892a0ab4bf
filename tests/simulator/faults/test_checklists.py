"""What the checklists of the venue's readers name, where a client meets it: on the wire."""

import json
from typing import Any

import aiohttp
import pytest
from faulty import NONSENSE, PATIENCE_S, Faulty, Socket

from caller import Caller
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import SignatureType, TimeInForce
from polybot.simulator.options import Options
from polybot.simulator.rest.data_errors import DATA_ERRORS
from simulated_venue import NEG_RISK, V1, V2, Running, running_simulator

# --- errors of the Data API -------------------------------------------------------------------------


async def test_every_error_of_the_data_api(venue: Faulty) -> None:
    for name, error in DATA_ERRORS.items():
        await venue.arm("refuse", error=f"data.{name}", scope={"service": "data"}, count=1)
        async with venue.session.get(venue.running.urls.data + "/v2/activity") as answer:
            raw = await answer.text()
            assert (answer.status, answer.content_type) == (error.status, error.content_type), name
            assert answer.headers.get("Retry-After") == (error.retry_after_s and str(error.retry_after_s)), name
            if not error.code:
                assert (raw, answer.headers["server"]) == (error.text, "cloudflare"), name
                continue
            body = json.loads(raw)
            assert (body["error"], body["code"], body["retryable"]) == (error.text, error.code, error.retryable)
            assert body["trace_id"] == answer.headers["x-trace-id"]


# --- the activity socket ----------------------------------------------------------------------------


def of_makers(venue: Faulty) -> None:
    """Three makers' offers of ten at a better price than the house's, two of one wallet and equal."""
    simulator = venue.running.simulator
    simulator.world.step(venue.running.clock.now_ns())
    desk, exchange = simulator.desk, simulator.world.exchange
    for name, orders in (("bob", 2), ("carol", 1)):
        opened = desk.open_account(signature_type=SignatureType.EOA, balance=Usdc.parse("100"), name=name)
        account = exchange.accounts.find(opened.wallet.lower())  # type: ignore[arg-type]
        assert account is not None
        exchange.grant(account, venue.tokens[0], Shares.parse("20"))
        for _ in range(orders):
            desk.trade(
                trader=name,
                token=venue.tokens[0],
                side=Side.SELL,
                size=Shares.parse("10"),
                price=Price.parse("0.51"),
                tif=TimeInForce.GTC,
            )


async def test_a_match_of_several_makers_is_a_row_each_the_takers_first(venue: Faulty) -> None:
    of_makers(venue)
    async with venue.activity() as socket:
        matches = [{"topic": "activity", "type": "orders_matched"}]
        await socket.send_json({"action": "subscribe", "subscriptions": matches})
        await socket.send_str(NONSENSE)
        assert (await socket.receive_json(timeout=PATIENCE_S))["statusCode"] == 401
        venue.trade(price="0.51", size="30")
        await venue.running.advance(10)
        await socket.send_str(NONSENSE)
        told: list[Any] = []
        while "payload" in (frame := await socket.receive_json(timeout=PATIENCE_S)):
            told.append(frame)
    rows = [frame["payload"] for frame in told if frame["type"] == "trades"]
    assert [row["name"] for row in rows] == ["alice", "bob", "bob", "carol"]
    assert rows[0]["size"] == sum(row["size"] for row in rows[1:]) == 30
    assert rows[1] == rows[2]
    assert len({row["transactionHash"] for row in rows}) == 1
    assert [frame["payload"] for frame in told if frame["type"] == "orders_matched"] == rows[:1]


async def test_a_stalled_activity_socket_tells_everything_late_and_at_once(venue: Faulty) -> None:
    async with venue.activity() as socket:
        await venue.arm("delay_frames", lasts_s=1200, count=1, scope={"service": "activity"})
        assert await venue.rows(socket) == []
        assert await venue.rows(socket) == []
        await venue.running.advance(1200)
        await socket.send_str("PING")
        await socket.send_str(NONSENSE)
        late = []
        while "payload" in (frame := await socket.receive_json(timeout=PATIENCE_S)):
            late.append(frame["payload"])
        fresh = await venue.rows(socket)
        assert (len(late), len(fresh)) == (4, 2)
        assert fresh[0]["timestamp"] - late[0]["timestamp"] > 1000


# --- the market socket ------------------------------------------------------------------------------


async def receipt(session: aiohttp.ClientSession, running: Running, tx: str) -> Any:
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_getTransactionReceipt", "params": [tx]}
    async with session.post(running.urls.rpc, json=call) as answer:
        return (await answer.json())["result"]


@pytest.mark.parametrize("condition", [V1, NEG_RISK, V2])
async def test_a_trade_is_told_with_its_hash_before_the_chain_knows_it(condition: str) -> None:
    async with running_simulator(Options()) as running, aiohttp.ClientSession() as session:
        running.simulator.chain.provider.unseen_ratio = 1.0
        running.simulator.desk.open_account(signature_type=SignatureType.EOA, balance=Usdc.parse("100"), name="alice")
        token = running.market(condition).outcomes[0].token  # type: ignore[arg-type]
        async with session.ws_connect(running.urls.ws_market) as socket:
            await socket.send_json({"type": "market", "assets_ids": [token]})
            await socket.receive_json(timeout=PATIENCE_S)
            running.simulator.world.step(running.clock.now_ns())
            running.simulator.desk.trade(trader="alice", token=token, side=Side.BUY, size=Shares.parse("10"))
            await running.advance(0.1)
            frame: Any = {}
            while frame.get("event_type") != "last_trade_price":
                frame = await socket.receive_json(timeout=PATIENCE_S)
        assert await receipt(session, running, frame["transaction_hash"]) is None
        await running.advance(5)
        assert (await receipt(session, running, frame["transaction_hash"]))["status"] == "0x1"


async def test_the_grid_gets_finer_by_itself_near_an_end(venue: Faulty) -> None:
    exchange, clob = venue.running.simulator.world.exchange, venue.running.urls.clob
    token = venue.tokens[0]
    exchange.set_house_book(token, bids=[], asks=[])
    exchange.set_house_level(token, side=Side.SELL, price=Price.parse("0.97"), size=Shares.parse("100"))
    async with venue.market() as socket:
        venue.trade(price="0.97")
        await venue.heard(socket)
        told = [json.loads(frame) for frame in venue.skipped]
        ticks = [event for event in told if isinstance(event, dict) and event["event_type"] == "tick_size_change"]
        assert {event["asset_id"]: event["new_tick_size"] for event in ticks} == dict.fromkeys(venue.tokens, "0.001")
    for path, where in (
        (f"/tick-size?token_id={token}", "minimum_tick_size"),
        (f"/clob-markets/{V1}", "mts"),
        (f"/book?token_id={token}", "tick_size"),
    ):
        async with venue.session.get(clob + path) as answer:
            assert str((await answer.json())[where]) == "0.001"


# --- the user socket --------------------------------------------------------------------------------


async def user(venue: Faulty) -> tuple[Caller, Socket]:
    opened = venue.running.simulator.desk.open_account(
        signature_type=SignatureType.POLY_1271, balance=Usdc.parse("1000")
    )
    caller = Caller(venue.session, venue.running.urls.clob, opened, venue.running.clock)
    await caller.log_in()
    socket = await venue.session.ws_connect(venue.running.urls.ws_user)
    await socket.send_json({"type": "user", "auth": caller.key})
    await socket.send_str("PING")
    assert await socket.receive_str(timeout=PATIENCE_S) == "PONG"
    return caller, socket


async def events(venue: Faulty, socket: Socket) -> list[str]:
    await venue.running.advance(10)
    await socket.send_str("PING")
    told: list[str] = []
    while (text := await socket.receive_str(timeout=PATIENCE_S)) != "PONG":
        event = json.loads(text)
        told.append(event["status"] if event["event_type"] == "trade" else event["type"])
    return told


@pytest.mark.parametrize(
    ("fault", "more", "kinds"),
    [
        ("drop", {"scope": {"service": "user", "event": "trade:MINED"}}, {"MATCHED", "CONFIRMED"}),
        ("duplicate_frame", {"scope": {"service": "user", "event": "trade:MATCHED"}}, {"MATCHED"}),
        ("reorder_frames", {"scope": {"service": "user", "event": "trade:*"}, "count": 1}, {"MATCHED", "MINED"}),
    ],
)
async def test_events_of_the_user_are_lost_doubled_and_out_of_order(
    venue: Faulty, fault: str, more: dict[str, Any], kinds: set[str]
) -> None:
    caller, socket = await user(venue)
    async with socket:
        order = caller.order(venue.running.market(V1), price="0.52", spend="5.2", tif=TimeInForce.FAK)
        await caller.post(order)
        usual = await events(venue, socket)
        await venue.arm(fault, **more)
        order = caller.order(venue.running.market(V1), price="0.52", spend="5.2", tif=TimeInForce.FAK)
        await caller.post(order)
        now = await events(venue, socket)
    assert now != usual
    assert kinds <= set(now)
    assert [strike for strike in await venue.struck() if strike == fault]
