"""`polybot simulate`'s life: one line when ready, then service until a signal."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator

import aiohttp
import msgspec
import pytest

from polybot.simulator.options import Endpoints

PROGRAM = """
import asyncio
from polybot.simulator.server import ServeOptions, serve
asyncio.run(serve(ServeOptions(seed=7, speed=10.0)))
"""


@pytest.fixture
async def child() -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, stdout=pipe, stderr=pipe)
    yield process
    if process.returncode is None:
        process.kill()
        await process.communicate()


async def test_it_prints_its_urls_serves_and_ends_on_sigterm(child: asyncio.subprocess.Process) -> None:
    assert child.stdout is not None
    urls = msgspec.json.decode(await child.stdout.readline(), type=Endpoints)
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{urls.gamma}/markets") as answer:
            assert len(await answer.json()) >= 1
        async with session.get(f"{urls.control}/targets") as answer:
            assert {"name", "wallet"} <= set((await answer.json())[0])
        async with session.get(urls.geoblock) as answer:
            assert (await answer.json())["blocked"] is False
        async with session.ws_connect(urls.ws_activity) as socket:
            assert await socket.receive_str() == ""
            wish = {"topic": "activity", "type": "trades"}
            await socket.send_json({"action": "subscribe", "subscriptions": [wish]})
            fill = await socket.receive_json(timeout=60)
            assert fill["type"] == "trades"
            child.send_signal(signal.SIGTERM)
            while (message := await socket.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
                pass
            assert message.type is aiohttp.WSMsgType.CLOSE
    rest, errors = await child.communicate()
    assert (child.returncode, rest, errors) == (0, b"", b"")
