"""Cash and shares outside the book: what moves, what it costs, what a contract would revert."""

import pytest
from bazaar import GROUP, QUESTIONS, STANDARD, V2, Bazaar, levels

from polybot.core.ids import ConditionId, Wallet
from polybot.core.market import Side
from polybot.core.money import Shares, Usdc
from polybot.core.orders import TimeInForce, TradeStatus
from polybot.polymarket.contracts import (
    AUTO_REDEEMER,
    COLLATERAL_ADAPTER,
    NEG_RISK_COLLATERAL_ADAPTER,
    OFFRAMP,
    ONRAMP,
    POLYGON,
    POSITION_MANAGER,
    ROUTER,
    USDC_E,
    V3,
)
from polybot.polymarket.contracts import STANDARD as STANDARD_EXCHANGE
from polybot.simulator.engine.accounts import CTF, POSITIONS, UNLIMITED
from polybot.simulator.engine.model import FillsPublished, MarketResolved, OrderRefused, TradeChanged
from polybot.simulator.engine.moves import Approval, GroupId, Move, MoveRefused, PositionsMoved
from polybot.simulator.engine.rules import Rules

TEN, FOUR = Shares.parse("10"), Shares.parse("4")
SPENDERS = {STANDARD: COLLATERAL_ADAPTER, QUESTIONS[0]: NEG_RISK_COLLATERAL_ADAPTER, V2: ROUTER}
KINDS = pytest.mark.parametrize("condition", SPENDERS, ids=["standard", "neg-risk", "v2"])


@KINDS
def test_a_split_makes_one_share_of_each_outcome_and_a_merge_takes_them_back(
    bazaar: Bazaar, condition: ConditionId
) -> None:
    ann = bazaar.wallet("ann", cash="100")
    yes, no = bazaar.tokens(condition)
    bazaar.exchange.split(ann.wallet, condition, TEN)
    assert (ann.cash, ann.held(yes), ann.held(no)) == (Usdc.parse("90"), TEN, TEN)
    tx = bazaar.exchange.merge(ann.wallet, condition, FOUR, tx="0xabc")
    assert (ann.cash, ann.held(yes)) == (Usdc.parse("94"), Shares.parse("6"))
    split, merge = bazaar.rows()
    assert (split.kind, split.usdc, [leg.micro for leg in split.legs]) == (Move.SPLIT, Usdc.parse("-10"), [10**7] * 2)
    assert (merge.kind, merge.condition, merge.tx) == (Move.MERGE, condition, tx) == (Move.MERGE, condition, "0xabc")
    [first, second] = bazaar.exchange.positions_of(ann.wallet)
    assert (first.split, first.merged, first.shares) == (second.split, second.merged, second.shares)
    assert (first.split, first.merged, first.claim) == (TEN, FOUR, None)


@KINDS
def test_who_splits_and_merges_must_be_allowed_to(bazaar: Bazaar, condition: ConditionId) -> None:
    ann, spender = bazaar.wallet("ann"), SPENDERS[condition].lower()
    bazaar.exchange.approve(ann.wallet, spender, 12_000_000)
    bazaar.exchange.split(ann.wallet, condition, TEN)
    with pytest.raises(MoveRefused, match=rf"InsufficientAllowance\(\): {spender} may spend 2, not 4"):
        bazaar.exchange.split(ann.wallet, condition, FOUR)
    bazaar.exchange.approve_operator(ann.wallet, spender, False, contract=POSITION_MANAGER if condition == V2 else CTF)
    with pytest.raises(MoveRefused, match="need operator approval"):
        bazaar.exchange.merge(ann.wallet, condition, FOUR)


def test_an_operator_of_one_share_contract_is_none_on_the_other(bazaar: Bazaar) -> None:
    ann = bazaar.wallet("ann")
    for condition in (STANDARD, V2):
        bazaar.exchange.split(ann.wallet, condition, TEN)
    bazaar.exchange.approve_operator(ann.wallet, V3[POLYGON].address, False, contract=POSITION_MANAGER)
    bazaar.exchange.approve_operator(ann.wallet, V3[POLYGON].address, True, contract=CTF)
    bazaar.trade(ann, Side.SELL, bazaar.tokens(STANDARD)[0], size="5", price="0.6")
    with pytest.raises(OrderRefused, match=f"spender: {V3[POLYGON].address}, allowance: 0"):
        bazaar.trade(ann, Side.SELL, bazaar.tokens(V2)[0], size="5", price="0.6")


