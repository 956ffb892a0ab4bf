"""Trades on their way onto the chain: blocks, retries, failures, reorgs."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simvenue import Venue, levels

from polybot.core.ids import TradeId
from polybot.core.market import Side
from polybot.core.money import Ratio, Shares, Usdc
from polybot.core.orders import TimeInForce, TradeStatus
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.blocks import BLOCK_NS, block_at, block_ns, block_timestamp_s, first_block_from
from polybot.simulator.engine.meddler import WHOLE, Fate
from polybot.simulator.engine.model import HOUSE, FillsPublished, FillsWithdrawn, NewOrder, SimTrade, TradeChanged

BUY, SELL = Side.BUY, Side.SELL
CONFIRMED, FAILED, MATCHED = TradeStatus.CONFIRMED, TradeStatus.FAILED, TradeStatus.MATCHED
MINED, RETRYING = TradeStatus.MINED, TradeStatus.RETRYING


class Fates:
    """Fates by number of the trade, others are honest."""

    def __init__(self, fates: dict[int, Fate]) -> None:
        self._fates = fates

    def fate(self, trade: SimTrade) -> Fate:
        return self._fates.get(trade.number, Fate())

    def share(self, order: NewOrder) -> Ratio:
        return WHOLE


@pytest.fixture
def venue() -> Venue:
    venue = Venue()
    venue.quote(bids=levels(("0.39", "500")), asks=levels(("0.4", "10"), ("0.41", "500")))
    return venue


def buy(venue: Venue, who: Account, *, dollars: int = 8) -> TradeId:
    """At up to 0.5."""
    return venue.place(venue.order(who, BUY, dollars * 1_000_000, dollars * 2_000_000)).trades[0]


def steps(venue: Venue, trade: TradeId) -> list[TradeStatus]:
    return [event.trade.status for event in told(venue.events) if event.trade.id == trade]


def told(events: Iterable[object]) -> list[TradeChanged]:
    return [event for event in events if isinstance(event, TradeChanged)]


def published(venue: Venue) -> list[FillsPublished]:
    return [event for event in venue.events if isinstance(event, FillsPublished)]


def wealth(account: Account) -> tuple[int, int, dict[str, int]]:
    held = {str(token): micro for token, micro in account.held_micro.items() if micro}
    return account.cash_micro, account.chain_cash_micro, held


def test_blocks_are_a_second_and_a_half_apart_and_agree_with_polygon() -> None:
    assert block_timestamp_s(93_784_296) == 1_789_381_477, "from a cursor of the Data API"
    assert block_ns(93_784_297) - block_ns(93_784_296) == BLOCK_NS
    for at_ns in (block_ns(95_000_000), block_ns(95_000_000) + BLOCK_NS - 1):
        assert block_at(at_ns) == 95_000_000
    assert first_block_from(block_ns(95_000_000)) == 95_000_000
    assert first_block_from(block_ns(95_000_000) + 1) == 95_000_001


@pytest.mark.parametrize("phase_ms", [0, 200, 700, 1499])
def test_a_trade_is_mined_as_a_block_starts_and_confirmed_four_blocks_later(venue: Venue, phase_ms: int) -> None:
    ann = venue.wallet("ann")
    venue.later(phase_ms / 1000)
    matched_ns = venue.exchange.now_ns
    trade = buy(venue, ann)
    venue.later(10)
    mined, confirmed = (event.at_ns for event in told(venue.events)[1:])
    assert 1_250_000_000 <= mined - matched_ns < 1_250_000_000 + BLOCK_NS
    assert mined == block_ns(block_at(mined))
    assert confirmed == block_ns(block_at(mined) + 4)
    assert steps(venue, trade) == [MATCHED, MINED, CONFIRMED]


def test_its_rows_bear_the_time_and_number_of_the_block_and_start_with_the_taker(venue: Venue) -> None:
    ann = venue.wallet("ann")
    trade = buy(venue, ann)
    matched_ns = venue.exchange.now_ns
    venue.later(10)
    [rows] = published(venue)
    assert [row.wallet for row in rows.rows] == [ann.wallet, HOUSE, HOUSE]
    assert rows.rows[0].shares == rows.rows[1].shares + rows.rows[2].shares
    block = block_at(rows.at_ns)
    assert [row.sequence for row in rows.rows] == [block * 10**10 + i for i in (1, 2, 3)]
    assert (rows.matched_ns, {row.at_ns for row in rows.rows}) == (matched_ns, {block_ns(block)})
    after = venue.exchange.trade(trade)
    assert after is not None
    assert after.tx == rows.tx


def test_trades_of_one_block_are_mined_in_the_order_of_their_matches(venue: Venue) -> None:
    ann, bob = venue.wallet("ann"), venue.wallet("bob")
    ids = [buy(venue, who) for who in (ann, bob, ann)]
    venue.later(3)
    assert [event.trade.id for event in told(venue.events) if event.trade.status is MINED] == ids
    assert len({event.at_ns for event in published(venue)}) == 1
    sequences = [row.sequence for event in published(venue) for row in event.rows]
    assert sequences == sorted(set(sequences))


def test_the_chain_knows_a_fill_only_once_it_is_mined(venue: Venue) -> None:
    ann = venue.wallet("ann", cash="100")
    buy(venue, ann)
    bought = ann.held_micro[venue.yes]
    assert (ann.chain_cash_micro, ann.chain_held_micro(venue.yes)) == (100_000_000, 0)
    venue.later(3)
    assert (ann.chain_cash_micro, ann.chain_held_micro(venue.yes)) == (ann.cash_micro, bought)


def test_a_reverted_transaction_is_tried_again_under_another_hash(venue: Venue) -> None:
    ann = venue.wallet("ann")
    venue.exchange.meddler = Fates({1: Fate(retries=2)})
    trade = buy(venue, ann)
    first_tx = next(event.trade for event in told(venue.events))
    assert venue.exchange.tx_of(first_tx) != ""
    venue.later(15)
    assert steps(venue, trade) == [MATCHED, RETRYING, RETRYING, MINED, CONFIRMED]
    hashes = [event.trade.tx for event in told(venue.events)]
    assert hashes[1] == venue.exchange.tx_of(first_tx)
    assert len(set(hashes[1:4])) == 3
    assert [event.tx for event in published(venue)] == [hashes[3]]


def test_a_failed_trade_is_undone_for_everyone_but_stays_in_the_orders_sizes(venue: Venue) -> None:
    ann, bob, cat = venue.wallet("ann", cash="100"), venue.wallet("bob", yes="50"), venue.wallet("cat", cash="100")
    asked = venue.place(venue.limit(bob, SELL, "0.3", "20", tif=TimeInForce.GTC)).order
    venue.later(20)
    bid = venue.place(venue.limit(cat, BUY, "0.6", "20", token=venue.no)).order
    before = [wealth(who) for who in (ann, bob, cat)]
    fees = venue.exchange.accounts.fees.cash_micro
    venue.exchange.meddler = Fates({2: Fate(retries=1, fails=True)})
    taken = venue.place(venue.limit(ann, BUY, "0.42", "40"))
    assert taken.order.matched
    venue.later(20)
    assert steps(venue, taken.trades[0]) == [MATCHED, RETRYING, FAILED]
    assert [wealth(who) for who in (ann, bob, cat)] == before
    assert venue.exchange.accounts.fees.cash_micro == fees
    assert not venue.exchange.imbalance()
    truth = venue.exchange.ledger()
    assert {fill.trade for fill in truth.failed} == set(taken.trades)
    assert not any(fill.trade in taken.trades for fill in truth.fills)
    after = [venue.exchange.order(order.id) for order in (taken.order, asked, bid)]
    assert [order.matched for order in after if order] == [taken.order.matched, asked.matched, Shares.parse("20")]
    assert not any(event.tx == taken.trades[0] for event in published(venue))


def test_a_sale_of_shares_that_never_came_fails_too(venue: Venue) -> None:
    ann = venue.wallet("ann", cash="100")
    venue.exchange.meddler = Fates({1: Fate(retries=1, fails=True)})
    bought = buy(venue, ann)
    sold = venue.place(venue.order(ann, SELL, 10_000_000, 3_000_000)).trades[0]
    venue.later(30)
    assert steps(venue, bought) == [MATCHED, RETRYING, FAILED]
    assert steps(venue, sold)[-1] is FAILED
    assert steps(venue, sold).count(RETRYING) == 3
    assert wealth(ann) == (100_000_000, 100_000_000, {})
    assert not venue.exchange.imbalance()


def test_a_sale_waits_for_shares_that_come_late(venue: Venue) -> None:
    ann = venue.wallet("ann", cash="100")
    venue.exchange.meddler = Fates({1: Fate(retries=1)})
    buy(venue, ann)
    sold = venue.place(venue.order(ann, SELL, 10_000_000, 3_000_000)).trades[0]
    venue.later(30)
    assert steps(venue, sold) == [MATCHED, RETRYING, MINED, CONFIRMED]


@pytest.mark.parametrize("again", [True, False])
def test_a_reorg_takes_a_mined_trade_back(venue: Venue, *, again: bool) -> None:
    ann = venue.wallet("ann", cash="100")
    trade = buy(venue, ann)
    venue.later(3)
    [mined] = published(venue)
    venue.exchange.revert_trade(trade, again=again)
    assert [event.tx for event in venue.events if isinstance(event, FillsWithdrawn)] == [mined.tx]
    assert ann.chain_cash_micro == 100_000_000
    venue.later(30)
    assert steps(venue, trade) == [MATCHED, MINED, RETRYING, *([MINED, CONFIRMED] if again else [FAILED])]
    assert len({event.tx for event in published(venue)}) == 1 + again
    assert bool(ann.held_micro[venue.yes]) is again
    assert not venue.exchange.imbalance()


def test_only_what_is_mined_and_not_final_can_be_reverted(venue: Venue) -> None:
    trade = buy(venue, venue.wallet("ann"))
    with pytest.raises(ValueError, match="MATCHED"):
        venue.exchange.revert_trade(trade, again=True)
    venue.later(10)
    with pytest.raises(ValueError, match="CONFIRMED"):
        venue.exchange.revert_trade(trade, again=True)


def test_what_was_spent_before_a_reorg_stays_owed(venue: Venue) -> None:
    """Both were mined; only the purchase is taken back and never comes again."""
    ann = venue.wallet("ann", cash="100")
    bought = buy(venue, ann)
    venue.place(venue.order(ann, SELL, 15_000_000, 3_000_000))
    venue.later(3)
    venue.exchange.revert_trade(bought, again=False)
    venue.later(30)
    assert ann.held(venue.yes) == -Shares.parse("15")
    assert ann.cash > Usdc.parse("100")
    assert not venue.exchange.imbalance()


@pytest.mark.parametrize("again", [True, False])
def test_what_a_reorg_takes_back_is_owed_until_it_is_mined_or_fails(venue: Venue, *, again: bool) -> None:
    ann = venue.wallet("ann", cash="10", yes="10")
    sold = venue.place(venue.order(ann, SELL, 10_000_000, 3_000_000)).trades[0]
    venue.later(3)
    buy(venue, ann)
    venue.exchange.withdraw(ann.wallet, Usdc.parse("13"))
    venue.exchange.revert_trade(sold, again=again)
    assert ann.chain_cash_micro < 0
    assert not venue.exchange.imbalance()
    venue.later(30)
    assert not venue.exchange.imbalance()
    assert ann.cash == (Usdc.parse("0.80484") if again else -Usdc.parse("3"))


@settings(max_examples=60, deadline=None)
@given(
    deals=st.lists(st.tuples(st.integers(0, 2), st.sampled_from([BUY, SELL]), st.integers(1, 30)), max_size=12),
    fates=st.dictionaries(
        st.integers(1, 12), st.builds(Fate, retries=st.integers(0, 3), fails=st.booleans()), max_size=6
    ),
    pauses=st.lists(st.sampled_from([0.0, 0.4, 3.0]), min_size=12, max_size=12),
)
def test_whatever_fails_cash_and_shares_are_conserved_and_the_chain_is_never_short(
    deals: list[tuple[int, Side, int]], fates: dict[int, Fate], pauses: list[float]
) -> None:
    venue = Venue()
    venue.quote(bids=levels(("0.39", "500")), asks=levels(("0.4", "10"), ("0.41", "500")))
    venue.exchange.meddler = Fates(fates)
    people = [venue.wallet(name, cash="50") for name in ("ann", "bob", "cat")]
    for (who, side, shares), pause in zip(deals, pauses, strict=False):
        deal(venue, people[who], side, shares=shares)
        venue.later(pause)
        assert all(who.chain_cash_micro >= 0 and who.chain_held_micro(venue.yes) >= 0 for who in people)
    venue.later(60)
    assert not venue.exchange.imbalance()
    assert all(who.cash_micro == who.chain_cash_micro >= 0 for who in people)
    last = {event.trade.id: event.trade.status for event in told(venue.events)}
    assert set(last.values()) <= {CONFIRMED, FAILED}


def deal(venue: Venue, who: Account, side: Side, *, shares: int) -> None:
    """If the wallet can pay for it."""
    micro, dollars = shares * 1_000_000, shares * (600_000 if side is BUY else 200_000)
    if side is SELL and who.held_micro[venue.yes] >= micro:
        venue.place(venue.order(who, SELL, micro, dollars))
    elif side is BUY and 1_000_000 <= dollars < who.cash_micro // 2:
        venue.place(venue.order(who, BUY, dollars, micro))


def test_the_same_story_is_told_in_the_same_words_twice() -> None:
    def story() -> list[object]:
        venue = Venue()
        venue.quote(bids=levels(("0.39", "500")), asks=levels(("0.4", "10"), ("0.41", "500")))
        venue.exchange.meddler = Fates({1: Fate(retries=1), 2: Fate(retries=1, fails=True)})
        people = [venue.wallet(name, cash="50") for name in ("ann", "bob")]
        for who, side, shares in ((0, BUY, 20), (1, BUY, 10), (0, SELL, 5), (1, SELL, 4)):
            deal(venue, people[who], side, shares=shares)
            venue.later(0.4)
        venue.later(30)
        return [*venue.events, venue.exchange.ledger()]

    assert story() == story()
