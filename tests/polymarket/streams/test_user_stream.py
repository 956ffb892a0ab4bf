"""Our own orders and trades as the venue pushes them, with every oddity seen."""

import base64
import json
from decimal import Decimal

from socket_service import Meters, closes_after, running, sends, serving, take

from polybot.polymarket.auth import ApiCredentials
from polybot.polymarket.streams.frames import Unrecognised
from polybot.polymarket.streams.socket import SocketOptions
from polybot.polymarket.streams.user import Disconnected, Reconnected, UserOrder, UserStream, UserTrade
from polybot.utils.clock import SystemClock
from polybot.utils.retry import Backoff

SECRET = base64.urlsafe_b64encode(bytes(32)).decode()
KEY = ApiCredentials(key="key-1", secret=SECRET, passphrase="pass")
QUICK = SocketOptions(backoff=Backoff(base_s=0.001, cap_s=0.002))


def order(**changes: object) -> dict[str, object]:
    return {
        "event_type": "order",
        "type": "PLACEMENT",
        "id": "0x9a",
        "owner": "key-1",
        "market": "0x1",
        "asset_id": "7",
        "side": "BUY",
        "order_type": "GTC",
        "original_size": "12",
        "size_matched": "0",
        "price": "0.57",
        "associate_trades": None,
        "status": "LIVE",
        "created_at": "1795305600",
        "expiration": "0",
        "timestamp": "1795305600257",
    } | changes


def trade(**changes: object) -> dict[str, object]:
    return {
        "event_type": "trade",
        "type": "TRADE",
        "id": "t1",
        "taker_order_id": "0x9a",
        "market": "0x1",
        "asset_id": "7",
        "side": "BUY",
        "size": "10",
        "price": "0.57",
        "fee_rate_bps": "",
        "status": "MATCHED",
        "match_time": "1795305600",
        "owner": "key-1",
        "transaction_hash": "",
        "trader_side": "TAKER",
        "maker_orders": [
            {
                "order_id": "0xef",
                "owner": "other",
                "maker_address": "0x0A",
                "matched_amount": "10",
                "price": "0.43",
                "fee_rate_bps": "",
                "asset_id": "8",
                "side": "BUY",
                "outcome": "No",
                "outcome_index": 1,
            }
        ],
    } | changes


async def events_of(*frames: object, meters: Meters | None = None) -> list[object]:
    texts = [frame if isinstance(frame, str) else json.dumps(frame) for frame in frames]
    expected = sum(len(frame) if isinstance(frame, list) else 1 for frame in frames if not isinstance(frame, str))
    async with serving(sends(*texts)) as service:
        user = UserStream(service.url, credentials=KEY, clock=SystemClock(), options=QUICK, telemetry=meters)
        async with running(user.run):
            events: list[object] = list(await take(user.events(), expected + 1))
    assert events[0] == Reconnected("connected")
    return events[1:]


async def test_the_first_frame_carries_the_credentials_and_asks_for_everything() -> None:
    async with serving(sends()) as service:
        user = UserStream(service.url, credentials=KEY, clock=SystemClock(), options=QUICK)
        async with running(user.run):
            await take(user.events(), 1)
            hello = json.loads(await service.next_received())
    assert hello == {"type": "user", "auth": {"apiKey": "key-1", "secret": SECRET, "passphrase": "pass"}}


async def test_orders_and_trades_alone_or_in_arrays() -> None:
    events = await events_of(order(), [trade(), trade(status="MINED")], [])
    assert [type(event).__name__ for event in events] == ["UserOrder", "UserTrade", "UserTrade"]
    mint = events[1]
    assert isinstance(mint, UserTrade)
    assert (mint.size, mint.maker_orders[0].side, mint.maker_orders[0].asset_id) == (Decimal(10), "BUY", "8")
    assert mint.matched_ns == 1_795_305_600 * 10**9


async def test_a_killed_order_with_a_sentence_for_a_status_and_empty_numbers() -> None:
    killed = order(
        type="CANCELLATION",
        order_type="FOK",
        size_matched="",
        created_at="",
        status="CANCELED_order couldn't be fully filled. FOK orders are fully filled or killed.",
        associate_trades=[],
    )
    (event,) = await events_of(killed)
    assert isinstance(event, UserOrder)
    assert (event.matched, event.open) == (Decimal(0), False)


async def test_what_an_order_status_says_about_the_rest() -> None:
    said = {"LIVE": True, "DELAYED": True, "UNMATCHED": True, "INVALID": False, "CANCELED": False, "A_NEW_WORD": True}
    events = await events_of([order(status=status) for status in said])
    assert [event.open for event in events if isinstance(event, UserOrder)] == list(said.values())


async def test_matched_is_the_end_unless_a_real_rest_can_still_fill() -> None:
    matched = [
        order(status="MATCHED", size_matched=size, order_type=kind)
        for size, kind in [("5", "GTC"), ("11.99", "GTC"), ("12", "GTC"), ("12.000001", "GTC"), ("5", "FAK")]
    ]
    events = await events_of(matched)
    assert [event.open for event in events if isinstance(event, UserOrder)] == [True, False, False, False, False]


async def test_garbage_and_unknown_events_are_skipped_and_counted() -> None:
    meters = Meters()
    events = await events_of("{", "oops", {"event_type": "mystery"}, order(size_matched=5), meters=meters)
    assert isinstance(events[0], Unrecognised)
    assert isinstance(events[1], UserOrder)
    assert meters.counts[("frames_refused", "user", "not_json")] == 2


async def test_after_a_close_the_gap_is_named() -> None:
    async with serving(closes_after(), sends()) as service:
        user = UserStream(service.url, credentials=KEY, clock=SystemClock(), options=QUICK)
        async with running(user.run):
            events = await take(user.events(), 3)
    assert events == [Reconnected("connected"), Disconnected("closed 1013"), Reconnected("closed 1013")]