def test_a_limited_allowance_is_used_up_as_buys_are_mined(bazaar: Bazaar) -> None:
    ann, token = bazaar.wallet("ann"), bazaar.tokens(STANDARD)[0]
    exchange = STANDARD_EXCHANGE[POLYGON].address.lower()
    bazaar.quote(token, asks=levels(("0.5", "100")))
    bazaar.exchange.approve(ann.wallet, exchange, 12_000_000)
    bazaar.trade(ann, Side.BUY, token, size="20", price="0.5")
    assert ann.allowances[exchange] == 12_000_000
    bazaar.later(10)
    assert ann.allowances[exchange] == 2_000_000 - 250_000, "10 dollars and the fee of 20 shares at a half"
    with pytest.raises(OrderRefused, match="the allowance is not enough"):
        bazaar.trade(ann, Side.BUY, token, size="10", price="0.5")


def test_nothing_is_made_of_what_is_not_there(bazaar: Bazaar) -> None:
    ann = bazaar.wallet("ann", cash="5")
    with pytest.raises(MoveRefused, match="InsufficientBalance"):
        bazaar.exchange.split(ann.wallet, STANDARD, TEN)
    with pytest.raises(MoveRefused, match="SafeMath: subtraction overflow"):
        bazaar.exchange.merge(ann.wallet, STANDARD, FOUR)
    with pytest.raises(ValueError, match="amount 0 must be positive"):
        bazaar.exchange.split(ann.wallet, STANDARD, Shares(0))
    with pytest.raises(LookupError, match="has no account"):
        bazaar.exchange.split(Wallet("0x" + "99" * 20), STANDARD, TEN)
    with pytest.raises(LookupError, match="is not listed"):
        bazaar.exchange.split(ann.wallet, ConditionId("0x1"), TEN)
    assert not bazaar.rows()


def test_matched_shares_can_be_moved_once_they_are_mined(bazaar: Bazaar) -> None:
    ann = bazaar.wallet("ann")
    yes, no = bazaar.tokens(STANDARD)
    bazaar.quote(yes, bids=levels(("0.5", "100")), asks=levels(("0.52", "100")))
    for token, price in ((yes, "0.52"), (no, "0.5")):
        bazaar.trade(ann, Side.BUY, token, size="10", price=price)
    with pytest.raises(MoveRefused, match="SafeMath"):
        bazaar.exchange.merge(ann.wallet, STANDARD, TEN)
    bazaar.later(10)
    bazaar.exchange.merge(ann.wallet, STANDARD, TEN)
    assert not any(ann.held_micro.values())


def test_a_match_whose_funds_were_moved_away_fails(bazaar: Bazaar) -> None:
    ann, bob = bazaar.wallet("ann"), bazaar.wallet("bob", cash="30")
    token, _ = bazaar.tokens(STANDARD)
    bazaar.exchange.split(ann.wallet, STANDARD, TEN)
    bazaar.trade(ann, Side.SELL, token, size="10", price="0.5")
    [trade] = bazaar.trade(bob, Side.BUY, token, size="10", price="0.5").trades
    bazaar.exchange.withdraw(bob.wallet, Usdc.parse("30"))
    assert bob.cash.micro < 0
    bazaar.later(60)
    failed = bazaar.exchange.trade(trade)
    assert failed is not None
    assert failed.status is TradeStatus.FAILED
    assert (bob.cash, bob.held(token), ann.held(token)) == (Usdc(0), Shares(0), TEN)


def test_orders_that_a_move_leaves_without_cover_are_taken_down_the_newest_first(bazaar: Bazaar) -> None:
    ann, token = bazaar.wallet("ann", cash="100"), bazaar.tokens(STANDARD)[0]
    orders = []
    for price in ("0.4", "0.5"):
        orders.append(bazaar.trade(ann, Side.BUY, token, size="100", price=price).order.id)
        bazaar.later(1)
    bazaar.exchange.withdraw(ann.wallet, Usdc.parse("40"))
    [left] = bazaar.exchange.orders_of(ann.owner)
    assert left.id == orders[0]


def test_of_orders_placed_at_one_instant_the_last_is_taken_down_first(bazaar: Bazaar) -> None:
    ann, token = bazaar.wallet("ann", cash="100"), bazaar.tokens(STANDARD)[0]
    orders = [bazaar.trade(ann, Side.BUY, token, size="100", price=price).order.id for price in ("0.4", "0.5")]
    bazaar.exchange.withdraw(ann.wallet, Usdc.parse("40"))
    assert [order.id for order in bazaar.exchange.orders_of(ann.owner)] == orders[:1]


