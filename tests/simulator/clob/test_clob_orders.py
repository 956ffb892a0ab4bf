"""How the CLOB takes orders: batches, delays, regions, wallets that may not trade yet."""

import asyncio
from dataclasses import replace

import msgspec
import pytest
from clob_venue import Venue, open_venue

from caller import Caller
from polybot.core.market import Market, MarketVersion, Side
from polybot.core.money import Price, Shares
from polybot.core.orders import SignatureType, TimeInForce
from polybot.polymarket.contracts import NEG_RISK as NEG_RISK_EXCHANGE
from polybot.polymarket.contracts import POLYGON, STANDARD, V3, Exchange
from polybot.polymarket.orders import OrderData, sign_order
from polybot.simulator.rest.clob_options import ClobOptions
from simulated_venue import NEG_RISK, V1, V2, make_market

OLD = Exchange("an exchange of 2025", "1", STANDARD[POLYGON].address, POLYGON)
REGION = "Trading restricted in your region, please refer to available regions"


def signed_for(caller: Caller, market: Market, contract: Exchange) -> bytes:
    """An order for this market whose signature is meant for another contract."""
    sent = msgspec.json.decode(caller.order(market).body)
    order = sent["order"]
    data = OrderData(
        salt=order["salt"],
        maker=order["maker"],
        signer=order["signer"],
        token=market.outcomes[0].token,
        maker_amount=int(order["makerAmount"]),
        taker_amount=int(order["takerAmount"]),
        side=Side.BUY,
        signature_type=SignatureType(order["signatureType"]),
        timestamp_ms=int(order["timestamp"]),
    )
    order["signature"] = sign_order(data, contract, caller.signer)[1]
    return msgspec.json.encode(sent)


@pytest.mark.parametrize("kind", list(SignatureType))
@pytest.mark.parametrize(
    ("condition", "contract", "words"),
    [
        (V1, V3[POLYGON], "order_version_mismatch"),
        (NEG_RISK, V3[POLYGON], "order_version_mismatch"),
        (V2, STANDARD[POLYGON], "order_version_mismatch"),
        (V2, NEG_RISK_EXCHANGE[POLYGON], "order_version_mismatch"),
        (V1, OLD, "order_version_mismatch"),
        (V1, NEG_RISK_EXCHANGE[POLYGON], "invalid signature"),
        (NEG_RISK, STANDARD[POLYGON], "invalid signature"),
    ],
)
async def test_the_wrong_generation_is_told_from_the_wrong_exchange(
    venue: Venue, kind: SignatureType, condition: str, contract: Exchange, words: str
) -> None:
    caller = await venue.caller(kind)
    market = venue.running.market(condition)  # type: ignore[arg-type]
    assert await caller.l2("POST", "/order", body=signed_for(caller, market, contract)) == (400, {"error": words})


@pytest.mark.parametrize("success", [True, False])
async def test_a_refused_order_of_a_batch_may_look_like_a_success(success: bool) -> None:
    async with open_venue(ClobOptions(batch_refusals_succeed=success)) as venue:
        caller = await venue.caller()
        market = venue.running.market(V1)
        good, bad = caller.order(market), caller.order(market, shares="4")
        _, legs = await caller.l2("POST", "/orders", body=b"[" + good.body + b"," + bad.body + b"]")
        assert [(leg["success"], leg["orderID"]) for leg in legs] == [(True, good.id), (success, "")]
        assert "lower than the minimum" in legs[1]["errorMsg"]
        assert legs[1]["status"] == ""


async def test_deferred_execution_is_accepted(venue: Venue, caller: Caller) -> None:
    body = caller.order(venue.running.market(V1)).body.replace(b'"deferExec":false', b'"deferExec":true')
    assert (await caller.l2("POST", "/order", body=body))[1]["status"] == "live"


async def test_a_taker_waits_where_takers_are_delayed_and_makers_do_not(venue: Venue, caller: Caller) -> None:
    exchange = venue.running.simulator.world.exchange
    market = delayed(taker_delay_ms=60_000)
    exchange.list_market(market, event_slug="crypto")
    token = market.outcomes[0].token
    exchange.set_house_level(token, side=Side.SELL, price=Price.parse("0.52"), size=Shares.parse("100"))
    assert (await caller.call("GET", f"/clob-markets/{market.condition}"))[1]["itode"] is True
    resting = caller.order(market, price="0.40")
    assert (await caller.post(resting))[1]["status"] == "live"

    taker = caller.order(market, price="0.60", spend="6", tif=TimeInForce.FAK)
    answer = asyncio.create_task(caller.post(taker), name="taker")
    while len(venue.running.simulator.requests.records) < 4 and not answer.done():
        assert (await caller.call("GET", "/ok"))[0] == 200
    assert not answer.done()
    exchange.set_house_level(token, side=Side.SELL, price=Price.parse("0.52"), size=Shares(0))
    await venue.running.advance(61)
    assert "no orders found to match" in (await answer)[1]["error"]


