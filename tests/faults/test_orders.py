"""What can happen to an order on its way: every signed order is sent once, and its fate is proven."""

import asyncio

import pytest
from meddler import Fault, PassOn, Reply
from mischief import (
    garbled,
    held_until,
    in_turn,
    instead,
    lost_answer,
    lost_request,
    refused,
    reset_within,
    sometimes,
    truncated,
    web_page,
)
from scene import SPEED, A, Running, Scene

from polybot.config.models import Execution
from polybot.core.market import Side
from polybot.core.money import Shares
from polybot.core.orders import OrderState

PLACED_ALL_THE_SAME = {
    "answer lost": lost_answer,
    "answer reset": reset_within,
    "answer truncated": truncated,
    "answer garbled": garbled(3),
}
NEVER_ARRIVED = {
    "request lost": lost_request,
    "CDN forbids": web_page(403),
    "CDN has no upstream": web_page(502),
    "CDN says too much": web_page(429),
    "plain 500": instead(Reply(500, b"internal error", "text/plain")),
    "server error": refused(500, "could not insert order"),
    "undocumented 503": refused(503, "upstream connect error"),
    "not even an answer": instead(Reply(200, b"null")),
    "an answer about nothing": instead(Reply(200, b'{"success":true,"errorMsg":"","orderID":"","status":""}')),
    "an unmatched order": instead(Reply(200, b'{"success":true,"errorMsg":"","orderID":"","status":"unmatched"}')),
}
REFUSALS = {
    "balance": refused(400, "not enough balance / allowance: the balance is not enough -> balance: 0"),
    "signature": refused(400, "invalid signature"),
    "version": refused(400, "order_version_mismatch"),
    "tick": refused(400, "order 0x1 is invalid. Price (0.546) breaks minimum tick size rule: 0.01"),
    "not filled": refused(400, "no orders found to match with FAK order. FAK orders are partially filled or killed"),
    "book": refused(404, "No orderbook exists for the requested token id"),
    "key": refused(401, "Unauthorized/Invalid api key"),
    "region": refused(403, "Trading restricted in your region"),
    "200": instead(Reply(200, b'{"success":false,"errorMsg":"not enough balance / allowance","orderID":""}')),
    "trading disabled": refused(503, "Trading is currently disabled. Please try again later"),
}
BUSY = {
    "425": refused(425, "matching engine restarting", headers={"Retry-After": "2"}),
    "429": refused(429, "Too Many Requests", headers={"Retry-After": "2"}),
    "503": refused(503, "post-only mode: only post-only orders", code="post_only_mode", retry_after_seconds=3),
}


def each(faults: dict[str, Fault], *, at_once: int = 1) -> pytest.MarkDecorator:
    """`at_once` of them in one scene, in turn."""
    names = list(faults)
    groups = [names[start : start + at_once] for start in range(0, len(names), at_once)]
    params = [pytest.param(in_turn(*map(faults.__getitem__, group)), id=", ".join(group)) for group in groups]
    return pytest.mark.parametrize("fault", params)


async def states(bot: Running) -> list[str]:
    return [row.state for row in await bot.store.queries.orders(limit=100)]


@each(PLACED_ALL_THE_SAME, at_once=4)
async def test_an_order_whose_answer_is_lost_is_looked_up(stage: Scene, fault: Fault) -> None:
    stage.meddler.on("clob", "/order", fault, method="POST")
    async with stage.running() as bot:
        await stage.enter(bot)
        await stage.leave(bot)
        assert bot.counted("orders.unknown") >= 4
    assert await stage.complaints() == []


async def test_an_unanswered_order_keeps_its_money_until_it_is_proven(stage: Scene) -> None:
    stage.meddler.on("clob", "/order", lost_answer, method="POST", times=1)
    blind = [stage.meddler.on("clob", path, web_page(502), method="GET") for path in ("/data/order", "/data/trades")]
    stage.meddler.frames["user"] = lambda _: ()
    async with stage.running() as bot:
        stage.buys(stage.alice, A, "100")
        await stage.until("unanswered", lambda: bot.counted("orders.unknown") == 1)
        stage.clock.set_speed(60)
        await stage.passes(90)
        stage.clock.set_speed(SPEED)
        assert await states(bot) == [OrderState.UNKNOWN]
        assert (bot.portfolio.cash - bot.portfolio.free_cash()).micro > 26_000_000
        for rule in blind:
            stage.meddler.off(rule)
        await stage.until("proven", lambda: bool(bot.holding(stage.alice, A)))
        stage.sells(stage.alice, A)
        await stage.until("out", lambda: not bot.holding(stage.alice, A))
    assert await stage.complaints() == []


@each(NEVER_ARRIVED, at_once=3)
async def test_an_order_that_never_arrived_is_given_up_and_an_exit_begins_anew(stage: Scene, fault: Fault) -> None:
    async with stage.running() as bot:
        entry = stage.meddler.on("clob", "/order", fault, method="POST", times=1)
        stage.buys(stage.alice, A, "100")
        await stage.until("sent", lambda: bool(entry.met))
        await stage.enter(bot)
        leaving = stage.meddler.on("clob", "/order", fault, method="POST", times=2)
        await stage.leave(bot)
        assert leaving.met == 2
        assert (await states(bot)).count(OrderState.REFUSED) == 3
    assert await stage.complaints() == []


