"""The Store port's contract: exactly once, all or nothing, and the ledger's sums."""

import pytest
from storage_nouns import (
    ACCOUNT,
    CONDITION,
    LEADER,
    NO,
    NOW_NS,
    OTHER,
    YES,
    copied,
    copying,
    intent,
    our_fill,
    prepared,
    skipping,
    target_fill,
    target_order,
)

from polybot.core.ids import OrderId
from polybot.core.ledger import Settlement
from polybot.core.market import Side
from polybot.core.money import ZERO_USDC, Shares, Usdc
from polybot.core.orders import IllegalTransition, OrderState, TradeStatus
from polybot.ports.store import Store, TargetRow

PAYS_ONE = Settlement(condition=CONDITION, token=YES, payout=Usdc.parse("1"), resolved_ns=NOW_NS)


# detection


async def test_a_cursor_moves_and_is_unknown_before(store: Store) -> None:
    assert await store.cursor(LEADER) is None
    await store.save_cursor(LEADER, 10)
    await store.save_cursor(LEADER, 20)
    assert await store.cursor(LEADER) == 20
    assert await store.cursor(OTHER) is None


async def test_target_positions_are_replaced_as_a_whole(store: Store) -> None:
    await store.save_target_positions(LEADER, {YES: (CONDITION, Shares.parse("3"))}, now_ns=NOW_NS)
    await store.save_target_positions(LEADER, {NO: (CONDITION, Shares.parse("4"))}, now_ns=NOW_NS)
    assert await store.target_positions(LEADER) == {NO: Shares.parse("4")}
    await store.save_target_positions(LEADER, {}, now_ns=NOW_NS)
    assert await store.target_positions(LEADER) == {}


async def test_a_decision_moves_the_targets_position(store: Store) -> None:
    bought = target_order(target_fill(shares="20"), held_before="5")
    await store.record_skip(bought, skipping(bought), now_ns=NOW_NS)
    assert await store.target_positions(LEADER) == {YES: Shares.parse("25")}
    sold = target_order(target_fill(number=1, side=Side.SELL, shares="25"), held_before="25")
    await store.record_skip(sold, skipping(sold), now_ns=NOW_NS)
    assert await store.target_positions(LEADER) == {}


async def test_target_fills_come_back_as_they_were_seen(store: Store) -> None:
    fills = (target_fill(number=0), target_fill(number=1))
    order = target_order(*fills)
    await store.record_skip(order, skipping(order), now_ns=NOW_NS)
    assert list(await store.known_fills(since_s=0)) == list(fills)
    assert list(await store.known_fills(since_s=fills[1].seen.timestamp_s)) == [fills[1]]


async def test_a_target_has_left_a_token_if_its_newest_order_took_it_out(store: Store) -> None:
    assert await store.left_by(LEADER, YES) is None
    entry = target_order(target_fill(number=1))
    leaves = target_order(target_fill(number=2, side=Side.SELL), held_before="20")
    await store.record_skip(entry, skipping(entry), now_ns=NOW_NS)
    assert await store.left_by(LEADER, YES) is None
    await store.record_skip(leaves, skipping(leaves), now_ns=NOW_NS + 1)
    assert await store.left_by(LEADER, YES) == leaves.fills[0]
    assert await store.left_by(LEADER, NO) is None


async def test_an_order_is_decided_once(store: Store) -> None:
    order = target_order(target_fill())
    assert not await store.decided(order.id)
    assert await store.record_skip(order, skipping(order), now_ns=NOW_NS)
    assert await store.decided(order.id)
    assert not await store.record_skip(order, skipping(order), now_ns=NOW_NS)
    will = intent(order.id)
    assert not await store.commit_copy(order, copying(order), will, prepared(will), now_ns=NOW_NS)
    assert await store.open_orders() == []


async def test_a_fill_belongs_to_one_decision(store: Store) -> None:
    shared, more = target_fill(number=0), target_fill(number=1)
    first, second = target_order(shared), target_order(shared, more)
    assert await store.record_skip(first, skipping(first), now_ns=NOW_NS)
    will = intent(second.id)
    assert not await store.commit_copy(second, copying(second), will, prepared(will), now_ns=NOW_NS)
    assert not await store.decided(second.id)
    assert list(await store.known_fills(since_s=0)) == [shared]


# orders


