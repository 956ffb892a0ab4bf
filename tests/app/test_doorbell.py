"""The bell beside the store, and the one bot that hears it."""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from polybot.app.doorbell import bell_path, listen, ring
from polybot.app.instance import AlreadyRunning, only_instance
from polybot.utils.clock import SystemClock
from polybot.utils.feed import Doorbell


@asynccontextmanager
async def listening(folder: Path, bell: Doorbell) -> AsyncIterator[None]:
    task = asyncio.create_task(listen(folder, bell), name="bell")
    async with asyncio.timeout(5):
        while True:
            await asyncio.sleep(0)
            if await ring(folder):
                break
    await bell.heard(within_s=5, clock=SystemClock())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_ring_is_heard(tmp_path: Path) -> None:
    bell = Doorbell()
    async with listening(tmp_path, bell):
        assert await ring(tmp_path)
        assert await bell.heard(within_s=5, clock=SystemClock())


async def test_only_its_owner_may_ring(tmp_path: Path) -> None:
    async with listening(tmp_path, Doorbell()):
        assert stat.S_IMODE(bell_path(tmp_path).stat().st_mode) == 0o600


async def test_without_a_bell_nobody_hears(tmp_path: Path) -> None:
    assert not await ring(tmp_path)
    async with listening(tmp_path, Doorbell()):
        pass
    assert not await ring(tmp_path)


async def test_a_bell_left_by_a_crash_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(bell_path(tmp_path)))
    assert not await ring(tmp_path)
    bell = Doorbell()
    async with listening(tmp_path, bell):
        assert await ring(tmp_path)


async def test_where_no_socket_fits_there_is_no_bell_and_no_error(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    task = asyncio.create_task(listen(deep, Doorbell()), name="bell")
    assert not await ring(deep)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_two_bots_on_one_folder_are_one_too_many(tmp_path: Path) -> None:
    with only_instance(tmp_path), pytest.raises(AlreadyRunning, match="polybot stop"), only_instance(tmp_path):
        pass
    with only_instance(tmp_path):
        pass
