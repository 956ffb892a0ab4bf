"""A listener can rebuild every book from the market socket, and prove it by the hashes."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from polybot.core.book import Book, HashFacts, Level
from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import MarketVersion, Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import SignatureType, TimeInForce
from polybot.simulator.options import Options
from polybot.simulator.streams.options import StreamOptions
from simulated_venue import AT_ONCE, V1, Running, make_market, running_simulator

Socket = aiohttp.ClientWebSocketResponse


@pytest.fixture
async def socket(simulator: Running) -> AsyncIterator[Socket]:
    simulator.simulator.desk.open_account(signature_type=SignatureType.EOA, balance=Usdc.parse("1000"), name="alice")
    async with aiohttp.ClientSession() as session, session.ws_connect(simulator.urls.ws_market) as opened:
        yield opened


def tokens(simulator: Running) -> list[TokenId]:
    return [TokenId(outcome.token) for outcome in simulator.market(V1).outcomes]


def trade(
    simulator: Running, *, side: Side = Side.BUY, price: str = "0.60", tif: TimeInForce = TimeInForce.FAK
) -> None:
    simulator.simulator.world.step(simulator.clock.now_ns())
    simulator.simulator.desk.trade(
        trader="alice",
        token=tokens(simulator)[0],
        side=Side.BUY,
        size=Shares.parse("10"),
        price=Price.parse(price),
        tif=tif,
    )


async def subscribed(socket: Socket, simulator: Running, **more: object) -> list[Any]:
    await socket.send_json({"type": "market", "assets_ids": tokens(simulator), **more})
    books: list[Any] = await socket.receive_json()
    return books


async def event(socket: Socket, kind: str) -> Any:
    while True:
        frame = await socket.receive_json(timeout=5)
        if isinstance(frame, dict) and frame["event_type"] == kind:
            return frame


def levels(wire: list[dict[str, str]]) -> list[Level]:
    return [Level(Price.parse(level["price"]), Shares.parse(level["size"])) for level in wire]


async def test_changes_on_a_snapshot_give_the_venues_hash(socket: Socket, simulator: Running) -> None:
    books: dict[str, Book] = {}
    for snapshot in await subscribed(socket, simulator):
        book = books[snapshot["asset_id"]] = Book(TokenId(snapshot["asset_id"]))
        book.replace(bids=levels(snapshot["bids"]), asks=levels(snapshot["asks"]))
    trade(simulator, price="0.45", tif=TimeInForce.GTC)
    change = await event(socket, "price_change")
    for entry in change["price_changes"]:
        books[entry["asset_id"]].set_level(
            Side(entry["side"]), Price.parse(entry["price"]), Shares.parse(entry["size"])
        )
    facts = HashFacts(market=V1, min_order_size="5", tick_size="0.01", neg_risk=False, last_trade_price="")
    hashes = {entry["asset_id"]: entry["hash"] for entry in change["price_changes"]}
    assert set(hashes) == set(books)
    for token, book in books.items():
        assert book.venue_hash(timestamp_ms=int(change["timestamp"]), facts=facts) == hashes[token]
    best = {entry["asset_id"]: (entry["best_bid"], entry["best_ask"]) for entry in change["price_changes"]}
    assert set(best.values()) == {("0.5", "0.52"), ("0.48", "0.5")}


async def test_a_trade_is_told_with_the_books_after_it(socket: Socket, simulator: Running) -> None:
    await subscribed(socket, simulator)
    trade(simulator)
    told = await event(socket, "last_trade_price")
    assert (told["price"], told["size"], told["side"]) == ("0.52", "10", "BUY")
    book = await event(socket, "book")
    async with aiohttp.ClientSession() as session:
        asked = f"{simulator.urls.clob}/book?token_id={book['asset_id']}"
        async with session.get(asked) as answer:
            assert (await answer.json())["hash"] == book["hash"]
    assert book["last_trade_price"] in {"0.52", "0.48", ""}


async def test_ping_and_noise(socket: Socket, simulator: Running) -> None:
    await socket.send_str("PING")
    assert await socket.receive_str() == "PONG"
    await socket.send_str("noise")
    assert await socket.receive_str() == "INVALID OPERATION"


async def test_assets_come_and_go_on_an_open_socket(socket: Socket, simulator: Running) -> None:
    yes, no = tokens(simulator)
    await socket.send_json({"type": "market", "assets_ids": [yes]})
    assert [book["asset_id"] for book in await socket.receive_json()] == [yes]
    await socket.send_json({"operation": "subscribe", "assets_ids": [yes, no]})
    assert [book["asset_id"] for book in await socket.receive_json()] == [no]
    await socket.send_json({"operation": "unsubscribe", "assets_ids": [yes, no]})
    await socket.send_str("PING")
    assert await socket.receive_str() == "PONG"
    trade(simulator)
    await socket.send_str("PING")
    assert await socket.receive_str() == "PONG"


async def asked(socket: Socket, frame: object) -> list[Any]:
    """What came before the answer to a question that is asked after the frame."""
    await socket.send_json(frame)
    await socket.send_str("PING")
    told: list[Any] = []
    while (text := await socket.receive_str(timeout=5)) != "PONG":
        told.append(text)
    return told


@pytest.mark.parametrize(
    "frame",
    [
        {"assets_ids": ["1"]},
        {"operation": "explode", "assets_ids": ["1"]},
        {"type": "market", "assets_ids": "1"},
        {"type": "market", "assets_ids": ["1"], "level": 4},
    ],
)
async def test_what_is_no_request_is_refused(socket: Socket, frame: object) -> None:
    assert await asked(socket, frame) == ["INVALID OPERATION"]


async def test_what_is_held_is_refused_but_its_flag_counts(socket: Socket, simulator: Running) -> None:
    await subscribed(socket, simulator)
    again = {"operation": "subscribe", "assets_ids": tokens(simulator), "custom_feature_enabled": True}
    assert await asked(socket, again) == ["INVALID OPERATION"]
    trade(simulator)
    assert (await event(socket, "best_bid_ask"))["asset_id"] in tokens(simulator)


async def test_a_flag_in_camel_case_is_ignored(socket: Socket, simulator: Running) -> None:
    await subscribed(socket, simulator, customFeatureEnabled=True)
    simulator.simulator.world.exchange.resolve(V1, winner=tokens(simulator)[1])
    await simulator.advance(1)
    assert await asked(socket, {"operation": "unsubscribe", "assets_ids": []}) == []


async def test_no_books_at_first_if_none_are_wanted(socket: Socket, simulator: Running) -> None:
    await asked(socket, {"type": "market", "assets_ids": tokens(simulator), "initial_dump": False, "level": 1})
    trade(simulator)
    assert (await event(socket, "last_trade_price"))["price"] == "0.52"


async def test_a_new_market_is_told_to_everyone_who_enabled_it(socket: Socket, simulator: Running) -> None:
    await socket.send_json({"type": "market", "assets_ids": [], "custom_feature_enabled": True})
    async with aiohttp.ClientSession() as session, session.ws_connect(simulator.urls.ws_market) as plain:
        assert await asked(plain, {"type": "market", "assets_ids": []}) == []
        await asked(socket, {"type": "market", "assets_ids": []})
        market = make_market(ConditionId("0x" + "44" * 32), neg_risk=False, version=MarketVersion.V1)
        simulator.simulator.world.exchange.list_market(market, event_slug="weather")
        told = await event(socket, "new_market")
        assert (told["market"], told["condition_id"]) == (market.condition, market.condition)
        assert told["clob_token_ids"] == told["assets_ids"] == [outcome.token for outcome in market.outcomes]
        assert told["fee_schedule"]["rate"] == "0.04"
        assert await asked(plain, {"type": "market", "assets_ids": []}) == []


async def test_beyond_so_many_assets_there_are_no_snapshots(simulator: Running) -> None:
    made_up = [str(number) for number in range(499)]
    async with aiohttp.ClientSession() as session, session.ws_connect(simulator.urls.ws_market) as socket:
        await socket.send_json({"type": "market", "assets_ids": [*made_up, *tokens(simulator)]})
        assert [book["asset_id"] for book in await socket.receive_json(timeout=5)] == tokens(simulator)[:1]


@pytest.mark.parametrize("url", ["ws_market", "ws_user"])
async def test_a_socket_that_says_nothing_is_closed(simulator: Running, url: str) -> None:
    async with aiohttp.ClientSession() as session, session.ws_connect(getattr(simulator.urls, url)) as socket:
        await socket.send_str("PING")
        assert await socket.receive_str(timeout=5) == "PONG"
        await simulator.advance(11)
        assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE


async def test_a_socket_that_asked_for_something_stays(socket: Socket, simulator: Running) -> None:
    await subscribed(socket, simulator)
    await simulator.advance(3600)
    assert await asked(socket, {"operation": "unsubscribe", "assets_ids": []}) == []


async def test_who_must_send_ping_and_does_not_is_closed() -> None:
    options = Options(delays=AT_ONCE, streams=StreamOptions(ping_s=60))
    async with (
        running_simulator(options) as simulator,
        aiohttp.ClientSession() as session,
        session.ws_connect(simulator.urls.ws_market) as socket,
    ):
        for _ in range(3):
            assert await asked(socket, {"type": "market", "assets_ids": []}) == []
            await simulator.advance(40)
        await simulator.advance(40)
        assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE


async def test_a_resolution_is_told_to_those_who_enabled_it(socket: Socket, simulator: Running) -> None:
    await subscribed(socket, simulator, custom_feature_enabled=True)
    simulator.simulator.world.exchange.resolve(V1, winner=tokens(simulator)[1])
    told = await event(socket, "market_resolved")
    assert told["winning_asset_id"] == tokens(simulator)[1]
    assert told["winning_outcome"] == "No"


async def test_a_finer_tick_is_told_for_both_tokens(socket: Socket, simulator: Running) -> None:
    await subscribed(socket, simulator)
    simulator.simulator.world.exchange.set_tick(V1, Price.parse("0.001"))
    told = [await event(socket, "tick_size_change") for _ in range(2)]
    assert {frame["asset_id"] for frame in told} == set(tokens(simulator))
    assert {(frame["old_tick_size"], frame["new_tick_size"]) for frame in told} == {("0.01", "0.001")}
