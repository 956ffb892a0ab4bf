from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybot.core.money import (
    MICRO,
    Price,
    Ratio,
    Shares,
    Usdc,
    cost_ceil,
    price_ceil,
    proceeds_floor,
    scale_floor,
    shares_floor,
)

micros = st.integers(min_value=-(10**15), max_value=10**15)
amounts = st.integers(min_value=0, max_value=10**13)
prices = st.integers(min_value=1, max_value=MICRO - 1).map(Price)


@given(micros)
def test_text_and_amount_are_one_to_one(micro: int) -> None:
    assert Usdc.parse(str(Usdc(micro))) == Usdc(micro)


@pytest.mark.parametrize(("text", "shown"), [("1", "1"), ("0.10", "0.1"), ("-0.5", "-0.5"), ("1e3", "1000")])
def test_text_is_shown_without_padding(text: str, shown: str) -> None:
    assert str(Shares.parse(text)) == shown


@pytest.mark.parametrize("text", ["0.0000001", "", "abc", "NaN", "Infinity", "0x10"])
def test_text_that_is_no_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"finer|number"):
        Usdc.parse(text)


def test_averages_are_rounded_half_up() -> None:
    assert Price.nearest(Decimal("0.5878054645")) == Price(587_805)
    assert Price.nearest(Decimal("0.0000005")) == Price(1)


def test_dimensions_do_not_mix() -> None:
    with pytest.raises(TypeError, match="Usdc and Shares do not mix"):
        Usdc(1) + Shares(1)  # type: ignore[operator]


@given(amounts, prices)
def test_roundings_go_against_us_by_less_than_one_micro_unit(micro: int, price: Price) -> None:
    exact = micro * price.micro
    assert 0 <= cost_ceil(Shares(micro), price).micro * MICRO - exact < MICRO
    assert 0 <= exact - proceeds_floor(Shares(micro), price).micro * MICRO < MICRO


@given(amounts, prices)
def test_shares_bought_cost_no_more_than_the_dollars(micro: int, price: Price) -> None:
    assert cost_ceil(shares_floor(Usdc(micro), price), price) <= Usdc(micro)


@given(amounts, st.integers(min_value=0, max_value=MICRO))
def test_scaling_down_never_grows(micro: int, ratio: int) -> None:
    assert scale_floor(Shares(micro), Ratio(ratio)) <= Shares(micro)


def test_average_price_is_rounded_up() -> None:
    assert price_ceil(Usdc.parse("1"), Shares.parse("3")) == Price(333_334)


@given(prices)
def test_complement_of_complement_is_the_price(price: Price) -> None:
    assert price.complement().complement() == price