async def test_a_committed_copy_is_an_open_order_with_its_bytes(store: Store) -> None:
    order = target_order(target_fill())
    will = intent(order.id)
    signed = prepared(will)
    assert await store.commit_copy(order, copying(order), will, signed, now_ns=NOW_NS)
    (opened,) = await store.open_orders()
    assert (opened.id, opened.intent, opened.wire) == (signed.id, will, signed.wire)
    assert (opened.state, opened.created_ns) == (OrderState.SUBMITTING, NOW_NS)
    assert (opened.filled_shares, opened.filled_usdc) == (Shares(0), ZERO_USDC)
    assert await store.reserved() == will.reserve_usdc


async def test_a_leg_is_committed_once_and_only_on_a_decision(store: Store) -> None:
    order = target_order(target_fill())
    await store.record_skip(order, skipping(order), now_ns=NOW_NS)
    leg = intent(order.id, leg=1)
    assert await store.commit_leg(leg, prepared(leg), now_ns=NOW_NS)
    assert not await store.commit_leg(leg, prepared(leg), now_ns=NOW_NS)
    assert len(await store.open_orders()) == 1
    orphan = intent(target_order(target_fill(number=9)).id, leg=1)
    with pytest.raises(KeyError):
        await store.commit_leg(orphan, prepared(orphan), now_ns=NOW_NS)


async def test_states_move_forward_only(store: Store) -> None:
    order = await copied(store)
    assert await store.set_order_state(order, OrderState.OPEN, reason="", now_ns=NOW_NS) is OrderState.OPEN
    assert await store.set_order_state(order, OrderState.OPEN, reason="", now_ns=NOW_NS) is OrderState.OPEN
    with pytest.raises(IllegalTransition):
        await store.set_order_state(order, OrderState.REFUSED, reason="late", now_ns=NOW_NS)
    assert [opened.state for opened in await store.open_orders()] == [OrderState.OPEN]
    await store.set_order_state(order, OrderState.DONE, reason="filled", now_ns=NOW_NS)
    assert await store.open_orders() == []
    with pytest.raises(KeyError):
        await store.set_order_state(OrderId("0x00"), OrderState.DONE, reason="", now_ns=NOW_NS)


@pytest.mark.parametrize("held", [OrderState.SUBMITTING, OrderState.UNKNOWN, OrderState.OPEN])
async def test_an_unproven_order_keeps_its_reservation(store: Store, held: OrderState) -> None:
    order = await copied(store)
    await store.set_order_state(order, held, reason="", now_ns=NOW_NS)
    assert await store.reserved() == Usdc.parse("5.3")
    await store.set_order_state(order, OrderState.DONE, reason="", now_ns=NOW_NS)
    assert await store.reserved() == ZERO_USDC


async def test_a_reservation_shrinks_by_what_was_spent_and_not_below_zero(store: Store) -> None:
    order = await copied(store)
    await store.apply_fill(our_fill(order, shares="4", usdc="2", fee="0.1"), now_ns=NOW_NS)
    assert await store.reserved() == Usdc.parse("3.2")
    await store.apply_fill(our_fill(order, trade="t2", shares="6", usdc="4", fee="0.1"), now_ns=NOW_NS)
    assert await store.reserved() == ZERO_USDC
    (opened,) = await store.open_orders()
    assert (opened.filled_shares, opened.filled_usdc) == (Shares.parse("10"), Usdc.parse("6"))


# ledger


async def test_a_fill_counts_once_and_its_status_moves_on(store: Store) -> None:
    order = await copied(store)
    await store.set_cash(Usdc.parse("100"), reason="opening", now_ns=NOW_NS)
    assert await store.apply_fill(our_fill(order), now_ns=NOW_NS)
    assert not await store.apply_fill(our_fill(order), now_ns=NOW_NS)
    assert await store.apply_fill(our_fill(order, status=TradeStatus.CONFIRMED), now_ns=NOW_NS)
    assert not await store.apply_fill(our_fill(order, status=TradeStatus.MATCHED), now_ns=NOW_NS)
    assert await store.cash() == Usdc.parse("94.85")
    assert (await store.history()).fills == [our_fill(order, status=TradeStatus.CONFIRMED)]


