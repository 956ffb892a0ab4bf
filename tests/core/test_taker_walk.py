import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from polybot.core.book import Level
from polybot.core.fees import taker_fee
from polybot.core.market import FeeSchedule, Side
from polybot.core.matching import SHARE_GRAIN, Walk, grain_floor, walk_shares, walk_spend
from polybot.core.money import MICRO, Price, Ratio, Shares, Usdc, cost_ceil

grid = st.integers(min_value=1, max_value=9_999).map(lambda n: Price(n * 100))
sizes = st.integers(min_value=0, max_value=10**9).map(Shares)
dollars = st.integers(min_value=0, max_value=10**10).map(Usdc)
asks = st.dictionaries(grid, sizes, max_size=8).map(
    lambda sides: [Level(price, size) for price, size in sorted(sides.items())]
)


def levels(*pairs: tuple[str, str]) -> list[Level]:
    return [Level(Price.parse(price), Shares.parse(size)) for price, size in pairs]


def test_a_walk_takes_the_best_levels_first_up_to_its_limit() -> None:
    offered = levels(("0.5", "10"), ("0.51", "5"), ("0.53", "100"))
    walk = walk_shares(offered, side=Side.BUY, limit=Price.parse("0.52"), shares=Shares.parse("20"))
    assert [(str(t.price), str(t.shares), str(t.usdc)) for t in walk.takes] == [
        ("0.5", "10", "5"),
        ("0.51", "5", "2.55"),
    ]
    assert (walk.shares, walk.usdc, walk.complete) == (Shares.parse("15"), Usdc.parse("7.55"), False)
    assert walk.worst == Price.parse("0.51")


def test_a_better_price_gives_a_dollar_bound_more_shares() -> None:
    walk = walk_spend(levels(("0.25", "100")), limit=Price.parse("0.5"), spend=Usdc.parse("10"))
    assert (walk.shares, walk.complete) == (Shares.parse("40"), True)


def test_an_empty_book_fills_nothing() -> None:
    walk = walk_shares([], side=Side.SELL, limit=Price(1), shares=Shares.parse("1"))
    assert (walk.takes, walk.worst, walk.complete) == ((), None, False)


@given(asks, grid, sizes)
def test_a_walk_by_shares_stays_within_bound_limit_and_depth(book: list[Level], limit: Price, shares: Shares) -> None:
    walk = walk_shares(book, side=Side.BUY, limit=limit, shares=shares)
    _exact(walk, book, limit)
    reachable = sum(grain_floor(level.size).micro for level in book if level.price <= limit)
    assert walk.shares.micro == min(grain_floor(shares).micro, reachable)
    assert walk.complete == (walk.shares == grain_floor(shares))


@given(asks, grid, dollars)
def test_a_walk_by_dollars_spends_what_it_can(book: list[Level], limit: Price, spend: Usdc) -> None:
    walk = walk_spend(book, limit=limit, spend=spend)
    _exact(walk, book, limit)
    assert walk.usdc <= spend
    if not walk.complete:
        assert walk.shares.micro == sum(grain_floor(level.size).micro for level in book if level.price <= limit)


@given(asks, grid, dollars)
def test_what_is_left_of_complete_dollars_buys_no_hundredth_more(book: list[Level], limit: Price, spend: Usdc) -> None:
    walk = walk_spend(book, limit=limit, spend=spend)
    if walk.complete and walk.worst:
        assert walk.usdc + cost_ceil(Shares(SHARE_GRAIN), walk.worst) > spend or _used_up(walk, book)


def _used_up(walk: Walk, book: list[Level]) -> bool:
    """The last level taken is empty, so the next hundredth would come from a dearer one."""
    return walk.takes[-1].shares == grain_floor({level.price: level.size for level in book}[walk.takes[-1].price])


def _exact(walk: Walk, book: list[Level], limit: Price) -> None:
    offered = {level.price: level.size for level in book}
    assert all(t.price <= limit and t.shares <= offered[t.price] for t in walk.takes)
    assert all(t.shares.micro % SHARE_GRAIN == 0 and t.shares for t in walk.takes)
    assert all(t.usdc.micro * MICRO == t.shares.micro * t.price.micro for t in walk.takes)
    assert [t.price for t in walk.takes] == sorted(t.price for t in walk.takes)
    assert walk.usdc.micro == sum(t.usdc.micro for t in walk.takes)
    assert walk.shares.micro == sum(t.shares.micro for t in walk.takes)


def test_walks_on_recorded_books_agree_with_two_other_engines(shared: Path) -> None:
    """They do not round to hundredths of a share: that is all we may differ by, on each level."""
    cases = json.loads((shared / "vectors" / "peers" / "fills-on-recorded-books.json").read_text())["cases"]
    assert len(cases) == 169
    for case in cases:
        walk, expect = _walked(case), case["expect"]
        slack = 0.01 * max(1, expect["levels"])
        assert abs(walk.shares.micro / MICRO - expect["shares"]) <= slack
        assert abs(walk.usdc.micro / MICRO - expect["notional"]) <= slack
        assert walk.complete == (not expect["depth_limited"])
        schedule = FeeSchedule(Ratio.parse(str(case["fee_rate"])))
        fees = sum(taker_fee(take.shares, take.price, schedule).micro for take in walk.takes)
        assert abs(fees / MICRO - expect["fee_per_level_rounded"]) <= slack * case["fee_rate"]


def _walked(case: dict[str, Any]) -> Walk:
    book = levels(*((str(price), str(size)) for price, size in case["asks"] or case["bids"]))
    buys = case["side"] == "BUY"
    limit = Price.parse(str(case["limit"] or ("0.9999" if buys else "0.0001")))
    if buys:
        return walk_spend(book, limit=limit, spend=Usdc.parse(str(case["amount"])))
    return walk_shares(book, side=Side.SELL, limit=limit, shares=Shares.parse(str(case["amount"])))
