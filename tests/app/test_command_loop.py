"""Commands to a running bot: stop, the unknown, and those meant for an earlier life."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from polybot.app.commands import CommandLoop
from polybot.ports.commands import Done
from polybot.storage.store import SqlStore, open_store
from polybot.utils.clock import SystemClock
from polybot.utils.feed import Doorbell


@dataclass
class Bot:
    store: SqlStore
    bell: Doorbell
    loop: CommandLoop

    async def type(self, name: str) -> int:
        return await self.store.commands.issue(name, {}, now_ns=1)

    async def answer(self, command: int) -> Done:
        async with asyncio.timeout(5):
            while True:
                if done := await self.store.commands.outcome(command):
                    return done

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.loop.run(), name="commands")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    store, bell = await open_store("sqlite://"), Doorbell()
    yield Bot(store, bell, CommandLoop(store.commands, bell=bell, clock=SystemClock()))
    await store.close()


async def test_a_stop_is_heard_at_once_and_answered_when_all_is_down(bot: Bot) -> None:
    async with bot.running():
        first, second = await bot.type("stop"), await bot.type("stop")
        bot.bell.ring()
        async with asyncio.timeout(5):
            await bot.loop.stop_asked.wait()
        assert await bot.store.commands.outcome(first) is None
        unknown = await bot.type("dance")  # read after both stops
        bot.bell.ring()
        await bot.answer(unknown)
    await bot.loop.stopped("nothing of ours is open")
    assert [await bot.answer(command) for command in (first, second)] == [Done(True, "nothing of ours is open")] * 2


async def test_an_unknown_command_is_refused_by_its_name(bot: Bot) -> None:
    async with bot.running():
        command = await bot.type("dance")
        bot.bell.ring()
        done = await bot.answer(command)
    assert not done.ok
    assert "'dance'" in done.detail
    assert not bot.loop.stop_asked.is_set()


async def test_a_command_of_an_earlier_life_is_refused(bot: Bot) -> None:
    command = await bot.type("stop")
    await bot.loop.discard_old()
    assert not (await bot.answer(command)).ok
    async with bot.running():
        await bot.answer(await _dance(bot))
    assert not bot.loop.stop_asked.is_set()


async def _dance(bot: Bot) -> int:
    command = await bot.type("dance")
    bot.bell.ring()
    return command


async def test_an_end_without_a_command_answers_nothing(bot: Bot) -> None:
    await bot.loop.stopped("nothing of ours is open")
    assert await bot.store.commands.pending() == []