async def test_where_matches_are_delayed_the_answer_comes_first(venue: Venue, caller: Caller) -> None:
    exchange = venue.running.simulator.world.exchange
    market = delayed(seconds_delay=3)
    exchange.list_market(market, event_slug="sports")
    token = market.outcomes[0].token
    exchange.set_house_level(token, side=Side.SELL, price=Price.parse("0.52"), size=Shares.parse("100"))
    _, body = await caller.post(caller.order(market, price="0.60", spend="26", tif=TimeInForce.FAK))
    assert (body["status"], body["tradeIDs"], body["makingAmount"]) == ("delayed", [], "")
    await venue.running.advance(4)
    rows = (await caller.l2("GET", "/data/trades"))[1]["data"]
    assert [row["taker_order_id"] for row in rows] == [body["orderID"]]


def delayed(*, taker_delay_ms: int = 0, seconds_delay: int = 0) -> Market:
    condition = "0x" + "77" * 32
    market = make_market(condition, neg_risk=False, version=MarketVersion.V1)  # type: ignore[arg-type]
    return replace(market, taker_delay_ms=taker_delay_ms, seconds_delay=seconds_delay)


@pytest.mark.parametrize(
    ("place", "buy", "sell"),
    [
        ("IR", 403, 403),
        ("UA-43", 403, 403),
        ("IS", 403, 403),
        ("US-NY", 403, 200),
        ("CA-ON", 403, 200),
        ("CA-MB", 403, 403),
        ("JP", 200, 200),
    ],
)
async def test_each_region_has_its_rules(venue: Venue, caller: Caller, place: str, buy: int, sell: int) -> None:
    country, _, region = place.partition("-")
    market = venue.running.market(V1)
    exchange = venue.running.simulator.world.exchange
    account = exchange.accounts.find(caller.account.wallet.lower())  # type: ignore[arg-type]
    assert account is not None
    exchange.grant(account, market.outcomes[0].token, Shares.parse("20"))
    await venue.control("/geoblock", blocked=True, country=country, region=region)
    async with venue.session.get(venue.running.urls.geoblock) as answer:
        assert (await answer.json())["blocked"] is True
    buying, selling = caller.order(market), caller.order(market, side=Side.SELL, price="0.60")
    assert (await caller.post(buying))[0] == buy
    status, body = await caller.post(selling)
    assert status == sell
    if sell == 403:
        assert body["error"].startswith(REGION)
    batch = b"[" + caller.order(market, side=Side.SELL, price="0.61").body + b"," + buying.body + b"]"
    assert (await caller.l2("POST", "/orders", body=batch))[0] == buy
    assert (await caller.l2("DELETE", "/cancel-all"))[0] == 200


async def test_who_may_only_close_can_sell(venue: Venue, caller: Caller) -> None:
    market = venue.running.market(V1)
    bought = caller.order(market, price="0.60", spend="26", tif=TimeInForce.FAK)
    assert (await caller.post(bought))[0] == 200
    await venue.control("/restrictions", wallet=caller.account.wallet, restriction="closed_only")
    assert (await caller.l2("GET", "/auth/ban-status/closed-only"))[1] == {"closed_only": True}
    assert (await caller.post(caller.order(market)))[0] == 400
    assert (await caller.post(caller.order(market, side=Side.SELL, price="0.60", shares="10")))[0] == 200
    await venue.control("/restrictions", wallet=caller.account.wallet, restriction="none")
    assert (await caller.post(caller.order(market)))[0] == 200


async def test_a_market_on_hold_comes_back(venue: Venue, caller: Caller) -> None:
    market = venue.running.market(V1)
    for restriction, accepting, status in (("not_ready", False, 400), ("none", True, 200)):
        await venue.control("/restrictions", condition=V1, restriction=restriction)
        assert (await caller.call("GET", f"/clob-markets/{V1}"))[1]["ao"] is accepting
        assert (await caller.post(caller.order(market)))[0] == status


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (SignatureType.POLY_1271, "invalid signature"),
        (SignatureType.POLY_GNOSIS_SAFE, "maker address not allowed, please use the deposit wallet flow"),
    ],
)
async def test_a_wallet_that_is_not_deployed_cannot_trade(venue: Venue, kind: SignatureType, words: str) -> None:
    caller = await venue.caller(kind)
    account = venue.running.simulator.world.exchange.accounts.find(
        caller.account.wallet.lower()  # type: ignore[arg-type]
    )
    assert account is not None
    account.deployed = False
    assert await caller.post(caller.order(venue.running.market(V1))) == (400, {"error": words})


async def test_control_says_what_was_wrong(venue: Venue) -> None:
    wallet = "0x" + "12" * 20
    for path, body, status in (
        ("/modes", {"mode": "sleeping"}, 400),
        ("/modes", {"mode": "normal", "four_s": 3}, 400),
        ("/restrictions", {"restriction": "banned"}, 400),
        ("/restrictions", {"restriction": "banned", "wallet": wallet}, 404),
        ("/restrictions", {"restriction": "not_ready", "condition": "0x1"}, 404),
        ("/restrictions", {"restriction": "banned", "condition": V1}, 400),
        ("/tiers", {"wallet": wallet, "tier": "Wood"}, 404),
        ("/limits", {"signers": "sometimes"}, 400),
    ):
        async with venue.session.post(venue.running.urls.control + path, data=msgspec.json.encode(body)) as answer:
            assert answer.status == status, (path, body)
            assert (await answer.json())["error"]