@each(REFUSALS, at_once=4)
async def test_a_refused_entry_is_not_sent_again_and_a_refused_exit_is(stage: Scene, fault: Fault) -> None:
    async with stage.running() as bot:
        entry = stage.meddler.on("clob", "/order", fault, method="POST")
        stage.buys(stage.alice, A, "100")
        await stage.until("sent", lambda: bool(entry.met))
        await stage.passes(10)
        assert entry.met == 1
        stage.meddler.off(entry)
        await stage.enter(bot)
        leaving = stage.meddler.on("clob", "/order", fault, method="POST", times=3)
        await stage.leave(bot)
        assert leaving.met == 3
    assert await stage.complaints() == []


async def test_an_exit_that_is_always_refused_is_tried_ever_less_often(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.enter(bot)
        never = stage.meddler.on("clob", "/order", refused(400, "invalid signature"), method="POST")
        stage.sells(stage.alice, A)
        stage.clock.set_speed(60)
        await stage.passes(60)
        assert 4 <= never.met <= 9
        stage.meddler.off(never)
        await stage.leave_bob(bot)
        await stage.followed_out(bot)
    assert await stage.complaints() == []


@each(BUSY)
async def test_a_venue_too_busy_for_an_entry_is_asked_a_few_times_more(stage: Scene, fault: Fault) -> None:
    settings = stage.settings(
        execution=Execution(order_timeout_s=4, max_book_age_ms=20_000, max_retries=2, retry_delay_ms=500)
    )
    async with stage.running(settings=settings) as bot:
        busy = stage.meddler.on("clob", "/order", fault, method="POST")
        stage.buys(stage.alice, A, "100")
        await stage.until("given up", lambda: busy.met == 3)
        await stage.passes(10)
        assert busy.met == 3
        stage.meddler.off(busy)
        once = stage.meddler.on("clob", "/order", fault, method="POST", times=1)
        await stage.enter(bot)
        assert once.met == 1
        stage.meddler.on("clob", "/order", fault, method="POST", times=3)
        await stage.leave(bot)
    assert await stage.complaints() == []


async def test_an_order_that_the_venue_calls_duplicated_is_looked_up(stage: Scene) -> None:
    async def taken_twice(pass_on: PassOn) -> Reply | None:
        await pass_on()
        return await refused(400, "order 0x1 is invalid. Duplicated.")(pass_on)

    stage.meddler.on("clob", "/order", taken_twice, method="POST")
    async with stage.running() as bot:
        await stage.enter(bot)
        await stage.leave(bot)
    assert await stage.complaints() == []


async def test_an_answer_that_never_comes_is_not_waited_for(stage: Scene) -> None:
    gate = asyncio.Event()
    slow = stage.meddler.on("clob", "/order", held_until(gate), method="POST", times=1)
    async with stage.running() as bot:
        stage.buys(stage.alice, A, "100")
        await stage.until("given up", lambda: bot.counted("orders.unknown") == slow.met == 1)
        await stage.enter(bot)
        gate.set()
        await stage.leave(bot)
        assert bot.counted("orders.unknown") == 1
        assert bot.copies(stage.alice, Side.BUY) == 2
    assert await stage.complaints() == []


async def test_a_cancel_that_gets_lost_leaves_nothing_open_at_the_stop(stage: Scene) -> None:
    settings = stage.settings(
        execution=Execution(order_timeout_s=4, max_book_age_ms=20_000, when_slippage_exceeded="passive")
    )
    stage.meddler.on("clob", "/orders", lost_answer, method="DELETE", times=1)
    async with stage.running(settings=settings) as bot:
        stage.buys(stage.alice, A, "100")
        stage.pull_asks(A)
        await stage.until("resting", lambda: bool(bot.bot.tracker.open_orders()))
    assert await stage.complaints() == []


async def test_an_entry_proven_after_the_target_has_left_is_sold(stage: Scene) -> None:
    stage.meddler.on("clob", "/order", lost_answer, method="POST", times=1)
    blind = [stage.meddler.on("clob", path, web_page(502), method="GET") for path in ("/data/order", "/data/trades")]
    stage.meddler.frames["user"] = lambda _: ()
    async with stage.running() as bot:
        stage.buys(stage.alice, A, "100")
        await stage.until("unanswered", lambda: bot.counted("orders.unknown") == 1)
        stage.sells(stage.alice, A)
        await stage.passes(40)
        for rule in blind:
            stage.meddler.off(rule)
        await stage.until(
            "sold", lambda: bool(bot.portfolio.cash.micro != 1_000_000_000 and stage.posted().total() > 1)
        )
        await stage.until("out", lambda: not bot.holding(stage.alice, A))
        await stage.enter(bot)
        await stage.leave(bot)
    assert await stage.complaints() == []


async def test_two_targets_in_one_market_are_followed_apart(stage: Scene) -> None:
    stage.meddler.on("clob", "/order", sometimes(5, 0.5, lost_answer, reset_within, truncated), method="POST")
    async with stage.running() as bot:
        stage.buys(stage.alice, A, "100")
        stage.buys(stage.bob, A, "40")
        await stage.until("both in", lambda: bool(bot.holding(stage.alice, A) and bot.holding(stage.bob, A)))
        stage.sells(stage.alice, A)
        await stage.until("Alice out", lambda: not bot.holding(stage.alice, A))
        assert bot.holding(stage.bob, A) == Shares.parse("20")
        stage.sells(stage.bob, A)
        await stage.until("Bob out", lambda: not bot.holding(stage.bob, A))
    assert await stage.complaints() == []
