"""A clock that is wrong: no entries and a reason, exits as long as the venue takes our signatures."""

from scene import A, B, Scene

from polybot.core.trading import TradingMode


async def test_a_clock_somewhat_off_stops_entries_and_not_exits(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.enter(bot)
        stage.bot_clock.offset_s = 45
        stage.clock.set_speed(60)
        await stage.until("locked", lambda: bot.trading.mode is TradingMode.EXITS_ONLY)
        assert "our clock is 4" in bot.bot.state()["lock.clock"]
        assert "NTP" in bot.bot.state()["lock.clock"]
        stage.clock.set_speed(20)
        stage.buys(stage.bob, A, "50")
        await stage.until("not entered", lambda: bot.verdicts(stage.bob)[-1] == "exits_only")
        await stage.leave(bot)
    assert await stage.complaints() == []


async def test_a_clock_so_wrong_that_signatures_are_refused_lets_exits_wait_for_it(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.enter(bot)
        stage.bot_clock.offset_s = -90
        stage.sells(stage.alice, A)
        stage.sells(stage.bob, B)
        await stage.until("refused", lambda: bot.counted("orders{outcome=refused}") >= 4)
        assert all((bot.holding(stage.alice, A), bot.holding(stage.bob, B)))
        stage.bot_clock.offset_s = 0
        await stage.followed_out(bot)
    assert await stage.complaints() == []


async def test_a_clock_that_was_wrong_at_the_start_only_keeps_us_out(stage: Scene) -> None:
    stage.bot_clock.offset_s = -30
    async with stage.running(ready=False) as bot:
        await stage.until("locked", lambda: "NTP" in bot.bot.state().get("lock.clock", ""))
        stage.buys(stage.alice, A, "100")
        await stage.until("not entered", lambda: bot.verdicts(stage.alice) == ["exits_only"])
        stage.bot_clock.offset_s = 0
        await stage.until("allowed", lambda: not bot.trading.locks)
        await stage.enter(bot)
        await stage.leave(bot)
    assert await stage.complaints() == []


async def test_a_clock_ahead_within_the_tolerance_hides_no_fill(stage: Scene) -> None:
    stage.bot_clock.offset_s = 15
    async with stage.running() as bot:
        stage.buys(stage.alice, A, "100")
        await stage.until("decided", lambda: bot.verdicts(stage.alice) == ["before_start"])
        await stage.passes(15)
        await stage.enter(bot)
        await stage.leave(bot)
    assert await stage.complaints() == []
