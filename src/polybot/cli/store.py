"""The commands' door to the bot's store."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from polybot.cli.exits import Exit, Failure
from polybot.cli.news import POLL
from polybot.config.loader import LoadedConfig, load_settings
from polybot.core.ids import Wallet
from polybot.ports.queries import Queries, StatusView
from polybot.ports.store import StoreFailed
from polybot.storage.store import SqlStore, open_store
from polybot.utils.clock import SystemClock

_T = TypeVar("_T")
FRESH_NS = 5_000_000_000
"""A running bot's heartbeat is never older."""


@asynccontextmanager
async def existing_store(config: LoadedConfig) -> AsyncIterator[SqlStore]:
    """Failure NOTHING if no bot ever ran here; StoreFailed if the store cannot be read."""
    if _file_is_missing(config.store_url):
        raise nothing_here(config.folder)
    store = await open_store(config.store_url, create=False)
    try:
        yield store
    finally:
        await store.close()


def ask(folder: Path, question: Callable[[Queries], Awaitable[_T]]) -> _T:
    """The answer of this folder's store."""
    return ask_about(folder, None, lambda queries, _: question(queries))


def ask_about(folder: Path, trader: str | None, question: Callable[[Queries, Wallet | None], Awaitable[_T]]) -> _T:
    """The same about one trader, by name or wallet; None is about all."""
    config = load_settings(folder, environ=os.environ)

    async def answer() -> _T:
        async with existing_store(config) as store:
            return await question(store.queries, await wallet_named(store.queries, trader))

    return asyncio.run(answer())


def _file_is_missing(url: str) -> bool:
    scheme, _, path = url.partition(":///")
    return scheme.startswith("sqlite") and not Path(path).exists()


def nothing_here(folder: Path) -> Failure:
    return Failure(
        Exit.NOTHING,
        f"no bot has run in {folder.resolve()} yet, so there is nothing to show",
        then="`polybot start --paper`, or --config DIR for another folder",
    )


def is_running(status: StatusView, *, now_ns: int) -> bool:
    return status.ended_ns is None and now_ns - status.heartbeat_ns < FRESH_NS


def tracked(config: LoadedConfig) -> dict[str, str]:
    """Feed health of each trader that a bot follows now, by wallet and by name; empty if none runs or can be asked."""

    async def answer() -> dict[str, str]:
        async with existing_store(config) as store:
            view, targets = await store.queries.status(), await store.queries.targets()
        if view is None or not is_running(view, now_ns=SystemClock().now_ns()):
            return {}
        health = {key.removeprefix(POLL): value for key, value in view.state.items() if key.startswith(POLL)}
        return health | {target.name: health[target.wallet] for target in targets if target.wallet in health}

    try:
        return asyncio.run(answer())
    except (Failure, StoreFailed):
        return {}


async def wallet_named(queries: Queries, text: str | None) -> Wallet | None:
    """The trader a person means by name or wallet; Failure NOTHING if there is none."""
    if text is None:
        return None
    targets = await queries.targets()
    for target in targets:
        if text.casefold() in {target.name.casefold(), target.wallet}:
            return target.wallet
    known = ", ".join(target.name for target in targets) or "none"
    raise Failure(Exit.NOTHING, f"no trader is called {text!r}; known: {known}", then="`polybot accounts`")
