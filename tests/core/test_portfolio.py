"""Cash, reservations and positions in memory."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from polybot.core.ids import ConditionId, DecisionId, OrderId, TokenId, TradeId, Wallet, intent_id
from polybot.core.ledger import Settlement, cash_change
from polybot.core.market import Side
from polybot.core.money import MICRO, ZERO_SHARES, ZERO_USDC, Price, Shares, Usdc
from polybot.core.orders import Amounts, Intent, OrderTerms, OurFill, TimeInForce, TradeStatus
from polybot.core.portfolio import Portfolio

ANN, BOB = Wallet("0x" + "11" * 20), Wallet("0x" + "22" * 20)
YES, CONDITION = TokenId("1"), ConditionId("0x" + "cc" * 32)
CASH = Usdc.parse("1000")


def intent(number: int, side: Side = Side.BUY, *, target: Wallet = ANN, shares: str = "10") -> tuple[OrderId, Intent]:
    size, dollars = Shares.parse(shares).micro, Shares.parse(shares).micro // 2
    amounts = Amounts(dollars, size) if side is Side.BUY else Amounts(size, dollars)
    decision = DecisionId(f"d{number}")
    terms = OrderTerms(YES, CONDITION, side, Price.parse("0.5"), amounts, TimeInForce.GTC)
    reserve = Usdc(dollars + MICRO // 10) if side is Side.BUY else ZERO_USDC
    will = Intent(intent_id(decision, account=BOB, leg=0), decision, BOB, target, 0, terms, reserve)
    return OrderId(f"0x{number:064x}"), will


def fill(
    order: OrderId,
    trade: str = "t1",
    *,
    side: Side = Side.BUY,
    shares: str = "10",
    usdc: str = "5",
    fee: str = "0.1",
    status: TradeStatus = TradeStatus.MATCHED,
) -> OurFill:
    amounts = {"shares": Shares.parse(shares), "usdc": Usdc.parse(usdc), "fee": Usdc.parse(fee)}
    return OurFill(
        TradeId(trade),
        order,
        YES,
        CONDITION,
        side,
        status=status,
        matched_ns=1,
        **amounts,  # type: ignore[arg-type]
    )


def test_a_reservation_shrinks_by_what_was_spent_and_ends_with_the_order() -> None:
    portfolio = Portfolio(CASH)
    order, will = intent(1)
    portfolio.reserve(order, will)
    assert portfolio.free_cash() == CASH - will.reserve_usdc
    portfolio.apply_fill(fill(order, shares="4", usdc="2", fee="0.04"))
    assert portfolio.reserved() == will.reserve_usdc - Usdc.parse("2.04")
    assert portfolio.free_cash() == CASH - will.reserve_usdc
    assert portfolio.exposure(ANN, YES) == Usdc.parse("2") + portfolio.reserved()
    portfolio.release(order)
    assert portfolio.free_cash() == CASH - Usdc.parse("2.04")
    assert portfolio.known(order)


def test_what_was_never_sent_is_forgotten() -> None:
    portfolio = Portfolio(CASH)
    order, will = intent(1)
    portfolio.reserve(order, will)
    portfolio.forget(order)
    assert portfolio.free_cash() == CASH
    assert not portfolio.known(order)


def test_what_an_open_sale_offers_cannot_be_sold_again() -> None:
    portfolio = Portfolio(CASH)
    (bought, buy), (offered, sell) = intent(1), intent(2, Side.SELL, shares="6")
    for order, will in ((bought, buy), (offered, sell)):
        portfolio.reserve(order, will)
    portfolio.apply_fill(fill(bought))
    assert portfolio.inventory(ANN, YES) == Shares.parse("4")
    portfolio.apply_fill(fill(offered, "t2", side=Side.SELL, shares="2", usdc="1"))
    assert portfolio.inventory(ANN, YES) == Shares.parse("4")
    portfolio.release(offered)
    assert portfolio.inventory(ANN, YES) == Shares.parse("8")
    assert portfolio.inventory(BOB, YES) == ZERO_SHARES


def test_a_failed_trade_is_given_back_but_was_matched() -> None:
    portfolio = Portfolio(CASH)
    order, will = intent(1)
    portfolio.reserve(order, will)
    portfolio.apply_fill(fill(order))
    assert portfolio.settling(order)
    portfolio.apply_fill(fill(order, status=TradeStatus.FAILED))
    assert portfolio.cash == CASH
    assert (portfolio.filled(order), portfolio.matched(order)) == (ZERO_SHARES, Shares.parse("10"))
    assert portfolio.spent(order) == Usdc.parse("5")
    assert not portfolio.settling(order)
    assert portfolio.unsettled_trades() == []


def test_a_market_stays_wanted_while_anything_of_it_is_open() -> None:
    portfolio = Portfolio(CASH)
    (bought, buy), (sold, sell) = intent(1), intent(2, Side.SELL)
    portfolio.reserve(bought, buy)
    assert portfolio.tokens() == {YES}
    portfolio.apply_fill(fill(bought, status=TradeStatus.CONFIRMED))
    portfolio.release(bought)
    portfolio.reserve(sold, sell)
    portfolio.apply_fill(fill(sold, "t2", side=Side.SELL))
    portfolio.release(sold)
    assert portfolio.holdings()[YES] == ZERO_SHARES
    assert portfolio.tokens() == {YES}
    portfolio.apply_fill(fill(sold, "t2", side=Side.SELL, status=TradeStatus.CONFIRMED))
    assert portfolio.tokens() == set()
    assert portfolio.open_positions() == 0


def test_a_settlement_pays_once_and_a_late_fill_is_paid_too() -> None:
    portfolio = Portfolio(CASH)
    order, will = intent(1)
    portfolio.remember(order, will)
    portfolio.apply_fill(fill(order))
    ended = Settlement(CONDITION, YES, Usdc(MICRO), 9)
    assert portfolio.settle(ended)
    assert not portfolio.settle(ended)
    assert portfolio.cash == CASH - Usdc.parse("5.1") + Usdc.parse("10")
    portfolio.apply_fill(fill(order, "t2", shares="1", usdc="0.5", fee="0"))
    assert portfolio.cash == CASH - Usdc.parse("5.6") + Usdc.parse("11")
    assert portfolio.holdings()[YES] == ZERO_SHARES


REPORTS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 3), st.sampled_from(TradeStatus), st.integers(1, 400)), max_size=25
)


@given(reports=REPORTS)
def test_the_order_of_reports_does_not_matter_and_cash_is_conserved(
    reports: list[tuple[int, int, TradeStatus, int]],
) -> None:
    """Trade n of order n has one content; its status is reported in any order."""
    sizes: dict[tuple[int, int], int] = {}
    fills = []
    for number, trade, status, cents in reports:
        size = sizes.setdefault((number, trade), cents)
        side = Side.SELL if number == 3 else Side.BUY
        order, _ = intent(number, side)
        content = fill(order, f"{number}-{trade}", side=side, shares=str(size / 100), usdc=str(size / 200))
        fills.append(replace(content, status=status))
    ends = [_told(fills), _told(reversed(fills)), _told([*fills, *fills])]
    assert ends[0].cash == ends[1].cash == ends[2].cash
    assert [list(end.positions()) for end in ends[1:]] == [list(ends[0].positions())] * 2
    final = {key: f for end in ends[:1] for held in end._fills.values() for key, f in held.items()}
    assert ends[0].cash == CASH + sum((cash_change(f) for f in final.values()), ZERO_USDC)
    position = next(iter(ends[0].positions()), None)
    if position:
        assert ends[0].cash == CASH + position.realized - position.cost - position.fees


def _told(fills: Iterable[OurFill]) -> Portfolio:
    portfolio = Portfolio(CASH)
    for number in (1, 2, 3):
        order, will = intent(number, Side.SELL if number == 3 else Side.BUY)
        portfolio.reserve(order, will)
    for report in fills:
        portfolio.apply_fill(report)
    return portfolio


def test_dust_that_cannot_be_sold_is_no_open_position() -> None:
    portfolio = Portfolio(CASH)
    for number, shares in ((1, "0.009999"), (2, "0.01")):
        order, will = intent(number, target=(ANN, BOB)[number - 1])
        portfolio.reserve(order, will)
        portfolio.apply_fill(fill(order, f"t{number}", shares=shares))
    assert portfolio.open_positions() == 1
