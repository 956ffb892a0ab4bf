"""Following a target out: how much, at what price, and how little can stop it."""

from dataclasses import replace
from typing import Any

import pytest
from deciding import BOOK, MARKET, NOW_S, book, levels, market, policy, snapshot, sold

from polybot.core.fills import PositionChange, TargetOrder
from polybot.core.market import Side
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.core.orders import TimeInForce
from polybot.core.trading import TradingMode
from polybot.decision.model import Check, Copy, Policy, Skip, Snapshot
from polybot.decision.policy import decide

HOLDING = {"inventory": Shares.parse("40")}


def exit_of(order: TargetOrder, seen: Snapshot, rules: Policy) -> Copy:
    verdict = decide(order, seen, rules)
    assert isinstance(verdict, Copy), verdict
    assert verdict.side is Side.SELL
    return verdict


@pytest.mark.parametrize(
    ("sale", "held", "shares"),
    [
        ("50", "100", "20"),
        ("1", "3", "13.33"),
        ("100", "100", "40"),
        ("150", "100", "40"),
        ("0.001", "100", "0.01"),
        ("7", "0", "40"),
    ],
)
def test_we_sell_the_fraction_that_the_target_sold(sale: str, held: str, shares: str) -> None:
    copy = exit_of(sold(shares=sale, held=held), snapshot(**HOLDING), policy())
    assert copy.shares == Shares.parse(shares)


def test_without_the_targets_holding_its_sale_times_the_ratio_is_sold() -> None:
    order = replace(sold(shares="50", held="0"), change=PositionChange.REDUCED)
    assert exit_of(order, snapshot(**HOLDING), policy()).shares == Shares.parse("25")
    assert exit_of(order, snapshot(**HOLDING), policy(ratio=Ratio.parse("1"))).shares == Shares.parse("40")


def test_dust_that_cannot_be_sold_is_named() -> None:
    copy = exit_of(sold(shares="100"), snapshot(inventory=Shares.parse("40.004")), policy())
    assert copy.shares == Shares.parse("40")
    assert Check("dust", "0.004", "0.01") in copy.checks


def test_what_the_book_pays_above_the_floor_is_taken() -> None:
    """0.50 less 10 % is 0.45."""
    copy = exit_of(sold(), snapshot(**HOLDING), policy())
    assert (copy.limit, copy.tif, copy.ttl_s) == (Price.parse("0.45"), TimeInForce.FAK, 0)
    assert (copy.spend, copy.reference) == (Usdc(0), Price.parse("0.5"))


def test_below_the_floor_the_exit_rests_there() -> None:
    low = snapshot(book=book(bids=levels(("0.44", "1000"))), **HOLDING)
    copy = exit_of(sold(), low, policy())
    assert (copy.limit, copy.tif, copy.ttl_s) == (Price.parse("0.45"), TimeInForce.GTD, 300)
    assert Check("exit_floor", "0.44", "0.45", binding=True) in copy.checks


def test_too_little_to_rest_is_offered_at_the_floor() -> None:
    low = snapshot(book=book(), inventory=Shares.parse("4.99"))
    copy = exit_of(sold(shares="100"), low, policy())
    assert (copy.shares, copy.limit, copy.tif) == (Shares.parse("4.99"), Price.parse("0.45"), TimeInForce.FAK)


@pytest.mark.parametrize("changes", [{"book": None}, {"book_age_ms": None}, {"book": book(), "book_age_ms": 60_000}])
def test_a_book_that_cannot_be_trusted_does_not_delay_an_exit(changes: dict[str, Any]) -> None:
    copy = exit_of(sold(), snapshot(**HOLDING, **changes), policy())
    assert (copy.limit, copy.tif) == (Price.parse("0.45"), TimeInForce.FAK)


@pytest.mark.parametrize(
    ("price", "tick", "floor"),
    [("0.005", "0.01", "0.01"), ("0.999", "0.01", "0.89"), ("0.5", "0.1", "0.4"), ("0.0198", "0.001", "0.017")],
)
def test_the_floor_is_on_the_tick_rounded_so_that_we_get_out(price: str, tick: str, floor: str) -> None:
    seen = snapshot(market=market(tick=Price.parse(tick)), **HOLDING)
    assert exit_of(sold(price=price), seen, policy()).limit == Price.parse(floor)


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": TradingMode.EXITS_ONLY},
        {"locks": ("daily_loss",)},
        {"started_ns": (NOW_S + 10) * 10**9},
        {"taken_ns": (NOW_S + 10**6) * 10**9},
        {"market": market(accepting_orders=False)},
        {"cash_free": None},
        {"cash_free": Usdc(-1)},
        {"exposure": Usdc.parse("1000")},
        {"open_positions": 1000},
    ],
)
def test_no_entry_rule_stops_an_exit(changes: dict[str, Any]) -> None:
    strict = policy(max_open_positions=1, min_position=Usdc.parse("1000"), min_depth=Usdc.parse("1000000"))
    assert exit_of(sold(), snapshot(**HOLDING, **changes), strict).shares == Shares.parse("20")


@pytest.mark.parametrize(
    ("rule", "changes", "detail"),
    [
        ("nothing_to_exit", {"inventory": Shares.parse("0.009")}, "we hold 0.009 shares for this target"),
        ("halted", {"mode": TradingMode.HALTED, "locks": ("kill switch",)}, "trading is halted (kill switch)"),
        ("market_unknown", {"market": None}, "the market is not known yet"),
        ("market_closed", {"market": market(closed=True)}, "the market will-it-rain is closed"),
    ],
)
def test_only_these_stop_an_exit(rule: str, changes: dict[str, Any], detail: str) -> None:
    skip = decide(sold(), snapshot(**{**HOLDING, **changes}), policy())
    assert isinstance(skip, Skip)
    assert (skip.rule, detail in skip.detail) == (rule, True)
    assert [check.rule for check in skip.checks if check.binding] == [rule]


def test_the_fee_of_an_exit_is_bounded() -> None:
    copy = exit_of(sold(), snapshot(book=BOOK, **HOLDING), policy())
    assert copy.fee_bound >= Usdc(copy.shares.micro * MARKET.fee.rate.micro // 4_000_000)
