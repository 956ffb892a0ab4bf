"""Books and trades: subscriptions, reconnects, strange frames."""

import json

from socket_service import Meters, SocketService, closes_after, running, sends, serving, take

from polybot.core.ids import TokenId
from polybot.polymarket.streams.frames import Unrecognised
from polybot.polymarket.streams.market import (
    BookEvent,
    Disconnected,
    LastTradePrice,
    MarketEvent,
    MarketStream,
    MarketStreamOptions,
    PriceChange,
    Reconnected,
)
from polybot.polymarket.streams.socket import SocketOptions
from polybot.utils.clock import SystemClock
from polybot.utils.retry import Backoff

A, B, C = (TokenId(word) for word in "123")
QUICK = SocketOptions(backoff=Backoff(base_s=0.001, cap_s=0.002))


def book(token: str, **changes: object) -> dict[str, object]:
    return {
        "event_type": "book",
        "market": "0x1",
        "asset_id": token,
        "timestamp": "1",
        "hash": "h",
        "bids": [{"price": "0.3", "size": "5"}],
        "asks": [],
        "tick_size": "0.01",
        "last_trade_price": "0.490",
    } | changes


def change(token: str) -> dict[str, object]:
    entry = {
        "asset_id": token,
        "price": "0.3",
        "size": "0",
        "side": "BUY",
        "hash": "h2",
        "best_bid": "",
        "best_ask": "",
    }
    return {"event_type": "price_change", "market": "0x1", "timestamp": "2", "price_changes": [entry]}


def stream(url: str, *, per_connection: int = 200, meters: Meters | None = None) -> MarketStream:
    options = MarketStreamOptions(tokens_per_connection=per_connection, socket=QUICK)
    return MarketStream(url, clock=SystemClock(), options=options, telemetry=meters)


async def received(service: SocketService, count: int) -> list[dict[str, object]]:
    return [json.loads(await service.next_received()) for _ in range(count)]


def kinds(events: list[MarketEvent]) -> list[str]:
    return [type(event.event).__name__ for event in events]


async def test_the_first_frame_asks_for_books_and_custom_events() -> None:
    async with serving(sends()) as service:
        market = stream(service.url)
        await market.subscribe([A, B, A])
        async with running(market.run):
            hello = await received(service, 1)
    assert hello == [{"type": "market", "assets_ids": ["1", "2"], "custom_feature_enabled": True, "initial_dump": True}]


async def test_objects_arrays_and_empty_arrays_are_events() -> None:
    frames = [json.dumps([book(A), book(B)]), "[]", json.dumps(change(A)), json.dumps(change(A))]
    async with serving(sends(*frames)) as service:
        market = stream(service.url)
        await market.subscribe([A, B])
        async with running(market.run):
            events = await take(market.events(), 5)
    assert kinds(events) == ["Reconnected", "BookEvent", "BookEvent", "PriceChange", "PriceChange"]
    assert events[0].event == Reconnected(frozenset({A, B}), "connected")
    first = events[1].event
    assert isinstance(first, BookEvent)
    assert (first.bids[0].price, first.last_trade_price, first.min_order_size) == ("0.3", "0.490", None)
    delta = events[3].event
    assert isinstance(delta, PriceChange)
    assert (delta.price_changes[0].size, delta.price_changes[0].best_bid) == ("0", "")


async def test_garbage_is_counted_and_a_strange_event_does_not_spoil_its_neighbours() -> None:
    meters = Meters()
    strange = {"event_type": "brand_new", "x": 1}
    frames = ["{half", "<html>", "INVALID", json.dumps([strange, book(A), book(B, bids=7)]), json.dumps(5)]
    async with serving(sends(*frames)) as service:
        market = stream(service.url, meters=meters)
        await market.subscribe([A])
        async with running(market.run):
            events = [event.event for event in await take(market.events(), 5)]
    assert isinstance(events[1], Unrecognised)
    assert events[1].event_type == "brand_new"
    assert isinstance(events[2], BookEvent)
    assert isinstance(events[3], Unrecognised)
    assert "bids" in events[3].detail
    assert isinstance(events[4], Unrecognised)
    assert meters.counts[("frames_refused", "market", "not_json")] == 3
    assert meters.counts[("frames_refused", "market", "unknown_event")] == 3


async def test_the_old_price_change_is_named_not_guessed() -> None:
    old = {"event_type": "price_change", "market": "0x1", "asset_id": A, "timestamp": "1", "hash": "h", "changes": []}
    async with serving(sends(json.dumps(old))) as service:
        market = stream(service.url)
        await market.subscribe([A])
        async with running(market.run):
            event = (await take(market.events(), 2))[1].event
    assert isinstance(event, Unrecognised)
    assert "price_changes" in event.detail


async def test_subscriptions_follow_on_the_open_connection() -> None:
    async with serving(sends()) as service:
        market = stream(service.url)
        await market.subscribe([A])
        async with running(market.run):
            await take(market.events(), 1)
            await market.subscribe([A, B])
            await market.unsubscribe([A, C])
            frames = await received(service, 3)
    assert [(frame.get("operation"), frame["assets_ids"]) for frame in frames] == [
        (None, ["1"]),
        ("subscribe", ["2"]),
        ("unsubscribe", ["1"]),
    ]


async def test_after_a_close_everything_is_subscribed_anew_and_said_to_be_void() -> None:
    async with serving(closes_after(json.dumps(book(A))), sends()) as service:
        market = stream(service.url)
        await market.subscribe([A, B])
        async with running(market.run):
            events = [event.event for event in await take(market.events(), 4)]
            hellos = await received(service, 2)
    both = frozenset({A, B})
    assert events[2:] == [Disconnected(both, "closed 1013"), Reconnected(both, "closed 1013")]
    assert hellos[0] == hellos[1]


async def test_many_tokens_are_spread_over_connections() -> None:
    async with serving(sends()) as service:
        market = stream(service.url, per_connection=2)
        await market.subscribe([A, B, C])
        async with running(market.run):
            hellos = await received(service, 2)
            late = TokenId("4")
            await take(market.events(), 2)
            await market.subscribe([late, TokenId("5")])
            more = await received(service, 2)
    assert sorted(str(hello["assets_ids"]) for hello in hellos) == ["['1', '2']", "['3']"]
    assert [(frame.get("operation"), frame["assets_ids"]) for frame in more] == [("subscribe", ["4"]), (None, ["5"])]


async def test_a_suspect_book_gets_a_new_connection() -> None:
    async with serving(sends(json.dumps(book(A)))) as service:
        market = stream(service.url)
        await market.subscribe([A])
        async with running(market.run):
            events = market.events()
            await take(events, 2)
            market.renew(A, reason="hash")
            seen = await take(events, 3)
    assert kinds(seen) == ["Disconnected", "Reconnected", "BookEvent"]


async def test_trades_are_events() -> None:
    trade = {
        "event_type": "last_trade_price",
        "market": "0x1",
        "asset_id": A,
        "price": "0.5",
        "size": "3",
        "side": "SELL",
        "timestamp": "3",
        "fee_rate_bps": "",
        "transaction_hash": "0xaa",
    }
    async with serving(sends(json.dumps(trade))) as service:
        market = stream(service.url)
        await market.subscribe([A])
        async with running(market.run):
            event = (await take(market.events(), 2))[1].event
    assert isinstance(event, LastTradePrice)
    assert event.transaction_hash == "0xaa"
