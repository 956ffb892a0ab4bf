"""What the simulator writes has the shape of what the venue was recorded writing."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from polybot.core.book import BookView, Level
from polybot.core.ids import TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.polymarket.wallets import checksum
from polybot.simulator.rest.replies import encode
from polybot.simulator.wire.books import Snapshot, rest_book
from polybot.simulator.wire.markets import compact_market, gamma_market, long_market
from polybot.simulator.wire.rows import Holding, Row, activity_payload, activity_row, position_row, trade_row
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
    token=TokenId(CTF.outcomes[0].token),
    shares=Shares.parse("28.09"),
    bought=Shares.parse("28.09"),
    bought_usdc=Usdc.parse("18.8175"),
    fees=Usdc.parse("0.31053"),
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


def test_gamma_hides_arrays_in_strings_and_keeps_what_was_recorded() -> None:
    prices = (Price.parse("0.52"), Price.parse("0.48"))
    v1 = gamma_market(CTF, prices, known={"description": "recorded", "closed": True})
    assert json.loads(v1["outcomes"]) == ["Yes", "No"]
    assert json.loads(v1["clobTokenIds"]) == [outcome.token for outcome in CTF.outcomes]
    assert json.loads(v1["outcomePrices"]) == ["0.52", "0.48"]
    assert (v1["description"], v1["closed"], v1["version"]) == ("recorded", False, "v1")
    v2 = gamma_market(V2, prices, known={})
    assert v2["positionIds"] == [outcome.token for outcome in V2.outcomes]
    assert (v2["version"], json.loads(v2["clobTokenIds"])) == ("v2", [])


def test_a_taker_buy_contains_its_fee_and_a_sale_does_not() -> None:
    assert written(activity_row(ROW))["usdc_size"] == 7.77721
    sold = written(activity_row(replace(ROW, side=Side.SELL)))
    assert sold["usdc_size"] == 7.6322
    assert sold["price"] == 0.62
