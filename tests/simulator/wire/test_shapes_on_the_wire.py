"""What the simulator says over the wire has the fields and types of what Polymarket was recorded saying."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from caller import Caller
from polybot.core.fees import taker_fee
from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import FeeSchedule, MarketVersion, Side
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.core.orders import SignatureType, TimeInForce
from simulated_venue import V1, Running, make_market

SOCKETS = "samples/ws-subscriptions-clob.polymarket.com"


def recorded(shared: Path, path: str) -> Any:
    return json.loads((shared / path).read_text())


def kinds(wire: dict[str, Any]) -> dict[str, str]:
    return {name: "number" if type(value) in {int, float} else type(value).__name__ for name, value in wire.items()}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def caller(simulator: Running, session: aiohttp.ClientSession) -> Caller:
    desk = simulator.simulator.desk
    account = desk.open_account(signature_type=SignatureType.POLY_1271, balance=Usdc.parse("1000"), name="alice")
    made = Caller(session, simulator.urls.clob, account, simulator.clock)
    await made.log_in()
    return made


Told = dict[tuple[str, str], dict[str, Any]]


async def heard(socket: aiohttp.ClientWebSocketResponse, kind: str, *, until: set[tuple[str, str]]) -> Told:
    """The first frame of each kind: its event, and what `kind` says of it."""
    told: Told = {}
    while not until <= set(told):
        frame: Any = await socket.receive_json(timeout=5)
        for event in frame if isinstance(frame, list) else [frame]:
            told.setdefault((event["event_type"], event.get(kind, "")), event)
    return told


async def test_market_frames(simulator: Running, session: aiohttp.ClientSession, caller: Caller, shared: Path) -> None:
    exchange, market = simulator.simulator.world.exchange, simulator.market(V1)
    token = TokenId(market.outcomes[0].token)
    newcomer = make_market(ConditionId("0x" + "44" * 32), neg_risk=False, version=MarketVersion.V1)
    samples = {
        "best_bid_ask": "best_bid_ask_docs",
        "last_trade_price": "last_trade_price_2024",
        "market_resolved": "market_resolved_docs",
        "new_market": "new_market_docs",
        "price_change": "price_change_docs_example_new_shape",
        "tick_size_change": "tick_size_change_2025",
    }
    async with session.ws_connect(simulator.urls.ws_market) as socket:
        await socket.send_json({"type": "market", "assets_ids": [token], "custom_feature_enabled": True})
        assert [book["event_type"] for book in await socket.receive_json(timeout=5)] == ["book"]
        exchange.set_house_level(token, side=Side.SELL, price=Price.parse("0.51"), size=Shares.parse("10"))
        await caller.post(caller.order(market, price="0.51", spend="5.1", tif=TimeInForce.FAK))
        exchange.set_tick(V1, Price.parse("0.001"))
        exchange.list_market(newcomer, event_slug="weather")
        exchange.resolve(V1, winner=token)
        await simulator.advance(1)
        told = await heard(socket, "", until={(kind, "") for kind in samples})
    for kind, name in samples.items():
        ours, theirs = kinds(told[kind, ""]), kinds(recorded(shared, f"{SOCKETS}/market/{name}.json"))
        assert theirs.items() <= ours.items(), kind
    changed, sample = told["price_change", ""], recorded(shared, f"{SOCKETS}/market/{samples['price_change']}.json")
    assert kinds(changed["price_changes"][0]) == kinds(sample["price_changes"][0])


async def test_user_frames(simulator: Running, session: aiohttp.ClientSession, caller: Caller, shared: Path) -> None:
    market = simulator.market(V1)
    resting = caller.order(market, price="0.40")
    taking = caller.order(market, price="0.52", spend="5.2", tif=TimeInForce.FAK)
    killed = caller.order(market, price="0.51", spend="26.01", tif=TimeInForce.FOK)
    async with session.ws_connect(simulator.urls.ws_user) as socket:
        await socket.send_json({"type": "user", "auth": caller.key})
        for order in (resting, taking, killed):
            await caller.post(order)
        dead = await heard(socket, "type", until={("order", "CANCELLATION"), ("trade", "TRADE")})
        await caller.l2("DELETE", "/cancel-all")
        gone = await heard(socket, "type", until={("order", "CANCELLATION")})
    pairs = [
        (dead["order", "PLACEMENT"], "order_placement_2024"),
        (dead["order", "CANCELLATION"], "order_fok_killed_2026"),
        (gone["order", "CANCELLATION"], "order_cancellation_2024"),
        (dead["trade", "TRADE"], "trade_3_2024"),
        (dead["trade", "TRADE"], "trade_4_2024"),
    ]
    for ours, name in pairs:
        theirs = recorded(shared, f"{SOCKETS}/user/{name}.json")
        assert kinds(ours) == kinds(theirs), name
    [maker] = dead["trade", "TRADE"]["maker_orders"]
    theirs = recorded(shared, f"{SOCKETS}/user/trade_3_2024.json")["maker_orders"][0]
    assert kinds(theirs).items() <= kinds(maker).items()


async def test_a_refused_subscription(simulator: Running, session: aiohttp.ClientSession, shared: Path) -> None:
    theirs = recorded(shared, "samples/ws-live-data.polymarket.com/rejected_subscription.json")
    async with session.ws_connect(simulator.urls.ws_activity) as socket:
        assert await socket.receive_str() == ""
        await socket.send_json({"action": "subscribe", "subscriptions": [{"topic": "no_topic", "type": "x"}]})
        ours = await socket.receive_json(timeout=5)
    assert (kinds(ours), ours["statusCode"]) == (kinds(theirs), theirs["statusCode"])
    assert kinds(ours["body"]) == kinds(theirs["body"])


RESOLVED = {"payouts", "resolution_source", "was_arbitrated", "resolved_block", "resolved_at"}
"""Those that were recorded were not final and lack these."""
ANSWERS: list[tuple[str, dict[str, str], str, set[str]]] = [
    ("/v2/value", {"user": "alice"}, "value", set()),
    ("/v2/status", {}, "status", set()),
    ("/v2/leaderboard", {"user": "alice", "time_period": "day"}, "leaderboard_user", set()),
    ("/v2/positions", {"user": "alice", "status": "CLOSED"}, "positions_closed_limit2", set()),
    ("/v2/activity", {"user": "alice"}, "activity_user_limit2", set()),
    ("/v2/trades", {"user": "alice"}, "trades_bare_limit2", set()),
    ("/v2/resolutions", {"condition": V1}, "resolutions_pending", RESOLVED),
]


async def test_answers_of_the_data_api(
    simulator: Running, session: aiohttp.ClientSession, caller: Caller, shared: Path
) -> None:
    market = simulator.market(V1)
    await caller.post(caller.order(market, price="0.52", spend="5.2", tif=TimeInForce.FAK))
    await simulator.advance(10)
    simulator.simulator.world.exchange.resolve(V1, winner=TokenId(market.outcomes[0].token))
    await simulator.advance(90)
    for path, query, sample, also in ANSWERS:
        asked = {name: caller.account.wallet if value == "alice" else value for name, value in query.items()}
        async with session.get(simulator.urls.data + path, params=asked) as answer:
            ours = (await answer.json())["data"]
        theirs = recorded(shared, f"samples/data-api.polymarket.com/v2/{sample}.json")["data"]
        same_shape(ours[0] if isinstance(ours, list) else ours, theirs[0] if isinstance(theirs, list) else theirs, also)


ONLY_WHILE_PENDING = {"expected_settlement_time", "settlement_time_basis"}


def same_shape(ours: dict[str, Any], theirs: dict[str, Any], also: set[str]) -> None:
    """Names and types, and those of what is nested."""
    shown = {name: kind for name, kind in kinds(ours).items() if name not in also}
    assert shown == {name: kind for name, kind in kinds(theirs).items() if not also or name not in ONLY_WHILE_PENDING}
    for name, value in theirs.items():
        if isinstance(value, dict):
            same_shape(ours[name], value, set())


async def test_tags_of_gamma(simulator: Running, session: aiohttp.ClientSession, shared: Path) -> None:
    async with session.get(simulator.urls.gamma + "/tags") as answer:
        ours = (await answer.json())[0]
    theirs = recorded(shared, "samples/gamma-api.polymarket.com/tags.json")[0]
    assert kinds(ours).items() <= kinds(theirs).items()
    assert {"id", "label", "slug"} <= set(ours)


def test_recorded_purchases_imply_the_fees_we_compute(shared: Path) -> None:
    """Of July 2026: what a taker's row is worth beyond size times price. The price is told to ten decimals, ours has
    six."""
    rows = recorded(shared, "samples/vectors/usdc_size_includes_taker_fee.json")
    for row in rows:
        shares, rate = Shares.parse(str(row["size"])), Ratio.parse(str(row["implied_rate"]))
        price, implied = Price.parse(f"{row['price']:.6f}"), Decimal(str(row["implied_fee"]))
        ours = Decimal(taker_fee(shares, price, FeeSchedule(rate)).micro) / 10**6
        assert abs(ours - implied) <= Decimal("0.00001") + implied / 10**6, row
    assert sum(row["implied_fee"] > 0 for row in rows) == 7
    assert len(rows) == 42
