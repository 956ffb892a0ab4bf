import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybot.core.fees import proceeds_fee_bound, spend_within, taker_fee, taker_fee_bound
from polybot.core.market import NO_FEE, FeeSchedule
from polybot.core.money import MICRO, Price, Ratio, Shares, Usdc, cost_ceil

schedules = st.builds(
    FeeSchedule,
    rate=st.integers(min_value=0, max_value=250_000).map(Ratio),
    exponent=st.integers(min_value=1, max_value=3),
)
cents = st.integers(min_value=1, max_value=10**6).map(lambda n: Shares(n * 10_000))
grid = st.integers(min_value=1, max_value=9_999).map(lambda n: Price(n * 100))
fills = st.lists(st.tuples(cents, grid), min_size=1, max_size=20)


def test_fees_of_every_category_equal_the_vectors(shared: Path) -> None:
    curve = json.loads((shared / "vectors" / "fees.json").read_text())["curve"]
    assert len(curve) == 150
    for case in curve:
        schedule = FeeSchedule(Ratio.parse(case["rate"]), case["exponent"])
        fee = taker_fee(Shares.parse(case["shares"]), Price.parse(case["price"]), schedule)
        assert fee == Usdc.parse(case["fee_5dp_half_up"]), case


def test_a_settled_fee_is_reproduced() -> None:
    """An order on Polygon, 2026-08-10: 12.31 shares at 0.62 in a 5 % category."""
    fee = taker_fee(Shares.parse("12.31"), Price.parse("0.62"), FeeSchedule(Ratio.parse("0.05")))
    assert fee == Usdc.parse("0.14501")


@pytest.mark.parametrize(("price", "fee"), [("0.0199", "0"), ("0.0205", "0.00001"), ("0.03", "0.00001")])
def test_less_than_the_smallest_fee_is_no_fee(price: str, fee: str) -> None:
    schedule = FeeSchedule(Ratio.parse("0.05"))
    assert taker_fee(Shares.parse("0.01"), Price.parse(price), schedule) == Usdc.parse(fee)


@given(fills, schedules)
def test_no_way_to_fill_a_buy_costs_more_fee_than_the_bound(
    taken: list[tuple[Shares, Price]], schedule: FeeSchedule
) -> None:
    spend = Usdc(sum(cost_ceil(shares, price).micro for shares, price in taken))
    charged = sum(taker_fee(shares, price, schedule).micro for shares, price in taken)
    lowest = min(price for _, price in taken)
    assert charged <= taker_fee_bound(spend, schedule, lowest=lowest).micro


@given(fills, schedules)
def test_no_way_to_fill_a_sell_costs_more_fee_than_the_bound(
    taken: list[tuple[Shares, Price]], schedule: FeeSchedule
) -> None:
    shares = Shares(sum(shares.micro for shares, _ in taken))
    charged = sum(taker_fee(each, price, schedule).micro for each, price in taken)
    lowest = min(price for _, price in taken)
    assert charged <= proceeds_fee_bound(shares, schedule, lowest=lowest).micro


@given(st.integers(min_value=-(10**6), max_value=10**12).map(Usdc), schedules, grid)
def test_what_cash_allows_to_spend_leaves_room_for_the_fee(cash: Usdc, schedule: FeeSchedule, lowest: Price) -> None:
    spend = spend_within(cash, schedule)
    assert Usdc(0) <= spend
    if spend:
        assert spend + taker_fee_bound(spend, schedule, lowest=lowest) <= cash


def test_a_market_without_fee_charges_and_reserves_nothing() -> None:
    half = Price(MICRO // 2)
    assert taker_fee(Shares(10**9), half, NO_FEE) == taker_fee_bound(Usdc(10**9), NO_FEE, lowest=half) == Usdc(0)
    assert proceeds_fee_bound(Shares(10**9), NO_FEE, lowest=half) == Usdc(0)
    assert spend_within(Usdc(10**9), NO_FEE) == Usdc(10**9)
