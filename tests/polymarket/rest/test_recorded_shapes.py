"""Every recorded answer of the current shape is read; older shapes are refused with a clear error."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from wire_service import Meters

from polybot.core.fills import SourceKind
from polybot.core.money import Price, Shares
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.polymarket.observed import observed_fill
from polybot.polymarket.rest.clob import market_from_compact
from polybot.polymarket.rest.data_models import (
    ActivityRow,
    FeedTrade,
    Listing,
    One,
    PositionRow,
    ServiceStatus,
    ValueRow,
)
from polybot.polymarket.rest.decode import decode
from polybot.polymarket.rest.gamma import market_of
from polybot.polymarket.rest.gamma_models import GammaEvent, GammaMarket, SearchAnswer
from polybot.polymarket.rest.models import BookFrame, CompactMarket, TradeRow

CLOB, V1, V2, GAMMA = (
    "clob.polymarket.com",
    "data-api.polymarket.com/v1",
    "data-api.polymarket.com/v2",
    "gamma-api.polymarket.com",
)

CURRENT: dict[str, Any] = {
    f"{CLOB}/book_single.json": BookFrame,
    f"{CLOB}/books_batch.json": tuple[BookFrame, ...],
    f"{CLOB}/clob_markets_compact.json": tuple[CompactMarket, ...],
    f"{V2}/activity_data_rows_official_sdk.json": tuple[ActivityRow, ...],
    f"{V2}/activity_user_limit2.json": Listing[ActivityRow],
    f"{V2}/positions_closed_limit2.json": Listing[PositionRow],
    f"{V2}/positions_data_rows_official_sdk.json": tuple[PositionRow, ...],
    f"{V2}/positions_open_limit2.json": Listing[PositionRow],
    f"{V2}/status.json": One[ServiceStatus],
    f"{V2}/trades_bare_limit2.json": Listing[FeedTrade],
    f"{V2}/trades_data_rows_official_sdk.json": tuple[FeedTrade, ...],
    f"{V2}/value.json": One[ValueRow],
    f"{GAMMA}/event_by_slug_negrisk.json": GammaEvent,
    f"{GAMMA}/event_v1_2026-04.json": GammaEvent,
    f"{GAMMA}/market_closed_binary_accepting_false.json": GammaMarket,
    f"{GAMMA}/market_closed_binary_accepting_true.json": GammaMarket,
    f"{GAMMA}/market_sports_market_map_handicap.json": GammaMarket,
    f"{GAMMA}/market_sports_market_money_line.json": GammaMarket,
    f"{GAMMA}/market_v1_2026-04.json": GammaMarket,
    f"{GAMMA}/markets_list_with_fee_schedule.json": tuple[GammaMarket, ...],
    f"{GAMMA}/public_search.json": SearchAnswer,
}

OLD: dict[str, tuple[Any, str]] = {
    f"{CLOB}/book_2024_old_shape.json": (BookFrame, "tick_size"),
    f"{CLOB}/data_trades_user_2024.json": (TradeRow, "side"),
    f"{V1}/activity_all_types.json": (Listing[ActivityRow], "got `array`"),
    f"{V1}/activity_redeem_only.json": (Listing[ActivityRow], "got `array`"),
    f"{V1}/activity_trades.json": (tuple[ActivityRow, ...], "proxy_wallet"),
    f"{V1}/closed_positions.json": (tuple[PositionRow, ...], "proxy_wallet"),
    f"{V1}/positions_losers_redeemable.json": (tuple[PositionRow, ...], "proxy_wallet"),
    f"{V1}/positions_open.json": (tuple[PositionRow, ...], "proxy_wallet"),
    f"{V1}/trades_bare.json": (tuple[FeedTrade, ...], "proxy_wallet"),
    f"{V1}/trades_by_market_2024.json": (tuple[FeedTrade, ...], "proxy_wallet"),
}

OLD_MARKETS = {
    f"{GAMMA}/market_closed_nonbinary_legacy.json": "orderPriceMinTickSize",
    f"{GAMMA}/market_closed_zero_zero_legacy.json": "orderPriceMinTickSize",
}

NOT_SPOKEN = {
    f"{CLOB}/market_closed_binary_accepting_false.json",
    f"{CLOB}/market_closed_binary_accepting_true.json",
    f"{CLOB}/market_long_form_2024.json",
    f"{CLOB}/markets_page_2024_trimmed.json",
    f"{V1}/leaderboard_month_pnl.json",
    f"{V2}/activity_combos_row1.json",
    f"{V2}/holders.json",
    f"{V2}/leaderboard_user.json",
    f"{V2}/resolutions_pending.json",
    f"{GAMMA}/tags.json",
}
"""Answers of calls this program does not make."""


def load(shared: Path, name: str, shape: Any) -> Any:
    return decode((shared / "samples" / name).read_bytes(), shape, endpoint=name)


def test_every_recorded_answer_is_classified(shared: Path) -> None:
    samples = shared / "samples"
    recorded = {
        str(path.relative_to(samples)) for host in (CLOB, V1, V2, GAMMA) for path in (samples / host).glob("*.json")
    }
    assert recorded == CURRENT.keys() | OLD.keys() | OLD_MARKETS.keys() | NOT_SPOKEN


@pytest.mark.parametrize("name", CURRENT)
def test_current_shapes_are_read(shared: Path, name: str) -> None:
    assert load(shared, name, CURRENT[name])


@pytest.mark.parametrize("name", OLD)
def test_older_shapes_are_refused_by_name(shared: Path, name: str) -> None:
    shape, named = OLD[name]
    with pytest.raises(RequestFailed, match=named):
        load(shared, name, shape)


@pytest.mark.parametrize("name", OLD_MARKETS)
def test_markets_from_before_the_order_book_are_refused(shared: Path, name: str) -> None:
    with pytest.raises(UnexpectedShape, match=OLD_MARKETS[name]):
        market_of(load(shared, name, GammaMarket))


def test_every_recorded_gamma_market_can_be_traded(shared: Path) -> None:
    names = [name for name, shape in CURRENT.items() if shape is GammaMarket]
    markets = [load(shared, name, GammaMarket) for name in names]
    markets += load(shared, f"{GAMMA}/markets_list_with_fee_schedule.json", tuple[GammaMarket, ...])
    for name in ("event_by_slug_negrisk", "event_v1_2026-04"):
        markets += load(shared, f"{GAMMA}/{name}.json", GammaEvent).markets
    for wire in markets:
        market = market_of(wire)
        assert market.tick > Price(0)
        assert market.outcomes[0].token != market.outcomes[1].token
        assert not (market.closed and market.accepting_orders)


def test_final_prices_name_the_winner(shared: Path) -> None:
    won = market_of(load(shared, f"{GAMMA}/market_closed_binary_accepting_true.json", GammaMarket))
    lost = market_of(load(shared, f"{GAMMA}/market_closed_binary_accepting_false.json", GammaMarket))
    assert won.winner == won.outcomes[0].token
    assert lost.winner == lost.outcomes[1].token


def test_both_descriptions_of_a_market_agree(shared: Path) -> None:
    """The event and the CLOB's compact answers were recorded at the same time."""
    event = load(shared, f"{GAMMA}/event_by_slug_negrisk.json", GammaEvent)
    by_condition = {market.condition: market for market in map(market_of, event.markets)}
    compacts = load(shared, f"{CLOB}/clob_markets_compact.json", tuple[CompactMarket, ...])
    assert compacts
    for wire in compacts:
        ours = market_from_compact(wire)
        theirs = by_condition[ours.condition]
        same: Callable[[Any], object] = lambda market: (  # noqa: E731
            market.outcomes,
            market.neg_risk,
            market.tick,
            market.min_order,
            market.fee,
        )
        assert same(ours) == same(theirs)


def test_a_book_survives_decoding_text_for_text(shared: Path) -> None:
    raw = json.loads((shared / "samples" / f"{CLOB}/book_single.json").read_bytes())
    book = load(shared, f"{CLOB}/book_single.json", BookFrame)
    again = json.loads(msgspec.json.encode(book))
    assert again == {key: raw[key] for key in again}
    assert again.keys() == raw.keys()


def test_recorded_activity_becomes_fills(shared: Path) -> None:
    rows = load(shared, f"{V2}/activity_data_rows_official_sdk.json", tuple[ActivityRow, ...])
    meters = Meters()
    fills = [observed_fill(row, seen_ns=1, seen_mono_ns=1, telemetry=meters) for row in rows]
    first = fills[0]
    assert first is not None
    assert (first.shares, first.price, first.source) == (Shares(14_285_715), Price(930_000), SourceKind.ACTIVITY_POLL)
    assert all(fills)
    assert not meters.counts
