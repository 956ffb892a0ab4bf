"""A fake exchange for one bot at a time: pushes a target's fill, and says when it has read the whole order.

Plain HTTP/1.1 and WebSocket on localhost. Both moments are read from this process's monotonic clock.
"""

import asyncio
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import WSMsgType, web

from bench import payloads

_END = b"\r\n\r\n"
_ANSWERS = {
    "/order": payloads.order_refusal(),
    "/version": b'{"version":2}',
    f"/clob-markets/{payloads.CONDITION}": payloads.compact_market(),
    f"/markets-by-token/{payloads.ASSET}": payloads.market_of_token(),
}


@dataclass(frozen=True, slots=True)
class Copied:
    """One fill and its order. `fired_ns`: before the fill was written; `read_ns`: the order was there to its last
    byte. `requests`: others that came between; `connections`: opened between."""

    fired_ns: int
    read_ns: int
    requests: int
    connections: int


@dataclass(slots=True)
class _Watch:
    requests: int = 0
    connections: int = 0
    order_read: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class _Http(asyncio.Protocol):
    """Enough of HTTP/1.1 for clients that send a Content-Length."""

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._exchange.connected()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        head, separator, rest = self._unread.partition(_END)
        if not separator or len(rest) < (length := _content_length(head)):
            return
        read_ns = time.monotonic_ns()
        self._unread = rest[length:]
        path = head.split(b" ", 2)[1].decode().partition("?")[0]
        self._exchange.asked(path, read_ns)
        body = _ANSWERS.get(path, b"{}")
        start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._transport.write(start + body)


class Exchange:
    """`async with` serves; `socket_url` is followed by the name of a bot, whose fills `fire` sends."""

    def __init__(self) -> None:
        self._sockets: dict[str, web.WebSocketResponse] = {}
        self._arrived = asyncio.Event()
        self._watch: _Watch | None = None
        self._fills = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Http(self), "127.0.0.1", 0)
        app = web.Application()
        app.router.add_get("/{bot}", self._serve_socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.http_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self.socket_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._server.close()
        await self._runner.cleanup()

    async def joined(self, bot: str) -> None:
        while bot not in self._sockets:
            self._arrived.clear()
            await self._arrived.wait()

    async def fire(self, bot: str, *, strangers: int = 0, timeout_s: float = 10.0) -> Copied:
        """One fill of the target, right behind `strangers` fills of someone else; waits for the order."""
        socket, now_ms = self._sockets[bot], time.time_ns() // 1_000_000
        self._fills += strangers + 1
        noise = [
            payloads.activity_frame(payloads.STRANGER, number=self._fills - n, now_ms=now_ms)
            for n in range(1, strangers + 1)
        ]
        fill = payloads.activity_frame(payloads.TARGET, number=self._fills, now_ms=now_ms)
        watch = self._watch = _Watch()
        for frame in noise:
            await socket.send_str(frame)
        fired_ns = time.monotonic_ns()
        await socket.send_str(fill)
        async with asyncio.timeout(timeout_s):
            read_ns = await watch.order_read
        self._watch = None
        return Copied(fired_ns, read_ns, watch.requests, watch.connections)

    def connected(self) -> None:
        if self._watch:
            self._watch.connections += 1

    def asked(self, path: str, read_ns: int) -> None:
        watch = self._watch
        if watch is None or watch.order_read.done():
            return
        if path == "/order":
            watch.order_read.set_result(read_ns)
        else:
            watch.requests += 1

    async def _serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets[request.match_info["bot"]] = socket
        self._arrived.set()
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        return socket


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
