"""Asks the running bot to end, and waits for its answer."""

from polybot.app.doorbell import ring
from polybot.cli.exits import Exit, Failure
from polybot.cli.output import note
from polybot.cli.store import existing_store, is_running
from polybot.config.loader import LoadedConfig
from polybot.storage.store import SqlStore
from polybot.utils.clock import SystemClock

_LOOK_EVERY_S = 0.2


async def stop_bot(config: LoadedConfig, *, timeout_s: float) -> str:
    """The bot's own last sentence; Failure if none runs, it refuses, or it takes longer."""
    clock = SystemClock()
    async with existing_store(config) as store:
        view = await store.queries.status()
        if view is None or not is_running(view, now_ns=clock.now_ns()):
            raise Failure(Exit.NOTHING, "no bot is running here", then="`polybot status`")
        command = await store.commands.issue("stop", {}, now_ns=clock.now_ns())
        await ring(config.folder)
        note("asked the bot to stop; it ends its open orders and waits for its trades to settle")
        return await _outcome(store, command, until=clock.monotonic() + timeout_s)


async def _outcome(store: SqlStore, command: int, *, until: float) -> str:
    """What the bot says it did; Failure if it does not say in time, or refuses."""
    clock = SystemClock()
    while clock.monotonic() < until:
        done = await store.commands.outcome(command)
        if done is not None and not done.ok:
            raise Failure(Exit.FAILED, f"the bot did not stop: {done.detail}", then="`polybot status`")
        if done is not None:
            return done.detail
        await clock.sleep(_LOOK_EVERY_S)
    raise Failure(Exit.FAILED, "the bot has not ended yet; it was asked and will", then="`polybot status`")
