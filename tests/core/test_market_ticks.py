import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import NO_FEE, Market, MarketVersion, Outcome, Side, on_tick_floor
from polybot.core.money import MICRO, Price, Shares

TICKS = [Price.parse(text) for text in ("0.1", "0.01", "0.005", "0.0025", "0.001", "0.0001")]
YES, NO = TokenId("1"), TokenId("2")
MARKET = Market(
    condition=ConditionId("0x1"),
    slug="rain",
    question="Rain?",
    version=MarketVersion.V1,
    neg_risk=False,
    outcomes=(Outcome(YES, "Yes"), Outcome(NO, "No")),
    tick=Price.parse("0.01"),
    min_order=Shares.parse("5"),
    fee=NO_FEE,
    accepting_orders=True,
    closed=False,
)


@given(st.integers(min_value=0, max_value=MICRO).map(Price), st.sampled_from(TICKS))
def test_the_grid_price_below_is_less_than_a_tick_away(price: Price, tick: Price) -> None:
    low = on_tick_floor(price, tick)
    assert low.micro % tick.micro == 0
    assert 0 <= price.micro - low.micro < tick.micro


def test_a_market_knows_its_outcomes() -> None:
    assert MARKET.outcome(NO).name == "No"
    assert (MARKET.complement(YES), MARKET.complement(NO)) == (NO, YES)
    with pytest.raises(KeyError):
        MARKET.outcome(TokenId("3"))


def test_sides_are_each_others_opposite() -> None:
    assert (Side.BUY.opposite, Side.SELL.opposite) == (Side.SELL, Side.BUY)