def test_a_conversion_gives_the_other_yes_and_pays_for_every_no_but_one(bazaar: Bazaar) -> None:
    ann = bazaar.wallet("ann", cash="100")
    for condition in QUESTIONS:
        bazaar.exchange.split(ann.wallet, condition, TEN)
    yes, no = zip(*(bazaar.tokens(condition) for condition in QUESTIONS), strict=True)
    bazaar.exchange.convert(ann.wallet, GROUP, index_set=0b101, shares=FOUR)
    assert [ann.held(token) for token in no] == [Shares.parse("6"), TEN, Shares.parse("6")]
    assert [ann.held(token) for token in yes] == [TEN, Shares.parse("14"), TEN]
    assert ann.cash == Usdc.parse("74")
    row = bazaar.rows()[-1]
    assert (row.kind, row.group, row.index_set, row.usdc) == (Move.CONVERSION, GROUP, 0b101, Usdc.parse("4"))
    assert [(leg.token, leg.micro) for leg in row.legs] == [
        (no[0], -4_000_000),
        (no[2], -4_000_000),
        (yes[1], 4_000_000),
    ]
    assert bazaar.exchange.imbalance() == ""
    for condition, winner in zip(QUESTIONS, (no[0], yes[1], no[2]), strict=True):
        bazaar.exchange.resolve(condition, winner=winner)
    bazaar.later(20)
    assert ann.cash == Usdc.parse("100"), "what was put in comes out again, whichever question came true"
    assert bazaar.exchange.accounts.nobody.cash_micro == 0


@pytest.mark.parametrize("index_set", [0, 0b1000, -1])
def test_an_index_set_names_questions_of_the_event(bazaar: Bazaar, index_set: int) -> None:
    ann = bazaar.wallet("ann")
    with pytest.raises(MoveRefused, match=r"InvalidIndexSet\(\)"):
        bazaar.exchange.convert(ann.wallet, GROUP, index_set=index_set, shares=FOUR)
    with pytest.raises(LookupError, match="is not listed"):
        bazaar.exchange.convert(ann.wallet, GroupId(""), index_set=1, shares=FOUR)


def test_an_unresolved_market_redeems_nothing(bazaar: Bazaar) -> None:
    ann = bazaar.wallet("ann")
    bazaar.exchange.split(ann.wallet, STANDARD, TEN)
    with pytest.raises(MoveRefused, match="result for condition not received yet"):
        bazaar.exchange.redeem(ann.wallet, STANDARD)


def test_resolved_holdings_stay_until_someone_redeems_them(bazaar: Bazaar) -> None:
    ann, bob = bazaar.wallet("ann"), bazaar.wallet("bob")
    yes, no = bazaar.tokens(STANDARD)
    for account in (ann, bob):
        bazaar.exchange.split(account.wallet, STANDARD, TEN)
    bazaar.exchange.approve_operator(bob.wallet, AUTO_REDEEMER, False)
    bazaar.exchange.resolve(STANDARD, winner=yes)
    assert [event.winner for event in bazaar.events if isinstance(event, MarketResolved)] == [yes]
    assert [position.claim for position in bazaar.exchange.positions_of(bob.wallet)] == [Usdc.parse("10"), Usdc(0)]
    bazaar.later(60)
    assert (ann.cash, ann.held(yes), ann.held(no)) == (Usdc.parse("1000"), Shares(0), Shares(0))
    assert (bob.cash, bob.held(yes), bob.held(no)) == (Usdc.parse("990"), TEN, TEN)
    bazaar.exchange.redeem(bob.wallet, STANDARD)
    assert (bob.cash, bob.held(no)) == (Usdc.parse("1000"), Shares(0))
    ann_row, bob_row = [row for row in bazaar.rows() if row.kind is Move.REDEEM]
    assert (ann_row.auto, bob_row.auto) == (True, False)
    assert [(leg.micro, leg.usdc) for leg in bob_row.legs] == [(-10_000_000, Usdc.parse("10")), (-10_000_000, Usdc(0))]


