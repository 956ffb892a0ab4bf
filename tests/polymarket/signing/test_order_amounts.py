"""Integer amounts of limit and market orders: laws, refusals, and every recorded expectation."""

import json
from collections import Counter
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybot.core.amounts import limit_amounts, market_buy_amounts, market_sell_amounts, require_on_grid
from polybot.core.market import Side
from polybot.core.money import MICRO, Price, Shares, Usdc
from polybot.core.orders import Amounts

TICKS = tuple(map(Price.parse, ("0.1", "0.01", "0.005", "0.0025", "0.001", "0.0001")))


@st.composite
def on_grid(draw: st.DrawFn) -> tuple[Price, Price]:
    """A tick and a price on its grid."""
    tick = draw(st.sampled_from(TICKS))
    return tick, Price(tick.micro * draw(st.integers(1, MICRO // tick.micro - 1)))


@given(on_grid(), st.integers(10_000, 10**13), st.sampled_from(Side))
def test_a_limit_order_is_exactly_on_its_price(grid: tuple[Price, Price], micro: int, side: Side) -> None:
    tick, price = grid
    amounts = limit_amounts(side, price=price, shares=Shares(micro), tick=tick)
    dollars, shares = (amounts.making, amounts.taking) if side is Side.BUY else (amounts.taking, amounts.making)
    assert dollars * MICRO == shares * price.micro
    assert shares % 10_000 == 0
    assert 0 <= micro - shares < 10_000


@given(on_grid(), st.integers(20_000_000, 10**13))
def test_a_market_buy_reaches_its_price_and_no_higher_one(grid: tuple[Price, Price], micro: int) -> None:
    tick, price = grid
    amounts = market_buy_amounts(spend=Usdc(micro), price=price, tick=tick)
    assert 0 <= micro - amounts.making < 10_000
    assert amounts.making % 10_000 == amounts.taking % 100 == 0
    assert price.micro * amounts.taking <= amounts.making * MICRO < (price.micro + 100) * amounts.taking


@given(on_grid(), st.integers(10_000, 10**13))
def test_a_market_sell_gives_whole_hundredths_at_its_price(grid: tuple[Price, Price], micro: int) -> None:
    tick, price = grid
    amounts = market_sell_amounts(shares=Shares(micro), price=price, tick=tick)
    assert amounts.making % 10_000 == 0
    assert amounts.taking * MICRO == amounts.making * price.micro


@pytest.mark.parametrize(
    ("price", "tick", "complaint"),
    [
        ("0.575", "0.01", "price 0.575 is not a multiple of the tick 0.01"),
        ("0.005", "0.01", "price 0.005 is outside 0.01 to 0.99"),
        ("1", "0.01", "price 1 is outside"),
        ("-0.5", "0.1", "price -0.5 is outside"),
        ("0.5", "0.02", "tick 0.02 is not one of"),
        ("0.5", "0", "tick 0 is not one of"),
    ],
)
def test_a_price_off_the_grid_is_named(price: str, tick: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        require_on_grid(Price.parse(price), Price.parse(tick))


def test_a_size_that_rounds_to_nothing_is_named() -> None:
    price, tick = Price.parse("0.5"), Price.parse("0.01")
    with pytest.raises(ValueError, match=r"shares 0\.009999 is less than 0\.01"):
        limit_amounts(Side.BUY, price=price, shares=Shares.parse("0.009999"), tick=tick)
    with pytest.raises(ValueError, match="spend 0 is less than"):
        market_buy_amounts(spend=Usdc(0), price=price, tick=tick)
    with pytest.raises(ValueError, match="shares -1 is less than"):
        market_sell_amounts(shares=Shares.parse("-1"), price=price, tick=tick)


def test_a_market_buy_too_coarse_to_keep_its_price_is_refused() -> None:
    with pytest.raises(ValueError, match=r"spend 0\.51 is too small to keep the price at 0\.9"):
        market_buy_amounts(spend=Usdc.parse("0.51"), price=Price.parse("0.9"), tick=Price.parse("0.1"))


def _numbers(row: dict[str, Any], *names: str) -> Amounts:
    making, taking = (int(row[name]) for name in names)
    return Amounts(making=making, taking=taking)


def _cut(value: object) -> str:
    """As the type holds it: six decimals, the rest of a recorded float cut off."""
    return str(Decimal(str(value)).quantize(Decimal("0.000001"), rounding=ROUND_DOWN))


def _limit(row: dict[str, Any]) -> Amounts:
    price, tick = Price.parse(str(row["price"])), Price.parse(row["tick"])
    return limit_amounts(Side(row["side"]), price=price, shares=Shares.parse(_cut(row["size"])), tick=tick)


def _market(row: dict[str, Any]) -> Amounts:
    price, tick = Price.parse(str(row["price"])), Price.parse(row["tick"])
    if row["side"] == "BUY":
        return market_buy_amounts(spend=Usdc.parse(_cut(row["amount"])), price=price, tick=tick)
    return market_sell_amounts(shares=Shares.parse(_cut(row["amount"])), price=price, tick=tick)


def _check_market(row: dict[str, Any], expected: Amounts) -> bool:
    """Whether the row could be compared: both sides refuse a BUY whose rounding loses its price."""
    if row["side"] == "BUY":
        expected = Amounts(making=expected.making, taking=expected.taking // 100 * 100)
        price = Price.parse(str(row["price"])).micro
        if expected.making * MICRO >= expected.taking * (price + 100):
            with pytest.raises(ValueError, match="is too small"):
                _market(row)
            return False
    assert _market(row) == expected, row
    return True


def test_recorded_amounts_of_the_official_client(shared: Path) -> None:
    recorded = json.loads((shared / "vectors" / "amounts.json").read_bytes())
    for row in recorded["limit"]:
        assert _limit(row) == _numbers(row, "maker_amount", "taker_amount"), row
    compared = sum(_check_market(row, _numbers(row, "maker_amount", "taker_amount")) for row in recorded["market"])
    assert (len(recorded["limit"]), compared) == (924, 898)


def test_recorded_grid_checks_of_the_official_client(shared: Path) -> None:
    for row in json.loads((shared / "vectors" / "amounts.json").read_bytes())["price_validation"]:
        price, tick = Price.parse(row["price"]), Price.parse(row["tick"])
        if row["sdk"] == "ok":
            require_on_grid(price, tick)
        else:
            with pytest.raises(ValueError, match="price"):
                require_on_grid(price, tick)


def test_recorded_amounts_of_the_typescript_client(shared: Path) -> None:
    recorded = json.loads((shared / "vectors" / "peers" / "ts-clob-client-v2-amounts.json").read_bytes())
    for row in recorded["limit"]:
        assert _limit(row) == _numbers(row, "makerAmount", "takerAmount"), row
    compared = sum(_check_market(row, _numbers(row, "makerAmount", "takerAmount")) for row in recorded["market"])
    assert (len(recorded["limit"]), compared) == (1_800, 1_779)


def test_where_the_official_clients_disagree_ours_are_the_typescript_clients(shared: Path) -> None:
    """The Python one rounds binary noise down: 0.57 shares become 0.56."""
    cases = json.loads((shared / "vectors" / "peers" / "py-vs-ts-differences.json").read_bytes())
    for kind, row, making, taking in cases:
        typescript = _numbers(row, "makerAmount", "takerAmount")
        assert typescript != Amounts(making=making, taking=taking)
        if kind == "limit":
            assert _limit(row) == typescript, row
        else:
            _check_market(row, typescript)
    assert Counter(kind for kind, *_ in cases) == {"limit": 23, "market": 70}


def test_amounts_typed_by_polymarket(shared: Path) -> None:
    path = shared / "vectors" / "peers" / "ts-clob-client-v2-handwritten-amounts.json"
    for row in json.loads(path.read_bytes())["cases"]:
        expected = _numbers(row, "makerAmount", "takerAmount")
        if row["amount"] is None:
            assert _limit(row) == expected, row
        else:
            _check_market(row, expected)


def test_market_drafts_of_the_official_client(shared: Path) -> None:
    cases = json.loads((shared / "vectors" / "peers" / "py-sdk-market-order.json").read_bytes())["cases"]
    prices = ("0.5", "0.5", "0.55", "0.54")
    for row, price in zip(cases, prices, strict=True):
        ours = _market({**row, "price": price, "amount": row.get("amount", row.get("shares"))})
        recorded = _numbers(row, "offered", "requested")
        rounded_up = row.get("max_price") == "0.55"  # by releases before 0.14.0, fixed since
        assert ours == (Amounts(recorded.making, recorded.taking - 100) if rounded_up else recorded)
