"""From a target's order to ours: what is sent, in which order, and what happens when it does not go well."""

import asyncio

import pytest
from scripted_venue import Answer, Plan
from trading_scene import ANN, BOB, CASH, NO, OTHER, YES, Scene

from polybot.core.market import Side
from polybot.core.money import ZERO_SHARES, ZERO_USDC, Shares
from polybot.core.orders import OrderState, TimeInForce, TradeStatus
from polybot.core.trading import TradingMode
from polybot.execution.copier import CopierOptions
from polybot.ports.trading_state import TradingLock

NO_BIDS: tuple[tuple[str, str], ...] = ()


async def test_an_entry_is_bought_and_an_exit_sells_it_all(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order(Side.BUY, "100"))
        await scene.run(1)
        bought = life.portfolio.inventory(ANN, YES)
        assert bought.micro > 0
        life.copier.submit(scene.sell_all())
        await scene.run(1)
        assert life.portfolio.inventory(ANN, YES) == ZERO_SHARES
        assert life.portfolio.reserved() == ZERO_USDC
        assert len(life.acknowledged) == 2
        assert set((await scene.states()).values()) == {"done"}
        await scene.same_after_a_restart(life)


async def test_a_decision_that_is_stored_is_not_sent_again(scene: Scene) -> None:
    order = scene.order()
    async with scene.life() as life:
        life.copier.submit(order)
        await scene.run(1)
    async with scene.life() as life:
        life.copier.submit(order)
        await scene.run(1)
        assert life.acknowledged == [order]
        await scene.same_after_a_restart(life)
    assert len(scene.venue.sent) == 1


async def test_the_same_order_again_does_not_loosen_the_reservation_of_the_first(scene: Scene) -> None:
    scene.venue.default = Plan(Answer.PLACED_UNKNOWN, fill="0")
    order = scene.order()
    async with scene.life() as life:
        scene.venue.down = scene.venue.mute = True
        life.copier.submit(order)
        await scene.settle()
        held = life.portfolio.reserved()
        assert held.micro > 0
        life.copier.submit(order)  # at the same instant: the very same id
        await scene.run(2)
        assert life.portfolio.reserved() == held
        assert len(life.tracker.open_orders()) == 1
    assert len(scene.venue.sent) == 1


async def test_an_exit_overtakes_entries_and_its_own_target_s_entries_are_dropped(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order(target=BOB))
        await scene.run(1)
        gate = scene.shelf.gates[YES] = asyncio.Event()
        waits = scene.order(target=BOB)
        life.copier.submit(waits)
        await scene.settle()
        late, other, leave = scene.order(target=BOB), scene.order(target=ANN), scene.sell_all(target=BOB)
        for order in (late, other, leave):
            life.copier.submit(order)
        gate.set()
        await scene.run(1)
        of_bob = [d for d in life.decisions[1:] if d.order.target == BOB]
        assert [d.order for d in of_bob] == [waits, leave, late]
        assert [getattr(d.verdict, "rule", "copy") for d in of_bob] == ["overtaken", "copy", "overtaken"]
        assert life.portfolio.inventory(BOB, YES) == ZERO_SHARES
        assert life.portfolio.inventory(ANN, YES).micro > 0


async def test_an_exit_waits_for_the_answer_to_its_own_entry(scene: Scene) -> None:
    gate = asyncio.Event()
    scene.venue.plans.append(Plan(gate=gate))
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        life.copier.submit(scene.sell_all())
        await scene.run(1)
        assert life.rules() == ["copy"]
        gate.set()
        await scene.run(1)
        assert life.rules() == ["copy", "copy"]
        assert life.portfolio.inventory(ANN, YES) == ZERO_SHARES


async def test_an_entry_that_waits_for_its_market_is_dropped_when_the_target_leaves(scene: Scene) -> None:
    gate = scene.shelf.gates[YES] = asyncio.Event()
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.settle()
        life.copier.submit(scene.sell_all())
        gate.set()
        await scene.run(1)
        assert life.rules() == ["overtaken", "nothing_to_exit"]
        assert len(life.acknowledged) == 2


async def test_an_entry_after_the_exit_is_placed(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.sell_all())
        life.copier.submit(scene.order())
        await scene.run(1)
        assert life.rules() == ["nothing_to_exit", "copy"]


async def test_an_exit_first_cancels_what_still_tries_to_enter(scene: Scene) -> None:
    scene.venue.plans.append(Plan(Answer.DELAY))
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        (entry,) = scene.venue.open_ids()
        scene.venue.fill(entry, "10")
        life.copier.submit(scene.sell_all())
        await scene.run(3)
        assert scene.venue.log[1] == ("cancel", entry)
        assert scene.venue.log[2] == ("submit", "SELL")
        assert life.copies()[-1].shares == Shares.parse("10")
        assert life.portfolio.inventory(ANN, YES) == ZERO_SHARES


