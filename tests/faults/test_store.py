"""A database that cannot be written: trading halts and says why, nothing is sent after, a restart goes on."""

import sqlite3
from contextlib import closing

import pytest
from meddler import PassOn, Reply
from scene import A, B, Running, Scene

from polybot.core.market import Side
from polybot.core.trading import TradingMode
from polybot.ports.store import StoreFailed


class Intruder:
    """Another program on the same database."""

    def __init__(self, stage: Scene) -> None:
        self._connection = sqlite3.connect(stage.store_url.removeprefix("sqlite:///"), isolation_level=None)

    def lock(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Nothing is held any more."""
        self._connection.close()


async def fill_disk(bot: Running) -> None:
    """No page more than there are."""
    await bot.store._db.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1").close())


async def halted(stage: Scene, bot: Running, why: str) -> None:
    await stage.until("halted", lambda: bot.trading.mode is TradingMode.HALTED)
    assert why in bot.bot.state()["lock.store"]


async def test_a_locked_database_halts_trading_and_a_restart_follows_what_happened(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.enter(bot)
        with closing(Intruder(stage)) as intruder:
            intruder.lock()
            stage.sells(stage.alice, A, "40")
            await halted(stage, bot, "another program holds it locked")
            sent = len(stage.posted())
            stage.buys(stage.bob, A, "50")
            await stage.passes(10)
        await stage.passes(10)
        assert len(stage.posted()) == sent
        assert bot.trading.mode is TradingMode.HALTED
    with closing(Intruder(stage)) as intruder:
        intruder.lock()
        with pytest.raises(StoreFailed, match="another program holds it locked"):
            await stage.try_start()
    async with stage.running() as bot:
        await stage.leave(bot)
        stage.sells(stage.bob, A)
        # His purchase stands before it in its lane: decided now, or while halted as soon as the lock was gone.
        await stage.until("the last sale decided", lambda: bot.decided(stage.bob, A, Side.SELL))
    assert await stage.complaints() == []


async def test_a_database_that_locks_between_commit_and_answer(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.enter(bot)
        with closing(Intruder(stage)) as intruder:

            async def lock_then_answer(pass_on: PassOn) -> Reply:
                reply = await pass_on()
                intruder.lock()
                return reply

            stage.meddler.on("clob", "/order", lock_then_answer, method="POST", times=1)
            stage.sells(stage.alice, A, "40")
            await halted(stage, bot, "another program holds it locked")
            sent = len(stage.posted())
            stage.sells(stage.alice, A)
            stage.sells(stage.bob, B)
            await stage.passes(10)
            assert len(stage.posted()) == sent
    async with stage.running() as bot:
        await stage.followed_out(bot)
    assert await stage.complaints() == []


async def test_a_full_disk_halts_trading_and_a_restart_with_space_goes_on(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.enter(bot)
        await fill_disk(bot)
        while bot.trading.mode is not TradingMode.HALTED:
            stage.buys(stage.alice, A, "10")
            await stage.passes(3)
        await halted(stage, bot, "its disk is full: free space, then start again")
        sent = len(stage.posted())
        stage.sells(stage.bob, B)
        await stage.passes(10)
        assert len(stage.posted()) == sent
    async with stage.running() as bot:
        stage.sells(stage.alice, A)
        await stage.followed_out(bot)
    assert await stage.complaints() == []