def test_a_v2_market_redeems_one_outcome_at_a_time(bazaar: Bazaar) -> None:
    ann = bazaar.wallet("ann")
    yes, no = bazaar.tokens(V2)
    bazaar.exchange.split(ann.wallet, V2, TEN)
    bazaar.exchange.resolve(V2, winner=no)
    bazaar.exchange.redeem(ann.wallet, V2, token=no, shares=FOUR)
    assert (ann.held(yes), ann.held(no), ann.cash) == (TEN, Shares.parse("6"), Usdc.parse("994"))
    bazaar.later(20)
    assert (ann.held(yes), ann.held(no), ann.cash) == (TEN, Shares(0), Usdc.parse("1000"))
    with pytest.raises(MoveRefused, match="SafeMath"):
        bazaar.exchange.redeem(ann.wallet, V2, token=no, shares=FOUR)


def test_a_v1_market_redeems_both_outcomes_whole(bazaar: Bazaar) -> None:
    ann = bazaar.wallet("ann")
    yes, _ = bazaar.tokens(STANDARD)
    with pytest.raises(ValueError, match="redeem takes both outcomes whole"):
        bazaar.exchange.redeem(ann.wallet, STANDARD, token=yes)
    with pytest.raises(ValueError, match="shares without token"):
        bazaar.exchange.redeem(ann.wallet, V2, shares=FOUR)
    bazaar.exchange.resolve(STANDARD, winner=yes)
    bazaar.exchange.redeem(ann.wallet, STANDARD)
    assert (bazaar.rows()[-1].legs, bazaar.rows()[-1].usdc) == ((), Usdc(0))


def test_a_tie_pays_half_rounded_against_the_holder_and_loses_nothing(bazaar: Bazaar) -> None:
    ann, bob = bazaar.wallet("ann", cash="100"), bazaar.wallet("bob", cash="100")
    yes, no = bazaar.tokens(STANDARD)
    bazaar.exchange.split(ann.wallet, STANDARD, Shares(3_000_001))
    bazaar.exchange.grant(bob, yes, Shares(1))
    house = bazaar.exchange.accounts.house
    bazaar.exchange.resolve(STANDARD, winner=None)
    assert bazaar.exchange.imbalance() == ""
    bazaar.later(20)
    assert ann.cash == Usdc(100_000_000 - 1), "1.5000005 twice, each rounded down"
    assert (bob.cash, bob.held(yes)) == (Usdc.parse("100"), Shares(1)), "half a micro-dollar is nothing to redeem"
    bazaar.exchange.redeem(bob.wallet, STANDARD)
    assert sum(account.cash_micro for account in (ann, bob, house)) == 200_000_000
    assert bazaar.exchange.last_trade(no) == bazaar.exchange.last_trade(yes)


def test_redemption_can_be_at_once() -> None:
    bazaar = Bazaar(rules=Rules(auto_redeem_after_s=0))
    ann = bazaar.wallet("ann")
    bazaar.exchange.split(ann.wallet, STANDARD, TEN)
    bazaar.exchange.resolve(STANDARD, winner=bazaar.tokens(STANDARD)[1])
    bazaar.later(0)
    assert ann.cash == Usdc.parse("1000")


def test_a_redemption_is_told_after_the_fill_that_brought_the_shares() -> None:
    bazaar = Bazaar(rules=Rules(auto_redeem_after_s=0))
    ann, token = bazaar.wallet("ann"), bazaar.tokens(STANDARD)[0]
    bazaar.quote(token, asks=levels(("0.5", "100")))
    bazaar.trade(ann, Side.BUY, token, amount="5", tif=TimeInForce.FAK)
    bazaar.exchange.resolve(STANDARD, winner=token)
    bazaar.events.clear()
    bazaar.later(3)
    assert [type(event) for event in bazaar.events] == [TradeChanged, FillsPublished, PositionsMoved]


def test_what_a_wallet_owes_is_not_redeemed(bazaar: Bazaar) -> None:
    """It sold on what a reorganisation then took back for good."""
    ann, token = bazaar.wallet("ann"), bazaar.tokens(STANDARD)[0]
    bazaar.quote(token, bids=levels(("0.4", "100")), asks=levels(("0.5", "100")))
    bought = bazaar.trade(ann, Side.BUY, token, amount="5", tif=TimeInForce.FAK).trades[0]
    bazaar.trade(ann, Side.SELL, token, size="10", tif=TimeInForce.FAK)
    bazaar.later(3)
    bazaar.exchange.revert_trade(bought, again=False)
    bazaar.later(10)
    cash = ann.cash
    bazaar.exchange.resolve(STANDARD, winner=token)
    bazaar.exchange.redeem(ann.wallet, STANDARD)
    assert (ann.held(token), ann.cash, bazaar.rows()[-1].legs) == (-TEN, cash, ())
    assert bazaar.exchange.imbalance() == ""


