"""What nobody knows for certain of the CLOB is a switch: with its default, and the other way round."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from clob_venue import Venue, open_venue

from caller import Caller
from polybot.core.book import Level
from polybot.core.ids import Wallet
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import Amounts, SignatureType, TimeInForce
from polybot.polymarket.contracts import NEG_RISK_ADAPTER
from polybot.simulator.options import Options
from polybot.simulator.rest.clob_options import ClobOptions
from polybot.simulator.streams.options import StreamOptions
from simulated_venue import AT_ONCE, NEG_RISK, V1, V2, Running, running_simulator

DEPOSIT = SignatureType.POLY_1271
OTHERS = [kind for kind in SignatureType if kind is not DEPOSIT]
FLOW = "maker address not allowed, please use the deposit wallet flow"


@pytest.mark.parametrize("condition", [V1, NEG_RISK, V2])
async def test_wallets_of_older_types_may_be_sent_to_the_deposit_wallet_flow(condition: str) -> None:
    async with open_venue(ClobOptions(wallet_types=frozenset({DEPOSIT}))) as venue:
        market = venue.running.market(condition)  # type: ignore[arg-type]
        for kind in OTHERS:
            caller = await venue.caller(kind)
            assert await caller.post(caller.order(market)) == (400, {"error": FLOW})
        caller = await venue.caller(DEPOSIT)
        assert (await caller.post(caller.order(market)))[0] == 200


@pytest.mark.parametrize(("skew_s", "late_s", "status"), [(60, 50, 200), (60, 70, 401), (5, 10, 401), (300, 70, 200)])
async def test_how_far_a_clock_may_be_off(skew_s: int, late_s: int, status: int) -> None:
    async with open_venue(ClobOptions(skew_s=skew_s)) as venue:
        caller = await venue.caller()
        headers = caller.l2_headers("GET", "/data/orders", timestamp_s=caller.now_s() - late_s)
        assert (await caller.call("GET", "/data/orders", headers=headers))[0] == status


def streaming(**streams: Any) -> Options:
    return Options(delays=AT_ONCE, machine_time=True, streams=StreamOptions(**streams))


async def made_caller(running: Running, session: aiohttp.ClientSession) -> Caller:
    account = running.simulator.desk.open_account(signature_type=DEPOSIT, balance=Usdc.parse("1000"))
    caller = Caller(session, running.urls.clob, account, running.clock)
    await caller.log_in()
    return caller


async def told(socket: aiohttp.ClientWebSocketResponse) -> list[Any]:
    """All that came before the answer to a PING."""
    await socket.send_str("PING")
    frames: list[Any] = []
    async with asyncio.timeout(5):
        while (text := await socket.receive_str()) != "PONG":
            frames.append(json.loads(text))
    return frames


async def test_wrong_credentials_may_be_met_with_silence() -> None:
    async with running_simulator(streaming(strangers_are_closed=False)) as running, aiohttp.ClientSession() as session:
        caller = await made_caller(running, session)
        async with session.ws_connect(running.urls.ws_user) as socket:
            await socket.send_json({"type": "user", "auth": {**caller.key, "secret": "wrong"}})
            await caller.post(caller.order(running.market(V1)))
            await running.advance(1)
            assert await told(socket) == []
            await socket.send_json({"type": "user", "auth": caller.key})
            await caller.l2("DELETE", "/cancel-all")
            await running.advance(1)
            assert [frame["type"] for frame in await told(socket)] == ["CANCELLATION"]


@pytest.mark.parametrize(("hear", "trades"), [(True, 1), (False, 0)])
async def test_a_taker_may_not_hear_of_its_own_fills(hear: bool, trades: int) -> None:
    async with running_simulator(streaming(takers_hear_fills=hear)) as running, aiohttp.ClientSession() as session:
        caller = await made_caller(running, session)
        async with session.ws_connect(running.urls.ws_user) as socket:
            await socket.send_json({"type": "user", "auth": caller.key})
            order = caller.order(running.market(V1), price="0.52", spend="5.2", tif=TimeInForce.FAK)
            assert (await caller.post(order))[0] == 200
            await running.advance(0.5)
            kinds = [frame["event_type"] for frame in await told(socket)]
            assert kinds.count("trade") == trades
            assert "order" in kinds
            assert len((await caller.l2("GET", "/data/trades"))[1]["data"]) == 1


async def test_user_events_may_come_in_arrays() -> None:
    async with running_simulator(streaming(user_arrays=True)) as running, aiohttp.ClientSession() as session:
        caller = await made_caller(running, session)
        async with session.ws_connect(running.urls.ws_user) as socket:
            await socket.send_json({"type": "user", "auth": caller.key})
            await caller.post(caller.order(running.market(V1)))
            await running.advance(1)
            [[placed]] = await told(socket)
            assert placed["type"] == "PLACEMENT"


async def test_a_refusal_may_have_the_status_of_a_success(venue: Venue, caller: Caller) -> None:
    body = '{"success":false,"errorMsg":"not enough balance / allowance","orderID":"","status":""}'
    await venue.control("/faults", fault="refuse", status=200, body=body, scope={"path": "/order"}, count=1)
    status, answer = await caller.post(caller.order(venue.running.market(V1)))
    assert (status, answer["success"], answer["orderID"]) == (200, False, "")
    assert (await caller.l2("GET", "/data/orders"))[1]["count"] == 0


async def test_the_least_size_may_bind_takers(venue: Venue, caller: Caller) -> None:
    market = venue.running.market(V1)

    async def take() -> tuple[int, Any]:
        return await caller.post(caller.order(market, price="0.52", spend="1.04", tif=TimeInForce.FAK))

    assert (await take())[0] == 200
    await venue.control("/rules", takers_have_minimum=True)
    status, body = await take()
    assert status == 400
    assert body["error"].endswith("Size (2) lower than the minimum: 5")


@pytest.mark.parametrize(("decimals", "status"), [(None, 200), (4, 400), (5, 200)])
async def test_how_fine_the_shares_of_a_market_purchase_may_be(
    venue: Venue, caller: Caller, decimals: int | None, status: int
) -> None:
    await venue.control("/markets", condition=V1, tick=0.001)
    told = await venue.control("/rules", market_buy_decimals=decimals)
    assert told["market_buy_decimals"] == decimals
    fine = Amounts(making=5_200_000, taking=9_904_760)
    order = caller.order(venue.running.market(V1), amounts=fine, tif=TimeInForce.FAK)
    answer = await caller.post(order)
    assert answer[0] == status, answer
    if status == 400:
        assert answer[1]["error"].endswith("taker amount a max of 4 decimals")


@pytest.mark.parametrize(("asked_for", "status"), [(True, 400), (False, 200)])
async def test_the_retired_adapter_may_be_forgotten(venue: Venue, caller: Caller, asked_for: bool, status: int) -> None:
    account = venue.running.simulator.world.exchange.accounts.find(Wallet(caller.account.wallet.lower()))
    assert account is not None
    account.allowances[NEG_RISK_ADAPTER.lower()] = 0
    await venue.control("/rules", retired_adapter=asked_for)
    answer = await caller.post(caller.order(venue.running.market(NEG_RISK)))
    assert answer[0] == status
    if status == 400:
        assert f"spender: {NEG_RISK_ADAPTER}, allowance: 0" in answer[1]["error"]


async def test_how_long_a_timed_order_must_be_stated_to_last(venue: Venue, caller: Caller) -> None:
    market = venue.running.market(V1)

    async def timed() -> tuple[int, Any]:
        return await caller.post(caller.order(market, tif=TimeInForce.GTD, expiration_s=caller.now_s() + 120))

    assert await timed() == (400, {"error": "invalid expiration"})
    await venue.control("/rules", min_expiration_s=60)
    assert (await timed())[0] == 200


async def test_the_grid_may_stay_as_it_is_near_an_end(venue: Venue, caller: Caller) -> None:
    exchange, token = venue.running.simulator.world.exchange, venue.running.market(V1).outcomes[0].token
    await venue.control("/rules", edge_tick=False)
    exchange.set_house_book(token, bids=[], asks=[Level(Price.parse("0.97"), Shares.parse("100"))])
    bought = caller.order(venue.running.market(V1), price="0.97", spend="9.7", tif=TimeInForce.FAK)
    assert (await caller.post(bought))[0] == 200
    assert (await caller.call("GET", f"/tick-size/{token}"))[1] == {"minimum_tick_size": 0.01}


@pytest.mark.parametrize(("cap", "fee"), [(None, "0.9984"), (100, "0.52")])
async def test_fees_may_be_capped(venue: Venue, caller: Caller, cap: int | None, fee: str) -> None:
    await venue.control("/rules", max_fee_bps=cap)
    bought = caller.order(venue.running.market(V1), price="0.52", spend="52", tif=TimeInForce.FAK)
    assert (await caller.post(bought))[0] == 200
    [charged] = [fill.fee for fill in venue.running.simulator.world.exchange.ledger().fills if fill.fee]
    assert Decimal(charged.micro) / 10**6 == Decimal(fee)


@pytest.mark.parametrize("change", [{"min_expiration_s": -1}, {"mined_after_s": 3}, {"edge_tick": "yes"}])
async def test_a_rule_that_is_none_is_refused(venue: Venue, change: dict[str, object]) -> None:
    async with venue.session.post(venue.running.urls.control + "/rules", json=change) as answer:
        assert answer.status == 400
        assert next(iter(change)) in (await answer.json())["error"]


async def test_an_order_may_be_answered_as_unmatched_although_it_rests(venue: Venue, caller: Caller) -> None:
    """Where delaying failed: the docs say that it rests, others that it was not placed. Only a script says so."""
    order = caller.order(venue.running.market(V1))
    body = (
        f'{{"success":true,"errorMsg":"","orderID":"{order.id}","status":"unmatched","makingAmount":"","tradeIDs":[]}}'
    )
    for after, open_orders in ((False, 0), (True, 1)):
        how = {"status": 200, "body": body, "after": after, "scope": {"path": "/order"}, "count": 1}
        await venue.control("/faults", fault="refuse", **how)
        assert (await caller.post(order))[1]["status"] == "unmatched"
        assert (await caller.l2("GET", "/data/orders", query=f"?id={order.id}"))[1]["count"] == open_orders
