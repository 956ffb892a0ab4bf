"""Following a target in: which rule says what, with which number."""

from typing import Any

import pytest
from deciding import BOOK, NOW_S, book, bought, levels, market, policy, snapshot

from polybot.core.fees import taker_fee_bound
from polybot.core.fills import TargetOrder
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.core.orders import TimeInForce
from polybot.core.trading import TradingMode
from polybot.decision.model import Check, Copy, Policy, Skip, Snapshot, WhenTooFar
from polybot.decision.policy import decide


def copied(order: TargetOrder, seen: Snapshot, rules: Policy) -> Copy:
    verdict = decide(order, seen, rules)
    assert isinstance(verdict, Copy), verdict
    return verdict


def skipped(order: TargetOrder, seen: Snapshot, rules: Policy) -> Skip:
    verdict = decide(order, seen, rules)
    assert isinstance(verdict, Skip), verdict
    return verdict


def binding(verdict: Copy | Skip) -> list[Check]:
    return [check for check in verdict.checks if check.binding]


def test_half_of_the_targets_size_is_bought_for_what_the_book_asks() -> None:
    """30 shares at 0.50 and 20 at 0.51 cost 25.20; 0.50 plus 5 % is 0.525, on the tick 0.52."""
    copy = copied(bought(), snapshot(), policy())
    assert (copy.shares, copy.spend, copy.limit) == (Shares.parse("50"), Usdc.parse("25.2"), Price.parse("0.52"))
    assert (copy.tif, copy.ttl_s, copy.reference) == (TimeInForce.FAK, 0, Price.parse("0.5"))
    assert binding(copy) == []


def test_the_most_the_fee_can_be_is_kept_back() -> None:
    copy, rain = copied(bought(), snapshot(), policy()), market()
    assert copy.fee_bound == taker_fee_bound(copy.spend, rain.fee, lowest=rain.tick)


REFUSALS: list[tuple[str, dict[str, Any], str]] = [
    ("halted", {"mode": TradingMode.HALTED, "locks": ("kill switch",)}, "trading is halted (kill switch)"),
    ("exits_only", {"mode": TradingMode.EXITS_ONLY}, "only exits are allowed"),
    ("locked", {"locks": ("daily_loss", "manual")}, "entries are locked by daily_loss, manual"),
    ("before_start", {"started_ns": NOW_S * 10**9}, "the fill is 2 s older than the start of the bot"),
    ("signal_too_old", {"taken_ns": (NOW_S + 119) * 10**9}, "the fill is 121 s old, limit 120 s"),
    ("market_unknown", {"market": None}, "the market is not known yet"),
    ("market_closed", {"market": market(closed=True)}, "the market will-it-rain is closed"),
    ("market_closed", {"market": market(winner="1")}, "the market will-it-rain is closed"),
    ("not_accepting_orders", {"market": market(accepting_orders=False)}, "does not accept orders"),
    ("no_book", {"book": None}, "there is no order book"),
    ("no_book", {"book_age_ms": None}, "there is no order book"),
    ("stale_book", {"book_age_ms": 5001}, "the book is 5001 ms old, limit 5000 ms"),
    ("cash", {"cash_free": None}, "the balance is not known yet"),
    ("cash", {"cash_free": Usdc.parse("1")}, "free cash 1 USD pays for 0.941885 USD after buffer and fee"),
    ("cash", {"cash_free": Usdc.parse("-1")}, "free cash -1 USD pays for 0 USD"),
    ("max_position", {"exposure": Usdc.parse("99.5")}, "the position stands at 99.5 USD of 100 USD: room 0.5 USD"),
    ("max_position", {"exposure": Usdc.parse("120")}, "room 0 USD"),
]


@pytest.mark.parametrize(("rule", "changes", "detail"), REFUSALS)
def test_each_refusal_names_its_rule_its_number_and_its_limit(rule: str, changes: dict[str, Any], detail: str) -> None:
    skip = skipped(bought(), snapshot(**changes), policy())
    assert skip.rule == rule
    assert detail in skip.detail
    assert [check.rule for check in binding(skip)] == [rule]
    assert skip.checks[-1].binding


def test_old_fills_are_copied_when_asked_if_they_are_not_too_old() -> None:
    now = snapshot(started_ns=NOW_S * 10**9)
    assert copied(bought(), now, policy(copy_before_start=True))
    assert skipped(bought(age_s=121), now, policy(copy_before_start=True)).rule == "signal_too_old"


def test_a_fill_in_the_second_of_the_start_counts_as_after_it() -> None:
    assert copied(bought(age_s=0), snapshot(started_ns=NOW_S * 10**9 + 999_999_999), policy())


def test_small_orders_of_the_target_are_ignored() -> None:
    skip = skipped(bought(shares="9.9"), snapshot(), policy())
    assert (skip.rule, skip.detail) == ("target_too_small", "the target's order is worth 4.95 USD, below 5 USD")


def test_a_new_position_needs_a_free_place_but_an_open_one_may_grow() -> None:
    full = policy(max_open_positions=3)
    skip = skipped(bought(), snapshot(open_positions=3), full)
    assert (skip.rule, skip.detail) == ("max_open_positions", "3 positions are open, limit 3")
    assert copied(bought(), snapshot(open_positions=3, inventory=Shares.parse("1")), full)
    assert copied(bought(), snapshot(open_positions=3, exposure=Usdc.parse("1")), full)
    assert copied(bought(), snapshot(open_positions=2), full)