async def test_a_failed_fill_is_taken_back(store: Store) -> None:
    order = await copied(store)
    await store.set_cash(Usdc.parse("100"), reason="opening", now_ns=NOW_NS)
    await store.apply_fill(our_fill(order), now_ns=NOW_NS)
    assert await store.apply_fill(our_fill(order, status=TradeStatus.FAILED), now_ns=NOW_NS)
    assert await store.cash() == Usdc.parse("100")
    (position,) = await store.positions()
    assert (position.shares, position.cost, position.fees) == (Shares(0), ZERO_USDC, ZERO_USDC)
    assert await store.reserved() == Usdc.parse("5.3")


async def test_a_fill_of_a_strangers_order_is_refused(store: Store) -> None:
    with pytest.raises(KeyError):
        await store.apply_fill(our_fill(OrderId("0x00")), now_ns=NOW_NS)
    assert (await store.history()).fills == []


async def test_positions_are_kept_per_target_and_token(store: Store) -> None:
    mine = await copied(store, number=0, target=LEADER)
    theirs = await copied(store, number=1, target=OTHER)
    await store.apply_fill(our_fill(mine, shares="10"), now_ns=NOW_NS)
    await store.apply_fill(our_fill(theirs, shares="4", usdc="2"), now_ns=NOW_NS)
    assert {p.target: p.shares for p in await store.positions()} == {
        LEADER: Shares.parse("10"),
        OTHER: Shares.parse("4"),
    }


async def test_a_settlement_pays_every_target_once(store: Store) -> None:
    mine = await copied(store, number=0, target=LEADER)
    theirs = await copied(store, number=1, target=OTHER)
    await store.apply_fill(our_fill(mine, shares="10"), now_ns=NOW_NS)
    await store.apply_fill(our_fill(theirs, shares="4"), now_ns=NOW_NS)
    spent = await store.cash()
    assert await store.apply_settlement(PAYS_ONE, now_ns=NOW_NS)
    assert not await store.apply_settlement(PAYS_ONE, now_ns=NOW_NS)
    assert await store.cash() - spent == Usdc.parse("14")
    assert [p.shares for p in await store.positions()] == [Shares(0), Shares(0)]


async def test_a_fill_learnt_of_after_the_settlement_is_paid_out_too(store: Store) -> None:
    order = await copied(store)
    await store.apply_settlement(PAYS_ONE, now_ns=NOW_NS)
    await store.apply_fill(our_fill(order, shares="10", usdc="5", fee="0"), now_ns=NOW_NS)
    assert await store.cash() == Usdc.parse("5")
    await store.apply_fill(our_fill(order, status=TradeStatus.FAILED), now_ns=NOW_NS)
    assert await store.cash() == ZERO_USDC


async def test_cash_is_set_by_an_entry_for_the_difference(store: Store) -> None:
    order = await copied(store)
    await store.set_cash(Usdc.parse("100"), reason="opening", now_ns=NOW_NS)
    await store.apply_fill(our_fill(order), now_ns=NOW_NS)
    await store.set_cash(Usdc.parse("50"), reason="withdrawal", now_ns=NOW_NS)
    assert await store.cash() == Usdc.parse("50")


async def test_history_has_what_a_portfolio_is_rebuilt_from(store: Store) -> None:
    live, filled, idle = [await copied(store, number=n) for n in range(3)]
    await store.apply_fill(our_fill(filled), now_ns=NOW_NS)
    for order in (filled, idle):
        await store.set_order_state(order, OrderState.DONE, reason="", now_ns=NOW_NS)
    await store.apply_settlement(PAYS_ONE, now_ns=NOW_NS)
    history = await store.history()
    assert {opened.id: opened.state for opened in history.orders} == {
        live: OrderState.SUBMITTING,
        filled: OrderState.DONE,
    }
    assert history.fills == [our_fill(filled)]
    assert history.settlements == [PAYS_ONE]
    assert history.cash == await store.cash()


# life cycle


async def test_a_run_of_another_database_is_refused(store: Store) -> None:
    with pytest.raises(KeyError):
        await store.heartbeat(7, state={}, now_ns=NOW_NS)


async def test_runs_are_numbered_in_order(store: Store) -> None:
    target = TargetRow(wallet=LEADER, name="leader", enabled=True, settings={})
    first = await store.begin_run(mode="demo", account=ACCOUNT, targets=[target], now_ns=NOW_NS)
    second = await store.begin_run(mode="demo", account=ACCOUNT, targets=[target], now_ns=NOW_NS)
    assert second.id > first.id
