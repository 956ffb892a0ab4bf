"""Every order to a proven end: from reports in any order, look-ups, absence; never from silence."""

import asyncio
from dataclasses import replace

import pytest
from scripted_venue import Answer, Plan
from trading_scene import ANN, CASH, YES, Life, Scene

from polybot.core.ids import OrderId, TradeId
from polybot.core.market import Side
from polybot.core.money import ZERO_SHARES, ZERO_USDC, Shares
from polybot.core.orders import OurFill, TradeStatus
from polybot.ports.venue import OrderReport, StreamGap


async def _enter(scene: Scene, life: Life, *plans: Plan) -> OrderId:
    scene.venue.plans.extend(plans)
    life.copier.submit(scene.order())
    await scene.settle()
    return scene.venue.sent[-1].id


def _reserved(life: Life) -> bool:
    return life.portfolio.reserved().micro > 0


async def _state(scene: Scene, order: OrderId) -> str:
    return (await scene.states()).get(order, "refused, without fills")


async def test_fills_before_the_answer_count_once_and_the_order_ends_with_the_answer(scene: Scene) -> None:
    gate = asyncio.Event()
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(gate=gate))
        await scene.run(1)
        assert len(life.fills) == 1
        assert life.portfolio.open_orders() != []
        gate.set()
        await scene.run(1)
        assert await _state(scene, order) == "done"
        assert len(life.fills) == 1
        assert (await scene.store.queries.events(limit=10)) == []


async def test_an_answer_lost_after_a_fast_report_of_the_end_is_no_contradiction(scene: Scene) -> None:
    gate = asyncio.Event()
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(Answer.PLACED_UNKNOWN, gate=gate))
        scene.venue.end(order, "MATCHED")
        await scene.settle()
        gate.set()
        await scene.run(1)
        assert await _state(scene, order) == "done"
        assert (await scene.store.queries.events(limit=10)) == []


async def test_silence_proves_nothing(scene: Scene) -> None:
    async with scene.life() as life:
        scene.venue.down = True
        order = await _enter(scene, life, Plan(Answer.LOST_UNKNOWN))
        held = life.portfolio.reserved()
        await scene.run(600, step=10)
        assert life.portfolio.reserved() == held
        assert await _state(scene, order) == "unknown"


async def test_repeated_absence_proves_it_but_not_too_soon(scene: Scene) -> None:
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(Answer.LOST_UNKNOWN))
        await scene.run(25)
        assert _reserved(life)
        await scene.run(10)
        assert life.portfolio.free_cash() == CASH
        assert await _state(scene, order) == "refused, without fills"


async def test_what_rises_after_it_was_given_up_is_cancelled_and_told(scene: Scene) -> None:
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(Answer.LOST_UNKNOWN))
        await scene.run(35)
        assert not _reserved(life)
        scene.venue.say(OrderReport(order, open=True, matched=ZERO_SHARES, status="LIVE"))
        await scene.run(1)
        assert ("cancel", order) in scene.venue.log
        assert [event.kind for _, event in await scene.store.queries.events(limit=10)] == ["order.contradiction"]


async def test_an_unanswered_order_that_was_placed_is_found(scene: Scene) -> None:
    scene.venue.mute = True
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(Answer.PLACED_UNKNOWN, fill="7"))
        assert _reserved(life)
        await scene.run(2)
        assert await _state(scene, order) == "done"
        assert life.portfolio.inventory(ANN, YES) == Shares.parse("7")


async def test_a_delayed_order_may_be_invisible_for_a_while(scene: Scene) -> None:
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(Answer.DELAY))
        held = scene.venue.orders.pop(order)
        await scene.run(8)
        assert _reserved(life)
        scene.venue.orders[order] = held
        scene.venue.fill(order)
        await scene.run(2)
        assert await _state(scene, order) == "done"
        assert life.portfolio.inventory(ANN, YES).micro > 0


async def test_an_ended_order_that_the_venue_forgets_is_done_once_its_fills_are_in(scene: Scene) -> None:
    scene.venue.forgets_ended = True
    scene.venue.mute = True
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(fill="7", names_trades=False))
        await scene.run(35)
        assert await _state(scene, order) == "done"
        assert life.portfolio.inventory(ANN, YES) == Shares.parse("7")


async def test_a_trade_that_the_venue_named_is_waited_for(scene: Scene) -> None:
    scene.venue.forgets_ended = scene.venue.mute = True
    async with scene.life() as life:
        await _enter(scene, life, Plan(fill="7"))
        (trade, fill), *_ = scene.venue.trades.items()
        del scene.venue.trades[trade]
        await scene.run(60, step=1)
        assert _reserved(life)
        scene.venue.trades[trade] = fill
        await scene.run(2)
        assert life.portfolio.inventory(ANN, YES) == Shares.parse("7")
        assert not _reserved(life)


async def test_a_cancel_that_fills_crossed_waits_for_the_late_fill(scene: Scene) -> None:
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(Answer.DELAY))
        await scene.run(1)
        scene.venue.mute = True
        trade = scene.venue.fill(order, "12")
        fill = scene.venue.trades.pop(trade)
        await life.tracker.cancel([order])
        await scene.run(5)
        assert _reserved(life)
        scene.venue.say(fill)
        await scene.run(1)
        assert life.portfolio.inventory(ANN, YES) == Shares.parse("12")
        assert not _reserved(life)
        assert await _state(scene, order) == "done"


