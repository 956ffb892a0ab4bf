"""What the simulator writes has the shape of what the venue was recorded writing."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from polybot.core.book import BookView, Level
from polybot.core.ids import TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.polymarket.wallets import checksum
from polybot.simulator.indexing.catalogue import Question
from polybot.simulator.rest.replies import encode
from polybot.simulator.wire.books import Snapshot, rest_book
from polybot.simulator.wire.gamma import Listed, Quote, gamma_market
from polybot.simulator.wire.markets import compact_market, long_market
from polybot.simulator.wire.positions import Holding, holder_row, position_row
from polybot.simulator.wire.rows import Row, activity_payload, activity_row, trade_row
from simulated_venue import MARKETS

CTF, NEG_RISK, V2 = MARKETS
WALLET = Wallet("0x" + "ab" * 20)
ROW = Row(
    kind="TRADE",
    wallet=WALLET,
    market=CTF,
    event_slug="weather",
    token=TokenId(CTF.outcomes[1].token),
    side=Side.BUY,
    shares=Shares.parse("12.31"),
    usdc=Usdc.parse("7.6322"),
    fee=Usdc.parse("0.14501"),
    tx="0x" + "cd" * 32,
    at_ns=1_795_000_000_700_000_000,
    sequence=9,
    taker=True,
)
HOLDING = Holding(
    wallet=WALLET,
    market=CTF,
    event_slug="weather",
    event_id="1142427",
    token=TokenId(CTF.outcomes[0].token),
    shares=Shares.parse("28.09"),
    cost=Usdc.parse("18.8203"),
    entry_fees=Usdc.parse("0.31053"),
    bought=Shares.parse("28.09"),
    bought_usdc=Usdc.parse("18.8203"),
    realized=Usdc(0),
    price=Price.parse("0.715"),
    first_ns=1,
    last_ns=2,
)


def recorded(shared: Path, path: str) -> Any:
    return json.loads((shared / "samples" / path).read_text())


def written(wire: object) -> Any:
    return json.loads(encode(wire))


def kinds(wire: dict[str, Any]) -> dict[str, str]:
    return {name: "number" if type(value) in {int, float} else type(value).__name__ for name, value in wire.items()}


@pytest.mark.parametrize(
    ("path", "wire"),
    [
        ("data-api.polymarket.com/v2/activity_user_limit2.json", activity_row(ROW)),
        ("data-api.polymarket.com/v2/trades_bare_limit2.json", trade_row(ROW)),
        ("data-api.polymarket.com/v2/positions_open_limit2.json", position_row(HOLDING)),
    ],
)
def test_data_rows_have_the_recorded_keys_in_their_order(shared: Path, path: str, wire: dict[str, Any]) -> None:
    sample = recorded(shared, path)["data"][0]
    assert list(written(wire)) == list(sample)
    assert kinds(written(wire)) == kinds(sample)


def test_activity_messages_have_the_recorded_keys(shared: Path) -> None:
    sample = recorded(shared, "ws-live-data.polymarket.com/activity_trades.json")["payload"]
    payload = written(activity_payload(ROW))
    assert kinds(payload) == {**kinds(sample), "fee": "number"}
    assert payload["proxyWallet"] == checksum(WALLET) != WALLET
    assert payload["timestamp"] == 1_795_000_000


def test_books_have_the_recorded_keys_in_their_order(shared: Path) -> None:
    sample = recorded(shared, "clob.polymarket.com/books_batch.json")[0]
    view = BookView(
        TokenId("1"),
        bids=(Level(Price.parse("0.5"), Shares.parse("10")), Level(Price.parse("0.4"), Shares.parse("5"))),
        asks=(Level(Price.parse("0.6"), Shares.parse("10")), Level(Price.parse("0.7"), Shares.parse("5"))),
    )
    wire = rest_book(Snapshot(market=CTF, view=view, changed_ms=5, last_trade="0.55"))
    assert list(wire) == list(sample)
    assert kinds(wire) == kinds(sample)
    assert [level["price"] for level in wire["bids"]] == ["0.4", "0.5"]
    assert [level["price"] for level in wire["asks"]] == ["0.7", "0.6"]


def test_the_long_market_has_the_recorded_fields(shared: Path) -> None:
    sample = recorded(shared, "clob.polymarket.com/market_closed_binary_accepting_false.json")
    wire = written(long_market(CTF, (Price.parse("0.5"), Price.parse("0.5"))))
    shown = set(sample) - {"accepting_order_timestamp", "description", "icon", "image", "notifications_enabled"}
    assert shown <= set(wire)
    assert {name: kind for name, kind in kinds(wire).items() if name in shown} == {
        name: kind for name, kind in kinds(sample).items() if name in shown
    }


def test_the_compact_market_leaves_out_what_does_not_apply() -> None:
    plain = compact_market(replace(CTF, fee=replace(CTF.fee, rate=Ratio(0))))
    assert not {"nr", "fd", "sd"} & set(plain)
    full = written(compact_market(replace(NEG_RISK, seconds_delay=3)))
    assert (full["nr"], full["sd"]) == (True, 3)
    assert full["fd"] == {"r": 0.04, "e": 1, "to": True}
    assert (full["mts"], full["mos"]) == (0.01, 5)


PRICES = Quote(prices=(Price.parse("0.52"), Price.parse("0.48")), bid=Price.parse("0.51"), ask=Price.parse("0.53"))


def listed(market: Market, **more: Any) -> Listed:
    given: dict[str, Any] = {"quote": PRICES, "question": Question("0x" + "aa" * 32), **more}
    return Listed(market=market, event_slug="weather", event_id=7, started_ns=0, **given)


def test_gamma_hides_arrays_in_strings_and_keeps_what_was_recorded() -> None:
    v1 = gamma_market(listed(CTF, known={"description": "recorded", "closed": True}))
    assert json.loads(v1["outcomes"]) == ["Yes", "No"]
    assert json.loads(v1["clobTokenIds"]) == [outcome.token for outcome in CTF.outcomes]
    assert json.loads(v1["outcomePrices"]) == ["0.52", "0.48"]
    assert (v1["description"], v1["closed"], v1["version"]) == ("recorded", False, "v1")
    assert "positionIds" not in v1
    v2 = gamma_market(listed(V2))
    assert v2["positionIds"] == [outcome.token for outcome in V2.outcomes]
    assert (v2["version"], json.loads(v2["clobTokenIds"])) == ("v2", [])


@pytest.mark.parametrize("path", ["markets_list_with_fee_schedule.json", "event_by_slug_negrisk.json"])
def test_gamma_markets_have_the_recorded_types(shared: Path, path: str) -> None:
    sample = recorded(shared, f"gamma-api.polymarket.com/{path}")
    sample = sample["markets"][0] if "markets" in sample else sample
    sample = sample[0] if isinstance(sample, list) else sample
    group = Question("0x" + "aa" * 32, group="0x" + "bb" * 31 + "00", request="0x" + "cc" * 32)
    ours = kinds(written(gamma_market(listed(NEG_RISK, question=group, quote=replace(PRICES, last=Price(510_000))))))
    kept = kinds(sample)
    assert {name: ours[name] for name in ours if name in kept} == {
        name: kept[name] for name in ours if name in kept
    } | {"feeType": ours["feeType"]}
    assert set(ours) - set(kept) <= {"version", "secondsDelay", "negRiskMarketID", "resolutionSource"}


def test_a_resolved_market_says_so_in_the_words_of_its_version() -> None:
    closed = replace(CTF, closed=True, winner=CTF.outcomes[0].token, accepting_orders=False)
    v1 = gamma_market(listed(closed, closed_ns=1_795_000_000_000_000_000))
    assert (v1["umaResolutionStatus"], v1["closedTime"]) == ("resolved", "2026-11-18 11:06:40+00")
    assert "resolutionStatus" not in v1
    v2 = gamma_market(listed(replace(V2, closed=True)))
    assert v2["resolutionStatus"] == "resolved"
    assert "umaResolutionStatus" not in v2


def test_holders_have_the_recorded_keys_in_their_order(shared: Path) -> None:
    sample = recorded(shared, "data-api.polymarket.com/v2/holders.json")["data"][0]["holders"][0]
    ours = written(holder_row(HOLDING, with_pnl=False))
    assert list(ours) == list(sample)
    assert kinds(ours) == kinds(sample)


def test_figures_are_cut_as_they_were_recorded(shared: Path) -> None:
    sample = recorded(shared, "data-api.polymarket.com/v2/positions_open_limit2.json")["data"][0]
    ours = written(position_row(HOLDING))
    for name in ("avg_price", "total_cost_usdc", "current_value", "unrealized_pnl", "entry_fees_usdc", "realized_pnl"):
        assert ours[name] == pytest.approx(sample[name], abs=0.0001)


def test_a_taker_buy_contains_its_fee_and_a_sale_does_not() -> None:
    assert written(activity_row(ROW))["usdc_size"] == 7.77721
    sale = replace(ROW, side=Side.SELL)
    assert (written(activity_row(sale))["usdc_size"], written(activity_row(sale))["price"]) == (7.6322, 0.62)
    assert written(activity_row(sale, net_sales=True))["usdc_size"] == 7.48719


def test_outcome_names_lose_their_apostrophes() -> None:
    first, second = CTF.outcomes
    market = replace(CTF, outcomes=(first, replace(second, name="Mario's")))
    assert activity_row(replace(ROW, market=market))["outcome"] == "Marios"
    assert activity_payload(replace(ROW, market=market))["outcome"] == "Mario's"