def test_shares_that_are_mined_after_the_resolution_are_redeemed_too(bazaar: Bazaar) -> None:
    ann, token = bazaar.wallet("ann"), bazaar.tokens(STANDARD)[0]
    bazaar.quote(token, asks=levels(("0.5", "100")))
    bazaar.trade(ann, Side.BUY, token, amount="5", tif=TimeInForce.FAK)
    bazaar.exchange.resolve(STANDARD, winner=token)
    bazaar.later(60)
    assert (ann.held(token), ann.cash) == (Shares(0), Usdc.parse("1004.875"))


def test_usdc_e_is_wrapped_and_unwrapped_one_to_one(bazaar: Bazaar) -> None:
    ann = bazaar.wallet("ann", cash="0")
    bazaar.exchange.grant_usdc_e(ann.wallet, Usdc.parse("8"))
    bazaar.exchange.wrap(ann.wallet, Usdc.parse("5"))
    bazaar.exchange.unwrap(ann.wallet, Usdc.parse("2"))
    assert (ann.cash, ann.usdc_e_micro) == (Usdc.parse("3"), 5_000_000)
    assert [row.kind for row in bazaar.rows()] == [Move.WRAP, Move.UNWRAP]
    with pytest.raises(MoveRefused, match="transfer amount exceeds balance"):
        bazaar.exchange.wrap(ann.wallet, Usdc.parse("6"))
    bazaar.exchange.approve(ann.wallet, ONRAMP, 1, contract=USDC_E)
    bazaar.exchange.approve(ann.wallet, OFFRAMP, 1)
    for move in (bazaar.exchange.wrap, bazaar.exchange.unwrap):
        with pytest.raises(MoveRefused, match="InsufficientAllowance"):
            move(ann.wallet, Usdc.parse("1"))


def test_a_withdrawal_to_another_wallet_is_its_deposit(bazaar: Bazaar) -> None:
    ann, bob = bazaar.wallet("ann"), bazaar.wallet("bob", cash="0")
    tx = bazaar.exchange.withdraw(ann.wallet, Usdc.parse("7"), to=bob.wallet)
    assert (ann.cash, bob.cash) == (Usdc.parse("993"), Usdc.parse("7"))
    gone, come = bazaar.rows()
    assert (gone.kind, gone.counterparty, come.kind, come.counterparty) == (
        Move.WITHDRAWAL,
        bob.wallet,
        Move.DEPOSIT,
        ann.wallet,
    )
    assert gone.tx == come.tx == tx
    with pytest.raises(MoveRefused, match="InsufficientBalance"):
        bazaar.exchange.withdraw(bob.wallet, Usdc.parse("8"))


def test_gifts_come_from_outside_and_have_a_name(bazaar: Bazaar) -> None:
    ann = bazaar.wallet("ann", cash="0")
    bazaar.exchange.reward(ann.wallet, Move.MAKER_REBATE, Usdc.parse("1.5"))
    bazaar.exchange.deposit(ann.wallet, Usdc.parse("2"))
    assert ann.cash == Usdc.parse("3.5")
    assert [(row.kind, row.condition) for row in bazaar.rows()] == [(Move.MAKER_REBATE, ""), (Move.DEPOSIT, "")]
    with pytest.raises(ValueError, match="kind SPLIT is no gift"):
        bazaar.exchange.reward(ann.wallet, Move.SPLIT, Usdc.parse("1"))


def test_a_wallet_that_is_not_deployed_gets_but_does_not_act(bazaar: Bazaar) -> None:
    ann = bazaar.wallet("ann")
    ann.deployed = False
    bazaar.exchange.deposit(ann.wallet, Usdc.parse("2"))
    with pytest.raises(MoveRefused, match="is not deployed"):
        bazaar.exchange.approve_operator(ann.wallet, ROUTER, True)


def test_an_approval_has_a_row_with_contract_and_spender(bazaar: Bazaar) -> None:
    ann = bazaar.wallet("ann")
    bazaar.exchange.approve_operator(ann.wallet, ROUTER, True, contract=POSITION_MANAGER)
    assert bazaar.rows()[0].approval == Approval(POSITIONS, ROUTER.lower(), UNLIMITED)
    with pytest.raises(ValueError, match="is neither pUSD"):
        bazaar.exchange.approve(ann.wallet, ROUTER, 1, contract=POSITION_MANAGER)
