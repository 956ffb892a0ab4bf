"""Server side of a WebSocket: a way out that never blocks its writer and never grows without bound."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine

from aiohttp import WSCloseCode, WSMsgType, web

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


class Sockets:
    """The open sockets of a server."""

    def __init__(self) -> None:
        self._open: set[web.WebSocketResponse] = set()

    async def converse(
        self, request: web.Request, outbox: Outbox, on_text: Callable[[str], bool]
    ) -> web.StreamResponse:
        """Accepts the socket, writes `outbox` to it and reads it until it ends or `on_text` returns False."""
        socket = web.WebSocketResponse(compress=False, max_msg_size=1 << 20, timeout=1.0)
        await socket.prepare(request)
        self._open.add(socket)
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(_until_gone(outbox.drain(socket)), name="socket-writer")
                cutter = tasks.create_task(outbox.cut_when_full(socket), name="socket-cutter")
                await _read(socket, on_text)
                writer.cancel()
                cutter.cancel()
        finally:
            self._open.discard(socket)
        return socket

    async def close(self) -> None:
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY, drain=False) for socket in self._open))


async def _read(socket: web.WebSocketResponse, on_text: Callable[[str], bool]) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT and not on_text(message.data):
            await socket.close()


async def _until_gone(drain: Coroutine[None, None, None]) -> None:
    try:
        await drain
    except ConnectionError:
        return
