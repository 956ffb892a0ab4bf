"""A scripted WebSocket service on localhost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

Script = Callable[[web.WebSocketResponse], Awaitable[None]]
T = TypeVar("T")


class Meters:
    """Counts by name and labels."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()

    def count(self, name: str, /, **labels: str) -> None:
        self.counts[(name, *labels.values())] += 1

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        pass


@dataclass
class SocketService:
    """Waits for a first frame, then plays one script per connection, the last one for ever; keeps what it is sent."""

    scripts: list[Script]
    answers_pings: bool = True
    received: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    open: list[web.WebSocketResponse] = field(default_factory=list)
    connections: int = 0
    url: str = ""

    async def next_received(self) -> str:
        async with asyncio.timeout(5):
            return await self.received.get()

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(timeout=0.1)
        await ws.prepare(request)
        self.connections += 1
        self.open.append(ws)
        await self.received.put(await ws.receive_str())
        script = self.scripts[0] if len(self.scripts) == 1 else self.scripts.pop(0)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self._read(ws), name="read")
            await script(ws)
            if ws.closed:
                reading.cancel()
        return ws

    async def _read(self, ws: web.WebSocketResponse) -> None:
        async for message in ws:
            if message.type is WSMsgType.TEXT and message.data != "PING":
                await self.received.put(message.data)
            elif self.answers_pings:
                await ws.send_str("PONG")


def sends(*frames: str | bytes) -> Script:
    async def script(ws: web.WebSocketResponse) -> None:
        for frame in frames:
            await (ws.send_str(frame) if isinstance(frame, str) else ws.send_bytes(frame))

    return script


def closes_after(*frames: str) -> Script:
    async def script(ws: web.WebSocketResponse) -> None:
        await sends(*frames)(ws)
        await ws.close(code=1013)

    return script


async def aborts(ws: web.WebSocketResponse) -> None:
    transport = ws._req.transport if ws._req else None
    assert transport is not None
    transport.abort()


@asynccontextmanager
async def serving(*scripts: Script, answers_pings: bool = True) -> AsyncIterator[SocketService]:
    service = SocketService(list(scripts), answers_pings=answers_pings)
    app = web.Application()
    app.router.add_get("/{rest:.*}", service.connect)
    server = TestServer(app, shutdown_timeout=0.05)
    await server.start_server()
    service.url = str(server.make_url("/ws")).replace("http", "ws", 1)
    try:
        yield service
    finally:
        for ws in service.open:
            await ws.close()
        await server.close()


async def until(condition: Callable[[], bool]) -> None:
    """Lets everything run until it holds; fails after five seconds."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event to wait on
            await asyncio.sleep(0.001)


@asynccontextmanager
async def running(work: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """`work` beside the test; its failure is the test's failure."""

    async def job() -> None:
        await work()

    task = asyncio.ensure_future(job())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if not task.cancelled() and (error := task.exception()):
            raise error


async def take(events: AsyncIterator[T], count: int) -> list[T]:
    """The next `count` events; fails if they do not come within five seconds."""
    async with asyncio.timeout(5):
        return [await anext(events) for _ in range(count)]
