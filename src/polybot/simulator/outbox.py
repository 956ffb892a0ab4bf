"""One socket's way out: never blocks its writer, never grows without bound."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine

from aiohttp import WSMsgType, web

SLOW_CONSUMER = 1013


class Outbox:
    """Frames waiting for one socket. A reader more than `limit` frames behind is cut off with 1013; `lost`
    counts what it did not get."""

    def __init__(self, *, limit: int) -> None:
        self.lost = 0
        self._limit = limit
        self._frames: deque[str] = deque()
        self._wake = asyncio.Event()
        self._overflow = asyncio.Event()

    def offer(self, frame: str) -> None:
        if self._overflow.is_set() or len(self._frames) >= self._limit:
            self.lost += 1
            self._overflow.set()
            return
        self._frames.append(frame)
        self._wake.set()

    async def drain(self, socket: web.WebSocketResponse) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._frames:
                await socket.send_str(self._frames.popleft())

    async def cut_when_full(self, socket: web.WebSocketResponse) -> None:
        await self._overflow.wait()
        await socket.close(code=SLOW_CONSUMER, message=b"slow consumer: send buffer full", drain=False)


async def converse(socket: web.WebSocketResponse, outbox: Outbox, on_text: Callable[[str], bool]) -> None:
    """Reads the socket until it ends or `on_text` returns False, while `outbox` is written to it."""
    async with asyncio.TaskGroup() as tasks:
        writer = tasks.create_task(_until_gone(outbox.drain(socket)), name="socket-writer")
        cutter = tasks.create_task(outbox.cut_when_full(socket), name="socket-cutter")
        try:
            await _read(socket, on_text)
        finally:
            writer.cancel()
            cutter.cancel()


async def _read(socket: web.WebSocketResponse, on_text: Callable[[str], bool]) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT and not on_text(message.data):
            await socket.close()


async def _until_gone(drain: Coroutine[None, None, None]) -> None:
    try:
        await drain
    except ConnectionError:
        return
