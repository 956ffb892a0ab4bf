"""Every recorded frame of the current shape is read; older shapes are named, never guessed."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from socket_service import Meters

from polybot.core.fills import SourceKind
from polybot.core.money import Price, Shares
from polybot.polymarket.observed import observed_fill
from polybot.polymarket.streams.activity import ActivityFrame
from polybot.polymarket.streams.frames import EventDecoder, Unrecognised
from polybot.polymarket.streams.market import WireEvent
from polybot.polymarket.streams.user import UserOrder, UserTrade, user_decoder

MARKET, USER = "ws-subscriptions-clob.polymarket.com/market", "ws-subscriptions-clob.polymarket.com/user"
RTDS = "ws-live-data.polymarket.com"

CURRENT_MARKET = {
    "best_bid_ask_docs.json",
    "last_trade_price_2024.json",  # its shape never changed
    "market_resolved_docs.json",
    "new_market_docs.json",
    "price_change_docs_example_new_shape.json",
    "tick_size_change_2025.json",
}
OLD_MARKET = {
    "array_of_books_2024-12.json": "tick_size",
    "book_2024.json": "tick_size",
    "hash_chain_2025-10.json": "timestamp",  # numbers where the wire has text: unquoted by its author
    "price_change_2024_flat_single.json": "price_changes",
}
CURRENT_USER = {
    "order_cancellation_2024.json",
    "order_fok_killed_2026.json",
    "order_placement_2024.json",
    "order_info_maker_buy_placement_2025-01.json",
    "order_info_maker_buy_unmatched_2025-01.json",
    "order_info_maker_buy_update_2025-01.json",
    "order_venue_cancel_2026.json",
    "trade_info_maker_buy_confirmed_2025-01.json",
    "trade_info_maker_buy_matched_2025-01.json",
    "trade_info_partitioned_maker_fill_2025-01.json",
    "trade_info_taker_buy_matched_2025-01.json",
    "trade_3_2024.json",
    "trade_4_2024.json",
}
OLD_USER = {"trade_maker_many_2024.json": "side", "trade_taker_2024.json": "side"}
OTHER_TOPICS = {
    "crypto_prices_backfill.json",
    "crypto_prices_chainlink_update.json",
    "crypto_prices_subscribe_nautilus.json",
    "crypto_prices_update.json",
    "crypto_prices_update_nautilus.json",
    "equity_prices_subscribe_nautilus.json",
    "rejected_subscription.json",
}


def names(shared: Path, folder: str) -> set[str]:
    return {path.name for path in (shared / "samples" / folder).glob("*.json")}


def frame(shared: Path, folder: str, name: str) -> str:
    return (shared / "samples" / folder / name).read_text()


def market_events(text: str) -> list[Any]:
    return list(EventDecoder[Any](WireEvent, stream="market", telemetry=Meters()).decode(text))


def user_events(text: str) -> list[Any]:
    return list(user_decoder(Meters()).decode(text))


def test_every_recorded_frame_is_classified(shared: Path) -> None:
    assert names(shared, MARKET) == CURRENT_MARKET | OLD_MARKET.keys()
    assert names(shared, USER) == CURRENT_USER | OLD_USER.keys()
    assert names(shared, RTDS) == OTHER_TOPICS | {"activity_trades.json"}


@pytest.mark.parametrize("name", sorted(CURRENT_MARKET))
def test_current_market_frames_are_read(shared: Path, name: str) -> None:
    (event,) = market_events(frame(shared, MARKET, name))
    assert not isinstance(event, Unrecognised)


@pytest.mark.parametrize("name", OLD_MARKET)
def test_older_market_frames_are_named(shared: Path, name: str) -> None:
    recorded = json.loads(frame(shared, MARKET, name))
    parts = recorded["frames"] if "frames" in recorded else [recorded] if isinstance(recorded, dict) else recorded
    refused = [
        event
        for part in parts
        for event in market_events(json.dumps(part))
        if isinstance(event, Unrecognised) and OLD_MARKET[name] in event.detail
    ]
    assert refused


def test_every_old_book_in_an_array_is_refused_and_every_change_read(shared: Path) -> None:
    recorded = json.loads(frame(shared, MARKET, "array_of_books_2024-12.json"))
    for part in recorded:
        for raw, event in zip(part if isinstance(part, list) else [part], market_events(json.dumps(part)), strict=True):
            assert isinstance(event, Unrecognised) == (raw["event_type"] == "book")


@pytest.mark.parametrize("name", sorted(CURRENT_USER))
def test_current_user_frames_are_read(shared: Path, name: str) -> None:
    (event,) = user_events(frame(shared, USER, name))
    assert isinstance(event, UserOrder if name.startswith("order") else UserTrade)


@pytest.mark.parametrize("name", OLD_USER)
def test_older_user_frames_are_named(shared: Path, name: str) -> None:
    (event,) = user_events(frame(shared, USER, name))
    assert isinstance(event, Unrecognised)
    assert OLD_USER[name] in event.detail


def test_a_recorded_fill_becomes_exact(shared: Path) -> None:
    recorded = msgspec.json.decode(frame(shared, RTDS, "activity_trades.json"), type=ActivityFrame)
    fill = observed_fill(
        recorded.row(), seen_ns=1, seen_mono_ns=1, telemetry=Meters(), source=SourceKind.ACTIVITY_STREAM
    )
    assert fill is not None
    assert (fill.shares, fill.price, fill.timestamp_s) == (Shares(2_702_700), Price(260_000), 1_787_102_287)
    assert fill.wallet == recorded.payload.proxy_wallet.lower()


@pytest.mark.parametrize("name", sorted(OTHER_TOPICS))
def test_other_topics_are_no_fills(shared: Path, name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(frame(shared, RTDS, name), type=ActivityFrame)
