"""Services that answer badly for a while: everything is found when they are well again."""

from dataclasses import replace

import msgspec
import pytest
from meddler import Fault, PassOn, Reply
from mischief import (
    empty,
    garbled,
    lost_answer,
    lost_request,
    refused,
    reset_within,
    silence,
    sometimes,
    truncated,
    web_page,
)
from scene import SPEED, A, B, Scene

from polybot.app.accounts import AccountRefused
from polybot.app.bot import CannotStart

BAD_DAY = (
    web_page(403),
    web_page(502),
    web_page(200),
    refused(500, "internal server error"),
    refused(429, "Too Many Requests", headers={"Retry-After": "1"}),
    refused(425, "Too Early"),
    lost_request,
    lost_answer,
    reset_within,
    truncated,
    garbled(1),
    empty,
)
SERVICES = ("clob", "data", "gamma", "geoblock")


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_third_read_fails_in_some_way(stage: Scene, seed: int) -> None:
    """Entries may be skipped by a rule that says why; nothing goes unseen, and exits are followed."""
    async with stage.running() as bot:
        for number, service in enumerate(SERVICES):
            fault = sometimes(10 * seed + number, 0.35, *BAD_DAY)
            for method, path in (("GET", "/"), ("POST", "/books")):
                stage.meddler.on(service, path, fault, method=method)
        while not (bot.holding(stage.alice, A) and bot.holding(stage.bob, B)):
            stage.buys(stage.alice, A, "50")
            stage.buys(stage.bob, B, "30")
            await stage.passes(4)
        await stage.leave(bot)
        stage.meddler.clear()
    assert await stage.complaints() == []


async def test_the_start_survives_services_that_are_down_except_the_venue_itself(stage: Scene) -> None:
    down = [stage.meddler.on(service, "/", web_page(502)) for service in ("data", "gamma", "geoblock")]
    async with stage.running(ready=False) as bot:
        await stage.until("locked", lambda: any("does not answer" in lock.reason for lock in bot.trading.locks))
        for rule in down:
            stage.meddler.off(rule)
        await stage.until("allowed", lambda: not bot.trading.locks)
        await stage.enter(bot)
        await stage.leave(bot)
    assert await stage.complaints() == []


@pytest.mark.parametrize("fault", [lost_request, truncated, web_page(502)], ids=["lost", "truncated", "CDN"])
async def test_a_market_nobody_can_describe_is_not_entered_and_the_next_one_is(stage: Scene, fault: Fault) -> None:
    async with stage.running() as bot:
        for service, path in (("clob", "/markets-by-token"), ("gamma", "/")):
            stage.meddler.on(service, path, fault)
        stage.buys(stage.alice, A, "100")
        await stage.until("decided", lambda: bot.verdicts(stage.alice) == ["market_unknown"])
        stage.meddler.clear()
        await stage.enter(bot)
        await stage.leave(bot)
    assert await stage.complaints() == []


async def test_only_the_socket_hears_of_fills_while_the_data_api_is_down_for_minutes(stage: Scene) -> None:
    async with stage.running() as bot:
        down = stage.meddler.on("data", "/v2/", web_page(502))
        await stage.enter(bot)
        stage.clock.set_speed(60)
        await stage.passes(60)
        stage.sells(stage.alice, A, "40")
        await stage.passes(60)
        stage.clock.set_speed(SPEED)
        stage.meddler.off(down)
        stage.sells(stage.alice, A)
        stage.sells(stage.bob, B)
        await stage.followed_out(bot)
    assert await stage.complaints() == []


async def test_slow_names_do_not_keep_a_market_from_being_read_again(stage: Scene) -> None:
    """The market's names are still being asked for when its book must be read once more."""
    stage.meddler.on("gamma", "/", web_page(502))
    stage.meddler.frames["market"] = lambda _: ()
    async with stage.running() as bot:
        stage.buys(stage.alice, A, "100")
        await stage.until("entered", lambda: bool(bot.holding(stage.alice, A)))
        for _ in range(3):
            await stage.meddler.close("market")
            stage.buys(stage.bob, A, "20")
            await stage.passes(6)
        await stage.until("all copied", lambda: bot.verdicts(stage.bob) == ["copy"] * 3)
        stage.sells(stage.alice, A)
        stage.sells(stage.bob, A)
        await stage.until("both out", lambda: not (bot.holding(stage.alice, A) or bot.holding(stage.bob, A)))
    assert await stage.complaints() == []


async def test_a_page_that_is_repeated_for_ever_is_no_second_fill(stage: Scene) -> None:
    async def again(pass_on: PassOn) -> Reply:
        reply = await pass_on()
        body = msgspec.json.decode(reply.body)
        body["pagination"] = {**body.get("pagination", {}), "has_more": True, "next_cursor": "again"}
        return replace(reply, body=msgspec.json.encode(body))

    async with stage.running() as bot:
        rule = stage.meddler.on("data", "/v2/activity", again)
        await stage.enter(bot)
        await stage.until("polls fail", lambda: bot.counted("poll_failed") >= 4)
        stage.meddler.off(rule)
        await stage.leave(bot)
    assert await stage.complaints() == []


async def test_a_venue_that_is_down_at_the_start_is_named(stage: Scene) -> None:
    stage.meddler.on("clob", "/auth", web_page(502))
    with pytest.raises(CannotStart, match=r"API credentials now .* HTTP 502: a web page"):
        await stage.try_start()
    stage.meddler.clear()
    stage.meddler.on("clob", "/balance-allowance", web_page(403))
    with pytest.raises(CannotStart, match=r"balance .*HTTP 403: a web page"):
        await stage.try_start()


async def test_a_clock_too_wrong_to_start_with_is_suspected(stage: Scene) -> None:
    stage.bot_clock.offset_s = 90
    with pytest.raises(AccountRefused, match=r"HTTP 401: Invalid L1 Request headers; is this machine's clock right"):
        await stage.try_start()


async def test_a_stop_while_the_venue_is_away_leaves_its_questions_to_the_next_start(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.enter(bot)
        stage.meddler.on("clob", "/order", lost_answer, method="POST")
        stage.meddler.on("clob", "/data", web_page(502))
        stage.meddler.frames["user"] = silence
        stage.sells(stage.alice, A, "10")
        stage.buys(stage.bob, B, "20")
        await stage.until("unanswered", lambda: bot.counted("orders.unknown") == 2)
        stage.clock.set_speed(200)
    stage.meddler.clear()
    assert any("still unknown" in complaint for complaint in await stage.complaints())
    async with stage.running() as bot:
        await stage.until("proven", lambda: not bot.bot.tracker.open_orders())
        await stage.leave(bot)
    assert await stage.complaints() == []
