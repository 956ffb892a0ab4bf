"""What holds for every order, snapshot and policy."""

from dataclasses import replace

from deciding import MARKET, NOW_S, SNAPSHOT, YES, bought, sold
from hypothesis import given
from hypothesis import strategies as st

from polybot.core.book import BookView, Level
from polybot.core.fills import TargetOrder
from polybot.core.market import FeeSchedule, Market, Side
from polybot.core.matching import walk_spend
from polybot.core.money import MICRO, Price, Ratio, Shares, Usdc, cost_ceil, scale_floor
from polybot.core.orders import TimeInForce
from polybot.core.trading import TradingMode
from polybot.decision.model import Copy, Policy, Skip, Snapshot, WhenTooFar
from polybot.decision.policy import decide, order_terms
from polybot.decision.rules import Rule

ticks = st.sampled_from(["0.1", "0.01", "0.005", "0.0025", "0.001", "0.0001"]).map(Price.parse)
prices = st.integers(min_value=1, max_value=MICRO - 1).map(Price)
dollars = st.integers(min_value=0, max_value=500 * MICRO).map(Usdc)
quantities = st.integers(min_value=5, max_value=1000).map(lambda n: Shares(n * 1_234_567))
ratios = st.integers(min_value=1, max_value=20).map(lambda n: Ratio(n * 100_003))
tolerances = st.integers(min_value=0, max_value=MICRO // 2).map(Ratio)


@st.composite
def markets(draw: st.DrawFn) -> Market:
    fee = FeeSchedule(draw(st.sampled_from([0, 40_000, 70_000]).map(Ratio)))
    return replace(MARKET, tick=draw(ticks), fee=fee, accepting_orders=draw(st.sampled_from([True, True, True, False])))


@st.composite
def books(draw: st.DrawFn, tick: Price) -> BookView:
    """Both sides best first, on the tick, not crossed."""
    grid = draw(st.sets(st.integers(min_value=1, max_value=MICRO // tick.micro - 1), min_size=3, max_size=8))
    levels = [Level(Price(n * tick.micro), draw(quantities)) for n in sorted(grid)]
    split = draw(st.integers(min_value=0, max_value=len(levels)))
    return BookView(YES, tuple(reversed(levels[:split])), tuple(levels[split:]))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    market = draw(markets())
    return Snapshot(
        taken_ns=(NOW_S + draw(st.sampled_from([0, 0, 0, 1000]))) * 10**9,
        started_ns=(NOW_S + draw(st.sampled_from([-60, -60, -60, 60]))) * 10**9,
        mode=draw(st.sampled_from(TradingMode)),
        locks=draw(st.sampled_from([(), (), ("manual",)])),
        market=market,
        book=draw(st.none() | books(market.tick)),
        book_age_ms=draw(st.sampled_from([None, 0, 10, 60_000])),
        cash_free=draw(st.none() | dollars),
        exposure=draw(dollars),
        inventory=draw(st.just(Shares(0)) | quantities),
        open_positions=draw(st.integers(min_value=0, max_value=5)),
    )


@st.composite
def entries(draw: st.DrawFn) -> TargetOrder:
    return bought(shares=str(draw(quantities)), price=str(draw(prices)))


@st.composite
def exits(draw: st.DrawFn) -> TargetOrder:
    return sold(shares=str(draw(quantities)), price=str(draw(prices)), held=str(draw(st.just(Shares(0)) | quantities)))


@st.composite
def open_cases(draw: st.DrawFn) -> tuple[TargetOrder, Snapshot]:
    """An entry that no gate stops, at a price near one of the asks: what price, depth and caps are tried on."""
    market = replace(draw(markets()), accepting_orders=True)
    book = draw(books(market.tick))
    seen = replace(
        SNAPSHOT,
        market=market,
        book=book,
        cash_free=Usdc(draw(st.sampled_from([2, 30, 400, 5000])) * MICRO),
        exposure=Usdc(draw(st.sampled_from([0, 0, 5, 28])) * MICRO),
    )
    near = draw(st.sampled_from([level.price.micro for level in (*book.bids, *book.asks)]))
    price = Price(max(1, min(MICRO - 1, near * draw(st.sampled_from([90, 97, 100, 103])) // 100)))
    return bought(shares=str(draw(quantities)), price=str(price)), seen


policies = st.builds(
    Policy,
    ratio=ratios,
    max_position=st.sampled_from([30, 100, 1000]).map(lambda n: Usdc(n * MICRO)),
    min_position=st.sampled_from([Usdc(0), Usdc(5 * MICRO)]),
    slippage=tolerances,
    exit_slippage=tolerances,
    when_too_far=st.sampled_from(WhenTooFar),
    entry_tif=st.sampled_from([TimeInForce.FAK, TimeInForce.FOK]),
    min_depth=st.sampled_from([Usdc(0), Usdc(50 * MICRO)]),
    max_open_positions=st.sampled_from([None, 3]),
)


@given(entries() | exits(), snapshots(), policies)
def test_the_same_arguments_give_the_same_verdict(order: TargetOrder, seen: Snapshot, policy: Policy) -> None:
    verdict = decide(order, seen, policy)
    assert verdict == decide(replace(order), replace(seen), replace(policy))
    assert all(check.rule in list(Rule) and check.value and check.limit for check in verdict.checks)
    if isinstance(verdict, Skip):
        assert [check.rule for check in verdict.checks if check.binding][-1] == verdict.rule
        assert verdict.detail


@given(open_cases(), policies)
def test_an_entry_never_spends_more_than_any_cap(case: tuple[TargetOrder, Snapshot], policy: Policy) -> None:
    order, seen = case
    verdict = decide(order, seen, policy)
    if isinstance(verdict, Copy):
        assert seen.cash_free is not None
        assert verdict.spend + seen.exposure <= policy.max_position
        buffer = scale_floor(seen.cash_free, policy.balance_buffer)
        assert verdict.spend + verdict.fee_bound + buffer <= seen.cash_free
        assert verdict.shares <= scale_floor(order.shares, policy.ratio)
        assert verdict.spend <= cost_ceil(verdict.shares, verdict.limit) + Usdc(10_000)


@given(open_cases(), policies)
def test_an_entrys_limit_is_on_the_tick_and_within_the_budget(
    case: tuple[TargetOrder, Snapshot], policy: Policy
) -> None:
    order, seen = case
    verdict = decide(order, seen, policy)
    if isinstance(verdict, Copy):
        assert seen.market is not None
        tick = seen.market.tick
        assert verdict.limit.micro % tick.micro == 0
        assert tick <= verdict.limit <= tick.complement()
        assert verdict.limit.micro * MICRO <= order.price.micro * (MICRO + policy.slippage.micro)


@given(open_cases(), policies)
def test_an_entry_on_a_book_that_stays_fills_about_what_was_wanted(
    case: tuple[TargetOrder, Snapshot], policy: Policy
) -> None:
    order, seen = case
    verdict = decide(order, seen, policy)
    if isinstance(verdict, Copy) and verdict.tif is not TimeInForce.GTD:
        assert seen.book is not None
        walk = walk_spend(seen.book.asks, limit=verdict.limit, spend=verdict.spend)
        assert walk.shares <= verdict.shares
        assert verdict.spend >= Usdc(MICRO)
        assert walk.complete


@given(exits(), snapshots(), policies)
def test_an_exit_is_stopped_by_nothing_but_missing_shares_or_a_halt(
    order: TargetOrder, seen: Snapshot, policy: Policy
) -> None:
    verdict = decide(order, seen, policy)
    may_sell = seen.inventory >= Shares(10_000) and seen.mode is not TradingMode.HALTED
    assert isinstance(verdict, Copy) == may_sell
    if isinstance(verdict, Copy):
        assert seen.market is not None
        assert Shares(0) < verdict.shares <= seen.inventory
        assert verdict.shares.micro % 10_000 == 0
        tick = seen.market.tick
        assert verdict.limit.micro % tick.micro == 0
        assert tick <= verdict.limit <= tick.complement()
        assert verdict.limit <= max(tick, order.price)


@given(open_cases() | st.tuples(exits(), snapshots()), policies)
def test_every_copy_can_be_stated_as_an_order(case: tuple[TargetOrder, Snapshot], policy: Policy) -> None:
    order, seen = case
    verdict = decide(order, seen, policy)
    if isinstance(verdict, Copy):
        assert seen.market is not None
        terms = order_terms(verdict, seen.market, token=order.token, now_ns=seen.taken_ns)
        assert terms.amounts.making > 0
        assert terms.amounts.taking > 0
        if verdict.side is Side.BUY:
            assert terms.notional <= verdict.spend
        else:
            assert terms.shares == verdict.shares