async def test_a_fill_after_the_end_still_counts(scene: Scene) -> None:
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(fill="0"))
        await scene.run(2)
        assert not _reserved(life)
        scene.venue.fill(order, "3")
        await scene.run(1)
        assert life.portfolio.inventory(ANN, YES) == Shares.parse("3")
        await scene.same_after_a_restart(life)


async def test_a_failed_trade_is_taken_back_and_told_and_the_order_still_ends(scene: Scene) -> None:
    scene.venue.trade_status = TradeStatus.MATCHED
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(Answer.DELAY))
        trade = scene.venue.fill(order, "12")
        await scene.run(1)
        assert life.portfolio.cash < CASH
        scene.venue.move(trade, TradeStatus.FAILED)
        scene.venue.end(order, "CANCELED")
        await scene.run(1)
        assert life.portfolio.free_cash() == CASH
        assert await _state(scene, order) == "done"
        assert [event.kind for _, event in await scene.store.queries.events(limit=10)] == ["trade.failed"]
        await scene.same_after_a_restart(life)


async def test_repeats_and_old_news_change_nothing(scene: Scene) -> None:
    async with scene.life() as life:
        await _enter(scene, life)
        await scene.run(1)
        (fill,) = scene.venue.trades.values()
        cash = life.portfolio.cash
        for status in (TradeStatus.MATCHED, TradeStatus.CONFIRMED, TradeStatus.MINED):
            scene.venue.say(_with(fill, status))
        await scene.run(1)
        assert life.portfolio.cash == cash
        assert len(life.fills) == 1


async def test_a_stream_that_missed_everything_is_made_up_for(scene: Scene) -> None:
    scene.venue.mute = True
    scene.venue.trade_status = TradeStatus.MATCHED
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(fill="5"))
        await scene.run(2)
        assert life.portfolio.filled(order) == Shares.parse("5")
        scene.venue.move(next(iter(scene.venue.trades)), TradeStatus.CONFIRMED)
        scene.venue.say(StreamGap("reconnected"))
        await scene.run(0.5)
        assert life.portfolio.unsettled_trades() == []
        assert await life.tracker.quiet(timeout_s=0)


async def test_a_fill_of_someone_else_s_order_is_counted_and_left_alone(scene: Scene) -> None:
    async with scene.life() as life:
        await _enter(scene, life)
        await scene.run(1)
        (fill,) = scene.venue.trades.values()
        scene.venue.say(_with(fill, TradeStatus.MATCHED, order=OrderId("0x" + "77" * 32)))
        await scene.run(1)
        assert life.telemetry.counters["fills.foreign"] == 1
        assert len(life.fills) == 1


@pytest.mark.parametrize("away_s", [10, 7200])
async def test_what_happened_while_the_bot_was_down_is_read(scene: Scene, away_s: int) -> None:
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(Answer.DELAY))
        await scene.run(1)
    scene.venue.mute = True
    scene.venue.fill(order)
    await scene.clock.advance(away_s)
    async with scene.life() as life:
        assert _reserved(life)
        await scene.run(2)
        assert life.portfolio.inventory(ANN, YES).micro > 0
        assert life.portfolio.reserved() == ZERO_USDC
        await scene.same_after_a_restart(life)


async def test_a_store_that_fails_for_a_moment_loses_no_fill(scene: Scene) -> None:
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(Answer.DELAY))
        await scene.run(1)
        scene.thread.failing = True
        scene.venue.fill(order, "9")
        await scene.run(1)
        assert {report.name for report in life.failures} >= {"orders"}
        scene.thread.failing = False
        await scene.run(60, step=1)
        assert life.portfolio.filled(order) == Shares.parse("9")
        await scene.same_after_a_restart(life)


async def test_a_buy_at_better_prices_is_bounded_by_its_dollars(scene: Scene) -> None:
    async with scene.life() as life:
        order = await _enter(scene, life, Plan(Answer.DELAY))
        terms = scene.venue.orders[order].terms
        first = OurFill(
            trade=TradeId("cheap"),
            order=order,
            token=YES,
            condition=terms.condition,
            side=Side.BUY,
            shares=terms.shares,
            usdc=terms.notional - type(terms.notional).parse("5"),
            fee=ZERO_USDC,
            status=TradeStatus.CONFIRMED,
            matched_ns=scene.clock.now_ns(),
        )
        scene.venue.say(first)
        await scene.run(0.5)
        assert _reserved(life)


def _with(fill: OurFill, status: TradeStatus, *, order: OrderId | None = None) -> OurFill:
    return replace(fill, status=status, order=order or fill.order)


async def test_a_fill_that_follows_the_end_unseen_is_found_in_time(scene: Scene) -> None:
    scene.venue.plans.append(Plan(Answer.DELAY))
    async with scene.life() as life:
        life.copier.submit(scene.order())
        await scene.run(1)
        (order,) = scene.venue.open_ids()
        scene.venue.end(order, "CANCELED")
        await scene.run(5)
        assert life.portfolio.open_orders() == []
        scene.venue.mute = True
        scene.venue.fill(order, "2")
        await scene.run(70, step=1)
        assert life.portfolio.filled(order) == Shares.parse("2")
