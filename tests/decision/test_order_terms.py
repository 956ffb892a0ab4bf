"""A verdict becomes an order that the venue can accept."""

from deciding import MARKET, NOW_S, YES, book, bought, levels, policy, snapshot, sold, target_fill

from polybot.core.fills import PositionChange, TargetOrder
from polybot.core.ids import decision_id
from polybot.core.market import Side
from polybot.core.money import Shares
from polybot.core.orders import Amounts, OrderTerms, TimeInForce
from polybot.decision.model import Copy, Policy, Snapshot, WhenTooFar
from polybot.decision.policy import decide, order_terms, target_order

HOLDING = {"inventory": Shares.parse("40")}


def terms(order: TargetOrder, seen: Snapshot, rules: Policy) -> OrderTerms:
    copy = decide(order, seen, rules)
    assert isinstance(copy, Copy), copy
    return order_terms(copy, MARKET, token=order.token, now_ns=seen.taken_ns)


def test_an_entry_that_takes_states_its_dollars_and_the_least_shares() -> None:
    made = terms(bought(), snapshot(), policy())
    assert (made.side, made.tif, made.expiration_s) == (Side.BUY, TimeInForce.FAK, 0)
    assert made.amounts == Amounts(making=25_200_000, taking=48_461_500)
    assert (made.token, made.condition) == (YES, MARKET.condition)


def test_an_entry_that_waits_states_its_shares() -> None:
    far = snapshot(book=book(asks=levels(("0.6", "100"))))
    made = terms(bought(), far, policy(when_too_far=WhenTooFar.PASSIVE))
    assert made.amounts == Amounts(making=25_000_000, taking=50_000_000)


def test_an_exit_that_takes_states_its_shares_and_the_least_dollars() -> None:
    made = terms(sold(), snapshot(**HOLDING), policy())
    assert (made.side, made.amounts) == (Side.SELL, Amounts(making=20_000_000, taking=9_000_000))


def test_an_order_that_waits_expires_a_minute_after_its_life_because_the_venue_is_a_minute_early() -> None:
    low = snapshot(book=book(), **HOLDING)
    assert terms(sold(), low, policy()).expiration_s == NOW_S + 300 + 60


def test_but_never_nearer_than_the_venue_accepts() -> None:
    low = snapshot(book=book(), **HOLDING)
    assert terms(sold(), low, policy(passive_ttl_s=30)).expiration_s == NOW_S + 180


def test_a_fill_becomes_one_order_named_after_it() -> None:
    fill = target_fill(side=Side.SELL, shares="10", price="0.5")
    order = target_order(fill, held_before=Shares.parse("30"))
    assert (order.id, order.fills) == (decision_id(fill.key), (fill,))
    assert (order.change, order.shares, order.held_before) == (
        PositionChange.REDUCED,
        Shares.parse("10"),
        Shares.parse("30"),
    )
