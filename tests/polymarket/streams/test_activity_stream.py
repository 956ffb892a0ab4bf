"""The firehose of everybody's fills: only the followed wallets' come through."""

import json

from socket_service import Meters, SocketService, closes_after, running, sends, serving, take

from polybot.core.fills import ObservedFill, SourceKind
from polybot.core.ids import Wallet
from polybot.core.money import Price, Shares
from polybot.polymarket.streams.activity import ActivityStream, ActivityStreamOptions, FeedGap
from polybot.polymarket.streams.socket import SocketOptions
from polybot.utils.clock import ManualClock, SystemClock
from polybot.utils.retry import Backoff

MINE, OTHER = Wallet("0x" + "ab" * 20), Wallet("0x" + "cd" * 20)
QUICK = ActivityStreamOptions(
    socket=SocketOptions(pong_stale_s=None, data_stale_s=20, backoff=Backoff(base_s=0.001, cap_s=0.002))
)


def row(wallet: str = MINE.replace("b", "B"), **changes: object) -> str:
    payload = {
        "asset": "72551024098258542594534683942523606143014690620243023298497729957846870197074",
        "conditionId": "0x" + "1d" * 32,
        "outcome": "No",
        "outcomeIndex": 999,
        "price": 0.2612345678,
        "proxyWallet": wallet,
        "side": "SELL",
        "size": 2.7027,
        "slug": "s",
        "timestamp": ManualClock().now_ns() // 10**9 - 2,
        "title": "T",
        "transactionHash": "0xB6",
        "fee": 0.01,
    }
    envelope = {"connection_id": "x", "topic": "activity", "type": "trades", "timestamp": 1787102287053}
    return json.dumps(envelope | {"payload": payload | changes})


def stream(service: SocketService, *, clock: ManualClock | SystemClock, meters: Meters | None = None) -> ActivityStream:
    return ActivityStream(service.url, wallets=[MINE], clock=clock, options=QUICK, telemetry=meters)


async def test_the_first_frame_subscribes_to_trades_only() -> None:
    async with serving(sends()) as service:
        activity = stream(service, clock=SystemClock())
        async with running(activity.run):
            await take(activity.events(), 1)
            hello = json.loads(await service.next_received())
    assert hello == {"action": "subscribe", "subscriptions": [{"topic": "activity", "type": "trades"}]}


async def test_followed_wallets_in_any_letter_case_come_through_exactly() -> None:
    clock = ManualClock()
    async with serving(sends("", row(OTHER), row())) as service:
        activity = stream(service, clock=clock)
        async with running(activity.run):
            gap, fill = await take(activity.events(), 2)
            assert activity.healthy()
            health = activity.health()
    assert gap == FeedGap("connected")
    assert isinstance(fill, ObservedFill)
    assert (fill.wallet, fill.shares, fill.price) == (MINE, Shares(2_702_700), Price(261_235))
    assert (fill.source, fill.tx, fill.published_ns) == (SourceKind.ACTIVITY_STREAM, "0xb6", 1787102287053 * 10**6)
    assert (fill.seen_ns, fill.seen_mono_ns) == (clock.now_ns(), clock.perf_ns())
    assert (health.rows, health.row_age_s, health.connections) == (2, 2.0, 1)


async def test_equal_rows_are_all_shown() -> None:
    async with serving(sends(row(), row())) as service:
        activity = stream(service, clock=ManualClock())
        async with running(activity.run):
            fills = await take(activity.events(), 3)
    assert fills[1] == fills[2]


async def test_strange_frames_are_counted_and_skipped() -> None:
    meters = Meters()
    frames = [
        "{half",
        "[]",
        json.dumps({"body": {"message": "topic not found"}, "statusCode": 401}),
        row(size="many"),
        row(side="HOLD"),
        json.dumps({"topic": "crypto_prices", "type": "update", "payload": {"symbol": "btcusdt", "value": 1.5}}),
        row(),
    ]
    async with serving(sends(*frames)) as service:
        activity = stream(service, clock=ManualClock(), meters=meters)
        async with running(activity.run):
            events = await take(activity.events(), 2)
    assert isinstance(events[1], ObservedFill)
    assert meters.counts[("frames_refused", "activity", "not_json")] == 1
    assert meters.counts[("frames_refused", "activity", "shape")] == 3
    assert meters.counts[("rows_ignored", SourceKind.ACTIVITY_STREAM, "side")] == 1


async def test_only_the_wallets_followed_now_come_through() -> None:
    async with serving(sends(row(), row(OTHER))) as service:
        activity = stream(service, clock=ManualClock())
        activity.follow([OTHER])
        async with running(activity.run):
            fill = (await take(activity.events(), 2))[1]
    assert isinstance(fill, ObservedFill)
    assert fill.wallet == OTHER


async def test_old_rows_and_silence_are_not_health() -> None:
    clock = ManualClock()
    async with serving(sends(row(timestamp=clock.now_ns() // 10**9 - 31))) as service:
        activity = stream(service, clock=clock)
        async with running(activity.run):
            assert not activity.healthy()
            await take(activity.events(), 2)
            assert activity.health().row_age_s == 31
            assert not activity.healthy()


async def test_a_silent_feed_is_unhealthy_before_it_is_given_up() -> None:
    clock = ManualClock()
    async with serving(sends(row()), sends()) as service:
        activity = stream(service, clock=clock)
        async with running(activity.run):
            events = activity.events()
            await take(events, 2)
            await clock.advance(19)
            assert activity.healthy()
            await clock.advance(2)
            assert not activity.healthy()
            await clock.advance(1)
            assert await take(events, 1) == [FeedGap("no data")]


async def test_a_new_connection_names_the_gap() -> None:
    async with serving(closes_after(row()), sends()) as service:
        activity = stream(service, clock=SystemClock())
        async with running(activity.run):
            events = await take(activity.events(), 3)
    assert events[2] == FeedGap("closed 1013")
