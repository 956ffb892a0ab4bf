from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybot.core.ids import ConditionId, OrderId, TokenId, TradeId, Wallet
from polybot.core.ledger import Position, Settlement, cash_change, fold
from polybot.core.market import Side
from polybot.core.money import MICRO, Price, Shares, Usdc, cost_ceil, proceeds_floor
from polybot.core.orders import OurFill, TradeStatus

TARGET, TOKEN, CONDITION = Wallet("0x" + "ab" * 20), TokenId("1"), ConditionId("0x1")
WON = Settlement(CONDITION, TOKEN, payout=Usdc(MICRO), resolved_ns=10**6)
LOST = replace(WON, payout=Usdc(0))
TIED = replace(WON, payout=Usdc(MICRO // 2))


def fill(
    n: int,
    side: Side,
    shares: str | Shares,
    price: str | Price,
    *,
    fee: str = "0",
    status: TradeStatus = TradeStatus.MATCHED,
) -> OurFill:
    amount = Shares.parse(shares) if isinstance(shares, str) else shares
    at = Price.parse(price) if isinstance(price, str) else price
    usdc = cost_ceil(amount, at) if side is Side.BUY else proceeds_floor(amount, at)
    trade, order = TradeId(f"t{n}"), OrderId("0x1")
    return OurFill(trade, order, TOKEN, CONDITION, side, amount, usdc, Usdc.parse(fee), status, matched_ns=n)


def folded(*fills: OurFill, settlement: Settlement | None = None) -> Position:
    return fold(TARGET, TOKEN, CONDITION, fills, settlement)


def figures(position: Position) -> tuple[str, str, str, str]:
    return str(position.shares), str(position.cost), str(position.realized), str(position.fees)


def test_buys_add_up_and_a_sell_takes_out_its_share_of_the_cost() -> None:
    position = folded(
        fill(1, Side.BUY, "100", "0.40", fee="1"),
        fill(2, Side.BUY, "100", "0.60", fee="1"),
        fill(3, Side.SELL, "50", "0.70", fee="0.5"),
    )
    assert figures(position) == ("150", "75", "10", "2.5")
    assert (position.bought, position.sold) == (Shares.parse("200"), Shares.parse("50"))


def test_cost_taken_out_is_rounded_against_us() -> None:
    position = folded(fill(1, Side.BUY, "0.03", "0.3334"), fill(2, Side.SELL, "0.02", "0.5"))
    assert position.cost == Usdc(3_334)
    position = folded(fill(1, Side.BUY, "0.03", Price(333_334)), fill(2, Side.SELL, "0.01", "0.5"))
    assert (position.cost, position.realized) == (Usdc(6_667), Usdc(1_666))  # 3333.67 left the cost as 3334


def test_selling_everything_leaves_no_cost() -> None:
    position = folded(fill(1, Side.BUY, "3", "0.3333"), fill(2, Side.SELL, "1", "0.4"), fill(3, Side.SELL, "2", "0.4"))
    assert (position.shares, position.cost, position.realized) == (Shares(0), Usdc(0), Usdc.parse("0.2001"))


@pytest.mark.parametrize(("settlement", "realized"), [(WON, "6"), (LOST, "-4"), (TIED, "1")])
def test_a_settlement_closes_the_position_at_its_payout(settlement: Settlement, realized: str) -> None:
    position = folded(fill(1, Side.BUY, "10", "0.4", fee="0.1"), settlement=settlement)
    assert figures(position) == ("0", "0", realized, "0.1")
    assert position.settled == Shares.parse("10")


def test_half_a_micro_unit_is_not_paid() -> None:
    assert folded(fill(1, Side.BUY, Shares(3), Price(1)), settlement=TIED).realized == Usdc(1 - 1)


def test_a_failed_fill_never_happened() -> None:
    failed = fill(1, Side.BUY, "10", "0.4", fee="0.1", status=TradeStatus.FAILED)
    assert folded(failed) == folded()
    assert cash_change(failed) == Usdc(0)


def test_the_chain_outranks_a_failure_report_of_the_same_fill() -> None:
    matched = fill(1, Side.BUY, "10", "0.4")
    failed, confirmed = (replace(matched, status=s) for s in (TradeStatus.FAILED, TradeStatus.CONFIRMED))
    assert folded(matched, failed) == folded()
    assert folded(confirmed, failed) == folded(failed, confirmed) == folded(matched)


def test_selling_more_than_was_bought_shows_as_negative_shares() -> None:
    sold = (fill(1, Side.BUY, "10", "0.4"), fill(2, Side.SELL, "12", "0.5"))
    assert figures(folded(*sold)) == ("-2", "0", "2", "0")
    covered = folded(*sold, fill(3, Side.BUY, "5", "0.6"))
    assert figures(covered) == ("3", "1.8", "0.8", "0")
    assert folded(*sold, settlement=WON).shares == Shares.parse("-2")


def test_two_orders_of_ours_in_one_trade_are_two_fills() -> None:
    one = fill(1, Side.BUY, "10", "0.4")
    assert folded(one, replace(one, order=OrderId("0x2"))).bought == Shares.parse("20")


def test_cash_moves_by_the_fill_and_its_fee() -> None:
    assert cash_change(fill(1, Side.BUY, "10", "0.4", fee="0.1")) == Usdc.parse("-4.1")
    assert cash_change(fill(1, Side.SELL, "10", "0.4", fee="0.1")) == Usdc.parse("3.9")


@st.composite
def histories(draw: st.DrawFn) -> list[OurFill]:
    """Fills of any side and size, each with a status."""
    parts = draw(
        st.lists(
            st.tuples(
                st.sampled_from(Side),
                st.integers(min_value=1, max_value=10**8).map(Shares),
                st.integers(min_value=1, max_value=MICRO - 1).map(Price),
                st.integers(min_value=0, max_value=10**6),
                st.sampled_from(TradeStatus),
            ),
            max_size=12,
        )
    )
    return [
        fill(n, side, shares, price, fee=str(Usdc(fee)), status=status)
        for n, (side, shares, price, fee, status) in enumerate(parts)
    ]


settlements = st.sampled_from([None, WON, LOST, TIED])


@given(histories(), settlements)
def test_cash_cost_and_profit_are_conserved(history: list[OurFill], settlement: Settlement | None) -> None:
    position = folded(*history, settlement=settlement)
    payout = proceeds_floor(position.settled, Price(settlement.payout.micro)) if settlement else Usdc(0)
    cash = sum((cash_change(each) for each in history), payout)
    assert cash == position.realized - position.cost - position.fees
    assert position.bought - position.sold - position.settled == position.shares


@given(histories(), settlements, st.data())
def test_order_and_repetition_of_reports_do_not_matter(
    history: list[OurFill], settlement: Settlement | None, data: st.DataObject
) -> None:
    early = [replace(each, status=TradeStatus.MATCHED) for each in history]
    reports = data.draw(st.permutations([*history, *early, *history]))
    assert folded(*reports, settlement=settlement) == folded(*history, settlement=settlement)


@given(histories())
def test_cost_is_never_negative_and_only_of_held_shares(history: list[OurFill]) -> None:
    position = folded(*history)
    assert position.cost >= Usdc(0)
    assert position.shares.micro > 0 or not position.cost


@given(histories())
def test_shares_are_not_negative_if_no_sell_exceeds_what_is_held(history: list[OurFill]) -> None:
    held, sane = Shares(0), []
    for each in history:
        if each.status is TradeStatus.FAILED or (each.side is Side.SELL and each.shares > held):
            continue
        held = held + each.shares if each.side is Side.BUY else held - each.shares
        sane.append(each)
    assert folded(*sane).shares == held >= Shares(0)
