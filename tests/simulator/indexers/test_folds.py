"""What a wallet's rows add up to, to the micro-dollar."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from polybot.core.ids import TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import MICRO, Shares, Usdc
from polybot.simulator.engine.moves import MoveLeg
from polybot.simulator.indexing.folds import WalletBook
from polybot.simulator.wire.rows import Row
from simulated_venue import MARKETS

MARKET, OTHER, _ = MARKETS
YES, NO = (TokenId(outcome.token) for outcome in MARKET.outcomes)
TRADE = Row(
    kind="TRADE",
    wallet=Wallet("0x" + "ab" * 20),
    market=MARKET,
    event_slug="weather",
    token=YES,
    side=Side.BUY,
    shares=Shares.parse("10"),
    usdc=Usdc.parse("4"),
    fee=Usdc.parse("0.1"),
    tx="0x",
    at_ns=1,
    sequence=1,
    taker=True,
)


def moved(kind: str, usdc: str, *legs: MoveLeg) -> Row:
    return replace(TRADE, kind=kind, side=None, usdc=Usdc.parse(usdc), fee=Usdc(0), legs=legs)


def leg(token: TokenId, shares: str, usdc: str = "0") -> MoveLeg:
    return MoveLeg(token, Shares.parse(shares).micro, MARKET.condition, Usdc.parse(usdc))


def folded(*rows: Row, fees_in_cost: bool = False) -> WalletBook:
    return WalletBook(fees_in_cost=fees_in_cost).read(rows, until_ns=10)


SALE = replace(TRADE, side=Side.SELL, shares=Shares.parse("4"), usdc=Usdc.parse("2"), fee=Usdc.parse("0.05"))


def test_a_sale_takes_out_its_part_of_the_cost() -> None:
    fold = folded(TRADE, SALE).folds[YES]
    assert (fold.shares, fold.cost, fold.realized) == (6 * MICRO, 2_400_000, 350_000)
    assert fold.entry_fees == 60_000


def test_fees_of_purchases_count_where_they_are_told_to() -> None:
    assert folded(TRADE).folds[YES].cost == 4_000_000
    assert folded(TRADE, fees_in_cost=True).folds[YES].cost == 4_100_000
    for fees_in_cost in (False, True):
        book = folded(TRADE, replace(SALE, shares=TRADE.shares), fees_in_cost=fees_in_cost)
        assert book.realized == 2_000_000 - 4_000_000 - 100_000 - 50_000


def test_a_pair_is_made_and_undone_at_half_each() -> None:
    split = moved("SPLIT", "-10", leg(YES, "10"), leg(NO, "10"))
    merge = moved("MERGE", "4", leg(YES, "-4"), leg(NO, "-4"))
    book = folded(split, merge)
    assert [(fold.shares, fold.cost) for fold in book.folds.values()] == [(6 * MICRO, 3 * MICRO)] * 2
    assert book.realized == 0


def test_a_redemption_closes_winner_and_loser() -> None:
    split = moved("SPLIT", "-10", leg(YES, "10"), leg(NO, "10"))
    book = folded(split, moved("REDEEM", "10", leg(YES, "-10", "10"), leg(NO, "-10")))
    assert [fold.shares for fold in book.folds.values()] == [0, 0]
    assert [fold.realized for fold in book.folds.values()] == [5_000_000, -5_000_000]


def test_a_conversion_hands_the_cost_on() -> None:
    first, second = (TokenId(outcome.token) for outcome in OTHER.outcomes)
    bought = replace(TRADE, token=NO, usdc=Usdc.parse("8"))
    converted = moved("CONVERSION", "0", leg(NO, "-10"), leg(first, "10"), leg(second, "10"))
    book = folded(bought, converted)
    assert [book.folds[token].cost for token in (NO, first, second)] == [0, 4_000_000, 4_000_000]
    assert book.folds[NO].realized == 0


def test_cash_that_came_is_income() -> None:
    reward = replace(moved("REWARD", "3"), market=None)
    assert folded(reward, reward).income == {"REWARD": 6_000_000}


ROWS = st.lists(
    st.builds(
        lambda side, shares, usdc, fee, token: replace(
            TRADE, side=side, shares=Shares(shares), usdc=Usdc(usdc), fee=Usdc(fee), token=token
        ),
        st.sampled_from(Side),
        st.integers(1, 10**9),
        st.integers(1, 10**9),
        st.integers(0, 10**6),
        st.sampled_from([YES, NO]),
    ),
    max_size=30,
)


@given(ROWS, st.booleans())
def test_cost_and_result_account_for_every_micro_dollar(rows: list[Row], fees_in_cost: bool) -> None:
    """What was paid in, fees included, is either still in the cost, or came back, or is result."""
    book = folded(*rows, fees_in_cost=fees_in_cost)
    paid = sum(row.usdc.micro + row.fee.micro for row in rows if row.side is Side.BUY)
    back = sum(row.usdc.micro - row.fee.micro for row in rows if row.side is Side.SELL)
    assert sum(fold.cost for fold in book.folds.values()) - book.realized == paid - back
    assert all(fold.shares >= 0 and fold.cost >= 0 for fold in book.folds.values())


@given(ROWS, st.integers(0, 30))
def test_reading_in_two_goes_is_reading_at_once(rows: list[Row], cut: int) -> None:
    timed = [replace(row, at_ns=n) for n, row in enumerate(rows)]
    book = WalletBook().read(timed, until_ns=cut)
    assert book.read(timed, until_ns=100).folds == WalletBook().read(timed, until_ns=100).folds