async def test_an_exit_leaves_other_targets_and_tokens_alone(scene: Scene) -> None:
    scene.venue.default = Plan(Answer.DELAY)
    async with scene.life() as life:
        life.copier.submit(scene.order(target=BOB))
        life.copier.submit(scene.order(target=ANN, token=NO))
        await scene.run(1)
        life.copier.submit(scene.sell_all())
        await scene.run(2)
        assert not [entry for entry in scene.venue.log if entry[0] == "cancel"]
        assert len(scene.venue.open_ids()) == 2


@pytest.mark.parametrize("bought_before", [True, False])
async def test_what_an_unanswered_entry_fills_after_the_exit_is_sold_too(scene: Scene, *, bought_before: bool) -> None:
    async with scene.life() as life:
        if bought_before:
            life.copier.submit(scene.order())
            await scene.run(1)
        scene.venue.plans.append(Plan(Answer.PLACED_UNKNOWN, fill="0"))
        scene.venue.down = scene.venue.mute = True
        entry = scene.order()
        life.copier.submit(entry)
        await scene.run(1)
        life.copier.submit(scene.sell_all())
        await scene.run(10)
        assert life.portfolio.inventory(ANN, YES) == ZERO_SHARES
        scene.venue.fill(scene.venue.sent[int(bought_before)].id, "12")
        scene.venue.down = scene.venue.mute = False
        await scene.run(10)
        assert life.portfolio.inventory(ANN, YES) == ZERO_SHARES
        assert life.portfolio.open_orders() == []
        assert max(scene.venue.posts().values()) == 1
        await scene.same_after_a_restart(life)


