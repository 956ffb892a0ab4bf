import itertools

import pytest

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import (
    EDGES,
    RESERVING,
    Amounts,
    IllegalTransition,
    OrderState,
    OrderTerms,
    TimeInForce,
    advance,
)

PAIRS = list(itertools.product(OrderState, OrderState))


@pytest.mark.parametrize("state", OrderState)
def test_a_repeated_report_is_no_news(state: OrderState) -> None:
    assert advance(state, state) is state


@pytest.mark.parametrize(("now", "to"), [(a, b) for a, b in PAIRS if b in EDGES[a]])
def test_orders_move_along_the_table(now: OrderState, to: OrderState) -> None:
    assert advance(now, to) is to


@pytest.mark.parametrize(("now", "to"), [(a, b) for a, b in PAIRS if a is not b and b not in EDGES[a]])
def test_regressions_are_loud(now: OrderState, to: OrderState) -> None:
    with pytest.raises(IllegalTransition, match=f"{now} -> {to}"):
        advance(now, to)


def test_states_that_reserve_are_those_that_can_still_change() -> None:
    assert frozenset(state for state, edges in EDGES.items() if edges) == RESERVING


@pytest.mark.parametrize(("side", "shares", "usdc"), [(Side.BUY, "10", "5"), (Side.SELL, "5", "10")])
def test_terms_read_their_amounts_by_side(side: Side, shares: str, usdc: str) -> None:
    amounts = Amounts(making=5_000_000, taking=10_000_000)
    terms = OrderTerms(TokenId("1"), ConditionId("0x1"), side, Price.parse("0.5"), amounts, TimeInForce.GTC)
    assert (terms.shares, terms.notional) == (Shares.parse(shares), Usdc.parse(usdc))