@pytest.mark.parametrize(
    ("changes", "rule", "spend"),
    [({"exposure": Usdc.parse("90")}, "max_position", "10"), ({"cash_free": Usdc.parse("10")}, "cash", "9.42")],
)
def test_a_cap_makes_the_order_smaller_and_is_named(changes: dict[str, Any], rule: str, spend: str) -> None:
    copy = copied(bought(), snapshot(**changes), policy())
    assert (copy.spend, [check.rule for check in binding(copy)]) == (Usdc.parse(spend), [rule])
    assert copy.shares < Shares.parse("50")


def test_what_the_budget_reaches_is_bought_if_the_rest_is_too_dear() -> None:
    thin = snapshot(book=book(asks=levels(("0.5", "30"), ("0.6", "1000"))))
    copy = copied(bought(), thin, policy())
    assert (copy.shares, copy.spend) == (Shares.parse("30"), Usdc.parse("15"))
    assert binding(copy) == [Check("depth", "30", "50", binding=True)]


@pytest.mark.parametrize("asks", [(), levels(("0.53", "100")), levels(("0.5", "1.9"), ("0.53", "100"))])
def test_a_price_that_has_run_away_is_not_followed(asks: Any) -> None:
    skip = skipped(bought(), snapshot(book=book(asks=asks)), policy())
    assert skip.rule == "slippage"
    assert "at 0.52 or better" in skip.detail
    assert "(target 0.5, tolerance 5 %)" in skip.detail


def test_or_a_passive_order_waits_at_the_targets_price() -> None:
    far = snapshot(book=book(asks=levels(("0.6", "100"))))
    copy = copied(bought(price="0.507"), far, policy(when_too_far=WhenTooFar.PASSIVE))
    assert (copy.limit, copy.tif, copy.ttl_s) == (Price.parse("0.5"), TimeInForce.GTD, 300)
    assert (copy.shares, copy.spend) == (Shares.parse("50"), Usdc.parse("25"))
    assert binding(copy) == [Check("slippage", "0.6", "0.53", binding=True)]


def test_a_passive_order_below_the_venues_minimum_is_not_placed() -> None:
    far = snapshot(book=book(asks=levels(("0.6", "100"))))
    skip = skipped(bought(shares="10"), far, policy(when_too_far=WhenTooFar.PASSIVE, ratio=Ratio.parse("0.49")))
    assert skip.rule == "below_minimum"
    assert "4.9 shares, below the venue's minimum of 5 shares" in skip.detail


def test_a_passive_order_that_would_take_needs_the_minimum_of_taking() -> None:
    near = snapshot(book=book(asks=levels(("0.02", "1"), ("0.9", "100"))))
    order = bought(shares="300", price="0.02")
    skip = skipped(order, near, policy(when_too_far=WhenTooFar.PASSIVE, ratio=Ratio.parse("0.1")))
    assert (skip.rule, "0.6 USD" in skip.detail) == ("below_minimum", True)


def test_a_passive_order_keeps_to_the_caps() -> None:
    far = snapshot(book=book(asks=levels(("0.6", "100"))), exposure=Usdc.parse("90"))
    copy = copied(bought(), far, policy(when_too_far=WhenTooFar.PASSIVE))
    assert (copy.shares, copy.spend) == (Shares.parse("20"), Usdc.parse("10"))
    assert [check.rule for check in binding(copy)] == ["slippage", "max_position"]


def test_a_thin_book_is_refused_if_depth_is_required() -> None:
    deep = policy(min_depth=Usdc.parse("200"))
    skip = skipped(bought(), snapshot(), deep)
    assert (skip.rule, skip.detail) == ("min_depth", "the book offers 117 USD at 0.52 or better, below 200 USD")
    assert copied(bought(), snapshot(), policy(min_depth=Usdc.parse("117")))
    assert copied(bought(), snapshot(), policy(min_depth=Usdc.parse("200"), require_depth=False))


@pytest.mark.parametrize(("ratio", "size"), [("0.019", "0.95 USD"), ("0.00001", "0 shares")])
def test_a_ratio_that_leaves_less_than_the_minimum_is_named(ratio: str, size: str) -> None:
    skip = skipped(bought(), snapshot(), policy(ratio=Ratio.parse(ratio)))
    assert (skip.rule, size in skip.detail) == ("below_minimum", True)


def test_a_coarse_tick_needs_more_dollars_to_state_the_price() -> None:
    coarse = snapshot(market=market(tick=Price.parse("0.1")), book=book(asks=levels(("0.8", "100"))))
    skip = skipped(bought(shares="10", price="0.9"), coarse, policy(ratio=Ratio.parse("0.15")))
    assert (skip.rule, "precision" in skip.detail) == ("below_minimum", True)


def test_no_price_on_the_tick_within_reach_is_no_entry() -> None:
    skip = skipped(bought(shares="2000", price="0.009"), snapshot(), policy())
    assert (skip.rule, "no price on the tick of 0.01" in skip.detail) == ("slippage", True)


def test_the_limit_stays_below_one() -> None:
    high = snapshot(book=book(asks=levels(("0.99", "100"))))
    assert copied(bought(price="0.98"), high, policy()).limit == Price.parse("0.99")


def test_an_entry_that_would_rest_by_configuration_is_refused() -> None:
    with pytest.raises(ValueError, match="entry_tif GTC would rest"):
        policy(entry_tif=TimeInForce.GTC)


def test_an_order_of_all_or_nothing_may_be_configured() -> None:
    assert copied(bought(), snapshot(book=BOOK), policy(entry_tif=TimeInForce.FOK)).tif is TimeInForce.FOK
