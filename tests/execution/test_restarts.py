"""Killed anywhere and started again on the same store: nothing is sent twice, nothing is forgotten."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scripted_venue import Answer, Plan
from trading_scene import ANN, BOB, CASH, POLICY, YES, Life, Scene, open_scene

from polybot.core.fills import TargetOrder
from polybot.core.ledger import cash_change
from polybot.core.market import Side
from polybot.core.money import ZERO_USDC
from polybot.core.orders import TradeStatus
from polybot.execution.tracker import DUST


async def _killed_after(scene: Scene, order: TargetOrder, steps: int) -> bool:
    """One life that is handed the order and dies after so many steps of the loop; whether it had finished."""
    async with scene.life() as life:
        life.copier.submit(order)
        for _ in range(steps):
            await asyncio.sleep(0)
            if life.acknowledged:
                return True
    return False


async def _kill_everywhere(
    plan: Callable[[], Plan], before: Callable[[Scene], TargetOrder], check: Callable[[Scene, Life], None]
) -> int:
    steps, finished = 0, False
    while not finished:
        async with open_scene() as scene:
            async with scene.life() as life:
                life.copier.submit(scene.order())
                await scene.run(1)
            order = before(scene)
            scene.venue.plans.append(plan())
            finished = await _killed_after(scene, order, steps)
            async with scene.life() as life:
                if not await scene.store.decided(order.id):
                    life.copier.submit(order)  # as the detector would: it was never acknowledged
                await scene.run(100, step=5)
                assert max(scene.venue.posts().values()) == 1
                assert life.portfolio.reserved() == ZERO_USDC
                await scene.same_after_a_restart(life)
                check(scene, life)
        steps += 1
    return steps


@pytest.mark.parametrize(
    "plan",
    [
        Plan,
        lambda: Plan(Answer.PLACED_UNKNOWN, fill="7"),
        lambda: Plan(Answer.LOST_UNKNOWN),
        lambda: Plan(Answer.REFUSE),
    ],
    ids=["accepted", "placed, answer lost", "lost", "refused"],
)
async def test_an_entry_killed_anywhere(plan: Callable[[], Plan]) -> None:
    def check(scene: Scene, life: Life) -> None:
        placed = sum(fill.shares.micro for fill in scene.venue.trades.values())
        assert life.portfolio.inventory(ANN, YES).micro == placed
        assert len(scene.venue.sent) <= 2

    assert await _kill_everywhere(plan, lambda scene: scene.order(), check) > 5


@pytest.mark.parametrize(
    "plan",
    [
        Plan,
        lambda: Plan(fill="7"),
        lambda: Plan(Answer.PLACED_UNKNOWN, fill="7"),
        lambda: Plan(Answer.LOST_UNKNOWN),
    ],
    ids=["accepted", "filled in part", "placed, answer lost", "lost"],
)
async def test_an_exit_killed_anywhere_still_sells_everything(plan: Callable[[], Plan]) -> None:
    def check(scene: Scene, life: Life) -> None:
        assert life.portfolio.inventory(ANN, YES).micro < DUST.micro

    assert await _kill_everywhere(plan, lambda scene: scene.sell_all(), check) > 5


async def test_an_exit_that_a_clean_stop_cancelled_is_taken_up_again(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        scene.shelf.set_book(YES, bids=())
        scene.venue.plans.append(Plan(fill="3"))
        life.copier.submit(scene.sell_all())
        await scene.run(2)
        life.copier.close()
        await life.tracker.cancel(list(life.tracker.open_orders()))
        await scene.run(5)
        assert len(scene.venue.sent) == 2
        assert not scene.venue.open_ids()
    async with scene.life() as life:
        await scene.run(10)
        assert life.portfolio.inventory(ANN, YES).micro < DUST.micro
        assert max(scene.venue.posts().values()) == 1


async def test_an_exit_after_a_restart_does_not_wait_for_answers_that_cannot_come(scene: Scene) -> None:
    async with scene.life() as life:
        scene.venue.plans.append(Plan(Answer.DELAY))
        life.copier.submit(scene.order())
        await scene.run(1)
        (entry,) = scene.venue.open_ids()
        scene.venue.fill(entry, "10")
        await scene.settle()
    async with scene.life() as life:
        life.copier.submit(scene.sell_all())
        await scene.run(4)
        assert not scene.venue.open_ids()
        assert life.portfolio.inventory(ANN, YES).micro < DUST.micro
        assert len(scene.venue.sent) == 2


async def test_an_unfinished_exit_of_a_target_that_is_no_longer_followed_stops_no_one_else(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        scene.venue.plans.append(Plan(Answer.REFUSE))
        life.copier.submit(scene.sell_all())
        await scene.settle()
    scene.policies = {BOB: POLICY}
    async with scene.life() as life:
        await scene.run(5)
        life.copier.submit(scene.order(target=BOB))
        await scene.run(1)
        assert life.failures == []
        assert life.portfolio.inventory(BOB, YES).micro > 0


async def test_an_exit_that_was_only_ever_refused_is_taken_up_again(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        scene.venue.default = Plan(Answer.REFUSE)
        life.copier.submit(scene.sell_all())
        await scene.run(20)
        assert len(scene.venue.sent) > 3
    scene.venue.default = Plan()
    async with scene.life() as life:
        await scene.run(70, step=5)
        assert life.portfolio.inventory(ANN, YES).micro < DUST.micro
        assert max(scene.venue.posts().values()) == 1
    async with scene.life() as life:
        await scene.run(70, step=5)
        assert life.decisions == []


@pytest.mark.parametrize("proven_before", [True, False])
async def test_what_an_unanswered_entry_bought_is_sold_after_a_restart(scene: Scene, *, proven_before: bool) -> None:
    scene.venue.down = scene.venue.mute = True
    scene.venue.plans.append(Plan(Answer.PLACED_UNKNOWN))
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        life.copier.submit(scene.sell_all())
        await scene.run(15)
        assert life.rules() == ["copy", "nothing_to_exit"]
    scene.venue.down = False
    if proven_before:
        async with scene.life(copying=False) as life:
            await scene.run(5)
            assert life.portfolio.inventory(ANN, YES) >= DUST
    async with scene.life() as life:
        await scene.run(20)
        assert life.portfolio.inventory(ANN, YES) < DUST
        assert max(scene.venue.posts().values()) == 1


async def test_what_is_held_while_its_target_holds_is_left_alone_at_a_restart(scene: Scene) -> None:
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
    async with scene.life() as life:
        await scene.run(20)
        assert life.portfolio.inventory(ANN, YES) >= DUST
        assert len(scene.venue.sent) == 1


Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["buy", "sell", "part", "wait", "fill", "expire", "fail", "settle", "down", "mute", "kill", "gap"]
        ),
        st.integers(0, 3),
    ),
    max_size=14,
)
PLANS = (
    Plan(),
    Plan(fill="6"),
    Plan(Answer.PLACED_UNKNOWN, fill="4"),
    Plan(Answer.LOST_UNKNOWN),
    Plan(Answer.DELAY),
    Plan(Answer.REFUSE, retry_after_s=1.0),
    Plan(fill="0"),
)


def _trade(scene: Scene, what: str, number: int) -> TargetOrder:
    target = (ANN, BOB)[number % 2]
    if what == "buy":
        return scene.order(target=target)
    if what == "sell":
        return scene.sell_all(target=target)
    return scene.order(Side.SELL, "30", held="100", target=target)


def _happen(scene: Scene, what: str, number: int) -> None:
    venue = scene.venue
    if what == "fill" and venue.open_ids():
        venue.fill(venue.open_ids()[0], "" if number % 2 else "2")
    elif what == "expire" and venue.open_ids():
        venue.end(venue.open_ids()[-1], "CANCELED")
    elif what in ("fail", "settle"):
        pending = [t for t, fill in venue.trades.items() if fill.status is TradeStatus.MATCHED]
        for trade in pending[:1]:
            venue.move(trade, TradeStatus.FAILED if what == "fail" else TradeStatus.CONFIRMED)
    elif what == "down":
        venue.down = not venue.down
    elif what == "mute":
        venue.mute = not venue.mute


async def _play(steps: list[Step], plans: list[int]) -> None:
    async with open_scene() as scene:
        venue = scene.venue
        venue.plans.extend(PLANS[n] for n in plans)
        venue.trade_status = TradeStatus.MATCHED
        left, seen = list(steps), list[TargetOrder]()
        while left:
            async with scene.life() as life:
                await _found_again(scene, life, seen)
                while left and (step := left.pop(0))[0] != "kill":
                    what, number = step
                    if what in ("buy", "sell", "part"):
                        seen.append(_trade(scene, what, number))
                        life.copier.submit(seen[-1])
                    elif what == "wait":
                        await scene.run(number * 4 + 1, step=2)
                    else:
                        _happen(scene, what, number)
                    for _ in range(number * 3):
                        await asyncio.sleep(0)
                    _within_means(scene, life)
        await _at_peace(scene, seen)


async def _found_again(scene: Scene, life: Life, seen: list[TargetOrder]) -> None:
    """As the detector would: what no decision is stored of is handed over again."""
    for order in seen:
        if not await scene.store.decided(order.id):
            life.copier.submit(order)


def _within_means(scene: Scene, life: Life) -> None:
    """A purchase that fails after its shares were sold leaves less than nothing: a fact, not a fault."""
    assert life.portfolio.free_cash() >= ZERO_USDC
    if all(fill.status is not TradeStatus.FAILED for fill in scene.venue.trades.values()):
        assert all(position.shares.micro >= 0 for position in life.portfolio.positions())


async def _at_peace(scene: Scene, seen: list[TargetOrder]) -> None:
    """Everything answers and ends: now every law must hold."""
    venue = scene.venue
    venue.down, venue.mute, venue.trade_status = False, False, TradeStatus.CONFIRMED
    async with scene.life() as life:
        await _found_again(scene, life, seen)
        for _ in range(6):
            for order in venue.open_ids():
                venue.end(order, "CANCELED")
            for trade, fill in list(venue.trades.items()):
                if fill.status is TradeStatus.MATCHED:
                    venue.move(trade, TradeStatus.CONFIRMED)
            await scene.run(40, step=5)
        assert max(venue.posts().values(), default=1) == 1
        assert life.portfolio.open_orders() == []
        assert life.portfolio.unsettled_trades() == []
        assert {(f.trade, f.status) for f in (await scene.store.history()).fills} == {
            (f.trade, f.status) for f in venue.trades.values()
        }
        spent = sum((cash_change(fill) for fill in venue.trades.values()), ZERO_USDC)
        assert life.portfolio.cash == CASH + spent
        assert life.failures == []
        for one in seen:
            assert await scene.store.decided(one.id)
        _within_means(scene, life)
        await scene.same_after_a_restart(life)


@given(steps=STEPS, plans=st.lists(st.integers(0, len(PLANS) - 1), max_size=8))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_happens_the_books_agree_in_the_end(steps: list[Step], plans: list[int]) -> None:
    asyncio.run(_play(steps, plans))
