"""Server side of a WebSocket: a way out that never blocks its writer and never grows without bound."""

import asyncio
import base64
import hashlib
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from polybot.simulator.faults.frames import Way

SLOW_CONSUMER = 1013


class Outbox:
    """Frames waiting for one socket. A reader more than `limit` frames behind is cut off with 1013; `lost`
    counts what it did not get."""

    def __init__(self, *, limit: int) -> None:
        self.lost = 0
        self._limit = limit
        self._frames: deque[str] = deque()
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()
        self._code: int | None = None

    def offer(self, frame: str) -> None:
        if self._ended.is_set() or len(self._frames) >= self._limit:
            self.lost += 1
            self.cut(SLOW_CONSUMER)
            return
        self._frames.append(frame)
        self._wake.set()

    def cut(self, code: int | None) -> None:
        """Closes with this code, or breaks off without a word. The first call counts."""
        if not self._ended.is_set():
            self._code = code
            self._ended.set()

    async def drain(self, socket: web.WebSocketResponse) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._frames:
                await socket.send_str(self._frames.popleft())

    async def close_when_cut(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        await self._ended.wait()
        if self._code is None and request.transport is not None:
            request.transport.abort()
        if self._code is not None:
            why = b"slow consumer: send buffer full" if self._code == SLOW_CONSUMER else b""
            await socket.close(code=self._code, message=why, drain=False)


class Conversation(Protocol):
    """What a feed has with one client."""

    def hear(self, text: str) -> bool:
        """A frame of the client; False ends the connection."""
        ...

    def leave(self) -> None: ...


class Sockets:
    """The open sockets of a server. A reader may be `queue_limit` frames behind."""

    def __init__(self, *, queue_limit: int) -> None:
        self._open: dict[web.WebSocketResponse, None] = {}
        self._queue_limit = queue_limit

    async def serve(self, request: web.Request, join: Callable[[Way], Conversation]) -> web.StreamResponse:
        """Accepts a socket and lets it talk with a feed until it ends."""
        socket = web.WebSocketResponse(compress=False, max_msg_size=1 << 20, timeout=1.0)
        await socket.prepare(request)
        self._open[socket] = None
        outbox = Outbox(limit=self._queue_limit)
        conversation = join(outbox)
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(_until_gone(outbox.drain(socket)), name="socket-writer")
                cutter = tasks.create_task(outbox.close_when_cut(request, socket), name="socket-cutter")
                await _read(socket, conversation.hear)
                writer.cancel()
                cutter.cancel()
        finally:
            conversation.leave()
            del self._open[socket]
        return socket

    async def close(self) -> None:
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY, drain=False) for socket in self._open))


def connection_id(number: int, *, seed: int) -> str:
    """As long and as meaningless as the venue's; the same in every run."""
    digest = hashlib.blake2b(f"{seed}:connection:{number}".encode(), digest_size=12).digest()
    return base64.urlsafe_b64encode(digest).decode()


async def _read(socket: web.WebSocketResponse, hear: Callable[[str], bool]) -> None:
    async for message in socket:
        if message.type is WSMsgType.TEXT and not hear(message.data):
            await socket.close()


async def _until_gone(drain: Coroutine[None, None, None]) -> None:
    try:
        await drain
    except ConnectionError:
        return
