"""Command rows, also between two processes on one file."""

import pytest
from storage_nouns import NOW_NS

from polybot.ports.commands import Commands, Done
from polybot.storage.store import SqlStore, open_store


@pytest.fixture
def commands(store: SqlStore) -> Commands:
    return store.commands


async def test_a_command_is_pending_until_it_is_finished(commands: Commands) -> None:
    first = await commands.issue("stop", {"settle": "yes"}, now_ns=NOW_NS)
    second = await commands.issue("pause", {}, now_ns=NOW_NS + 1)
    assert second > first
    assert [(c.id, c.name, c.args, c.issued_ns) for c in await commands.pending()] == [
        (first, "stop", {"settle": "yes"}, NOW_NS),
        (second, "pause", {}, NOW_NS + 1),
    ]
    assert await commands.outcome(first) is None
    await commands.finish(first, Done(ok=False, detail="nothing runs"), now_ns=NOW_NS)
    assert await commands.outcome(first) == Done(ok=False, detail="nothing runs")
    assert [c.id for c in await commands.pending()] == [second]


async def test_the_first_end_of_a_command_stands(commands: Commands) -> None:
    command = await commands.issue("stop", {}, now_ns=NOW_NS)
    await commands.finish(command, Done(ok=True, detail="stopped"), now_ns=NOW_NS)
    await commands.finish(command, Done(ok=False, detail="again"), now_ns=NOW_NS)
    assert await commands.outcome(command) == Done(ok=True, detail="stopped")


async def test_a_command_that_was_never_issued_cannot_finish(commands: Commands) -> None:
    with pytest.raises(KeyError):
        await commands.finish(99, Done(ok=True, detail=""), now_ns=NOW_NS)
    assert await commands.outcome(99) is None


async def test_a_second_opener_commands_the_first(file_url: str) -> None:
    bot, cli = await open_store(file_url), await open_store(file_url, create=False)
    command = await cli.commands.issue("stop", {}, now_ns=NOW_NS)
    assert [c.id for c in await bot.commands.pending()] == [command]
    await bot.commands.finish(command, Done(ok=True, detail="stopped"), now_ns=NOW_NS)
    assert await cli.commands.outcome(command) == Done(ok=True, detail="stopped")
    await cli.close()
    await bot.close()