async def test_an_exit_is_tried_again_until_nothing_is_left(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        scene.venue.plans.extend([Plan(fill="10"), Plan(Answer.REFUSE), Plan(fill="0"), Plan(fill="5")])
        life.copier.submit(scene.sell_all())
        await scene.run(60)
        assert life.portfolio.inventory(ANN, YES) == ZERO_SHARES
        assert max(scene.venue.posts().values()) == 1
        assert len(scene.venue.sent) == 6
        assert len(life.acknowledged) == 2


async def test_a_resting_exit_that_expires_is_tried_again(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        scene.shelf.set_book(YES, bids=NO_BIDS)
        scene.venue.plans.append(Plan(fill="0"))
        life.copier.submit(scene.sell_all())
        await scene.run(120)
        (resting,) = scene.venue.open_ids()
        assert scene.venue.orders[resting].terms.tif is TimeInForce.GTD
        scene.venue.end(resting, "CANCELED")
        await scene.run(5)
        assert life.portfolio.inventory(ANN, YES) == ZERO_SHARES


async def test_a_partial_exit_sells_its_part_and_no_more(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        before = life.portfolio.inventory(ANN, YES)
        scene.venue.plans.append(Plan(fill="1"))
        life.copier.submit(scene.order(Side.SELL, "40", held="100"))
        await scene.run(60)
        sold = before - life.portfolio.inventory(ANN, YES)
        assert sold == life.copies()[1].shares


async def test_a_sale_that_fails_on_the_chain_is_made_again(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        scene.venue.trade_status = TradeStatus.MATCHED
        life.copier.submit(scene.sell_all())
        await scene.run(5)
        assert life.portfolio.inventory(ANN, YES) == ZERO_SHARES
        scene.venue.trade_status = TradeStatus.CONFIRMED
        scene.venue.move(list(scene.venue.trades)[-1], TradeStatus.FAILED)
        await scene.run(5)
        assert life.portfolio.inventory(ANN, YES) == ZERO_SHARES
        assert len(scene.venue.sent) == 3
        await scene.same_after_a_restart(life)


async def test_an_entry_the_venue_was_too_busy_for_is_tried_again_a_few_times(scene: Scene) -> None:
    scene.copier_options = CopierOptions(max_retries=2)
    scene.venue.default = Plan(Answer.REFUSE, retry_after_s=2.0)
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1.5)
        assert len(scene.venue.sent) == 1
        await scene.run(30)
        assert len(scene.venue.sent) == 3
        assert max(scene.venue.posts().values()) == 1
        assert life.portfolio.free_cash() == CASH


async def test_a_refused_entry_is_not_tried_again(scene: Scene) -> None:
    scene.venue.default = Plan(Answer.REFUSE)
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(30)
        assert len(scene.venue.sent) == 1
        assert life.portfolio.free_cash() == CASH


async def test_a_retry_of_an_entry_is_dropped_when_the_target_has_left(scene: Scene) -> None:
    scene.venue.plans.append(Plan(Answer.REFUSE, retry_after_s=2.0))
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        life.copier.submit(scene.sell_all())
        await scene.run(10)
        assert life.rules() == ["copy", "nothing_to_exit", "overtaken"]
        assert len(scene.venue.sent) == 1


@pytest.mark.parametrize("mode", [TradingMode.EXITS_ONLY, TradingMode.RUNNING])
async def test_locks_and_disabled_targets_stop_entries_and_no_exit(scene: Scene, mode: TradingMode) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
    scene.disabled = frozenset({ANN}) if mode is TradingMode.RUNNING else frozenset()
    async with scene.life() as life:
        if mode is not TradingMode.RUNNING:
            life.trading.lock(TradingLock("region", mode, "not checked yet"))
        life.copier.submit(scene.order())
        await scene.run(1)
        life.copier.submit(scene.sell_all())
        await scene.run(1)
        assert life.rules() == ["exits_only", "copy"]
        assert life.portfolio.inventory(ANN, YES) == ZERO_SHARES


async def test_a_halt_holds_an_exit_up_and_does_not_end_it(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        life.trading.lock(TradingLock("stop", TradingMode.HALTED, "by hand"))
        leave = scene.sell_all()
        life.copier.submit(leave)
        await scene.run(20)
        assert len(scene.venue.sent) == 1
        assert leave not in life.acknowledged
        assert not await scene.store.decided(leave.id)
        life.trading.unlock("stop")
        await scene.run(6)
        assert life.portfolio.inventory(ANN, YES) == ZERO_SHARES
        assert leave in life.acknowledged


async def test_an_exit_whose_market_cannot_be_loaded_waits_for_it(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        scene.shelf.hidden.add(YES)
        life.copier.submit(scene.sell_all())
        await scene.run(20)
        assert len(life.acknowledged) == 1
        scene.shelf.hidden.clear()
        await scene.run(6)
        assert life.portfolio.inventory(ANN, YES) == ZERO_SHARES


async def test_a_failing_store_halts_and_nothing_is_sent_or_acknowledged(scene: Scene) -> None:
    async with scene.life() as life:
        scene.thread.failing = True
        first, second = scene.order(), scene.order(token=OTHER)
        life.copier.submit(first)
        life.copier.submit(second)
        life.copier.submit(scene.order())
        await scene.run(2)
        assert life.trading.mode is TradingMode.HALTED
        assert life.acknowledged == []
        assert life.portfolio.free_cash() == CASH
        assert await life.copier.drained(timeout_s=1)
        scene.thread.failing = False
        life.copier.submit(scene.sell_all())
        await scene.run(2)
        assert life.acknowledged == []
        assert not await scene.store.decided(first.id)
    assert scene.venue.sent == []
    async with scene.life() as life:
        life.copier.submit(first)
        await scene.run(2)
        assert life.acknowledged == [first]
        assert life.rules() == ["before_start"]


async def test_an_answer_that_cannot_be_stored_leaves_the_order_in_doubt(scene: Scene) -> None:
    gate = asyncio.Event()
    scene.venue.plans.append(Plan(gate=gate, fill="7"))
    scene.venue.mute = True
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.settle()
        scene.thread.failing = True
        gate.set()
        await scene.run(2)
        assert life.trading.mode is TradingMode.HALTED
        assert life.portfolio.reserved().micro > 0
    scene.thread.failing = False
    assert [order.state for order in await scene.store.open_orders()] == [OrderState.SUBMITTING]
    async with scene.life() as life:
        await scene.run(3)
        assert life.portfolio.inventory(ANN, YES) == Shares.parse("7")
        assert life.portfolio.reserved() == ZERO_USDC
    assert len(scene.venue.sent) == 1


async def test_an_order_that_cannot_be_expressed_is_skipped_alone(scene: Scene) -> None:
    scene.venue.inexpressible.add(YES)
    async with scene.life() as life:
        life.copier.submit(scene.order())
        life.copier.submit(scene.order(token=OTHER))
        await scene.run(1)
        assert len(life.acknowledged) == 2
        assert life.telemetry.counters["decisions{rule=not_expressible}"] == 1
        assert len(scene.venue.sent) == 1
        await scene.same_after_a_restart(life)


async def test_no_entry_waits_for_the_answer_to_another(scene: Scene) -> None:
    gate = asyncio.Event()
    scene.venue.plans.append(Plan(gate=gate))
    async with scene.life() as life:
        first, second, elsewhere = scene.order(), scene.order(), scene.order(token=OTHER)
        for order in (first, second, elsewhere):
            life.copier.submit(order)
        await scene.run(1)
        assert set(life.acknowledged) == {first, second, elsewhere}
        assert [d.order for d in life.decisions if d.order.token == YES] == [first, second]
        assert life.portfolio.reserved().micro > 0
        assert not await life.copier.drained(timeout_s=0)
        gate.set()
        await scene.run(1)
        assert await life.copier.drained(timeout_s=0)
    assert len(scene.venue.sent) == 3
