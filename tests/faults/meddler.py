"""Stands between the bot and the simulator, hands everything on, and meddles where a script tells it to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp
from aiohttp import WSMsgType, web
from yarl import URL

from polybot.config.models import Endpoints
from polybot.simulator.options import Endpoints as Urls

PONG = "PONG"
_REST = ("clob", "data", "gamma", "geoblock")
_SOCKETS = {"market": "ws_market", "user": "ws_user", "activity": "ws_activity"}
_HOP_BY_HOP = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-encoding"})


@dataclass(frozen=True)
class Reply:
    """A whole answer. `cut`: the connection breaks after this many bytes of the body."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None


PassOn = Callable[[], Awaitable[Reply]]
Fault = Callable[[PassOn], Awaitable[Reply | None]]
"""Gets the real answer by calling `pass_on`, or keeps the request from the venue; None breaks the connection."""
Frames = Callable[[str], Iterable[str | bytes]]
"""What a client receives in place of one frame; called in order, for one service at a time."""


@dataclass
class Rule:
    """Holds for requests of `service` whose path starts with `path`, the first `times` of them (None: all)."""

    service: str
    path: str
    fault: Fault
    method: str
    times: int | None
    met: int = 0

    def takes(self, service: str, request: web.Request) -> bool:
        if self.times is not None and self.met >= self.times:
            return False
        fits = service == self.service and request.path.startswith(self.path)
        return fits and self.method in ("", request.method)


def untouched(frame: str) -> Iterable[str | bytes]:
    return (frame,)


class Meddler:
    """`start` gives the addresses for the bot. `frames` by socket: "market", "user" or "activity"."""

    def __init__(self, urls: Urls) -> None:
        self._urls = urls
        self._rules: list[Rule] = []
        self._open: dict[str, set[web.WebSocketResponse]] = {name: set() for name in _SOCKETS}
        self._runners: list[web.AppRunner] = []
        self.frames: dict[str, Frames] = dict.fromkeys(_SOCKETS, untouched)
        self.connections: dict[str, int] = dict.fromkeys(_SOCKETS, 0)

    async def start(self) -> Endpoints:
        self._session = aiohttp.ClientSession(auto_decompress=False)
        rest = {name: await self._serve(self._rest(name, getattr(self._urls, name))) for name in _REST}
        sockets = {field: await self._serve(self._socket(name, field)) for name, field in _SOCKETS.items()}
        return Endpoints(
            **{name: f"http://{at}" for name, at in rest.items() if name != "geoblock"},
            geoblock=f"http://{rest['geoblock']}/api/geoblock",
            **{field: f"ws://{at}" for field, at in sockets.items()},
        )

    async def stop(self) -> None:
        for name in _SOCKETS:
            await self.close(name)
        for runner in self._runners:
            await runner.cleanup()
        await self._session.close()

    def on(self, service: str, path: str, fault: Fault, *, method: str = "", times: int | None = None) -> Rule:
        """The newest rule that fits is the one that holds; a socket's handshake is a request to it."""
        rule = Rule(service, path, fault, method, times)
        self._rules.insert(0, rule)
        return rule

    def off(self, rule: Rule) -> None:
        self._rules.remove(rule)

    def clear(self) -> None:
        """From now on everything is handed on as it is."""
        self._rules.clear()
        self.frames.update(dict.fromkeys(_SOCKETS, untouched))

    async def close(self, name: str) -> None:
        """Every connection of this socket."""
        for client in list(self._open[name]):
            await client.close(drain=False)

    async def push(self, name: str, *frames: str | bytes) -> None:
        """Frames the venue never sent, to every connection of this socket."""
        for client in list(self._open[name]):
            for frame in frames:
                await _send(client, frame)

    async def _serve(self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> str:
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{tail:.*}", handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        return f"{host}:{port}"

    def _fault(self, service: str, request: web.Request) -> Fault | None:
        for rule in self._rules:
            if rule.takes(service, request):
                rule.met += 1
                return rule.fault
        return None

    def _rest(self, service: str, upstream: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        at = urlsplit(upstream)
        origin = f"{at.scheme}://{at.netloc}"

        async def handle(request: web.Request) -> web.StreamResponse:
            body = await request.read()

            async def pass_on() -> Reply:
                headers = {k: v for k, v in request.headers.items() if k.lower() not in _HOP_BY_HOP}
                url = URL(origin + request.raw_path, encoded=True)
                async with self._session.request(request.method, url, data=body or None, headers=headers) as answer:
                    return Reply(answer.status, await answer.read(), answer.content_type)

            fault = self._fault(service, request)
            reply = await (fault(pass_on) if fault else pass_on())
            return await _answer(request, reply)

        return handle

    def _socket(self, name: str, upstream: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            if fault := self._fault(name, request):
                return await _answer(request, await fault(_no_answer))
            client = web.WebSocketResponse(compress=False, timeout=0.2)
            await client.prepare(request)
            self._open[name].add(client)
            self.connections[name] += 1
            try:
                async with self._session.ws_connect(
                    getattr(self._urls, upstream), timeout=aiohttp.ClientWSTimeout(ws_close=0.2)
                ) as venue:
                    await self._converse(name, client, venue)
            finally:
                self._open[name].discard(client)
            return client

        return handle

    async def _converse(self, name: str, client: web.WebSocketResponse, venue: aiohttp.ClientWebSocketResponse) -> None:
        async def down() -> None:
            async for message in venue:
                if message.type is WSMsgType.TEXT:
                    for frame in (message.data,) if message.data == PONG else self.frames[name](message.data):
                        await _send(client, frame)
            await client.close(drain=False)

        async def up() -> None:
            async for message in client:
                if message.type is WSMsgType.TEXT:
                    await venue.send_str(message.data)
            await venue.close()

        async with asyncio.TaskGroup() as group:
            group.create_task(down(), name=f"meddler-{name}-down")
            group.create_task(up(), name=f"meddler-{name}-up")


async def _no_answer() -> Reply:
    return Reply(404, b"")


async def _send(client: web.WebSocketResponse, frame: str | bytes) -> None:
    try:
        await (client.send_bytes(frame) if isinstance(frame, bytes) else client.send_str(frame))
    except ConnectionError:
        return


async def _answer(request: web.Request, reply: Reply | None) -> web.StreamResponse:
    transport = request.transport
    if reply is None:
        if transport is not None:
            transport.abort()
        return web.Response()
    headers = {**reply.headers, "Content-Type": reply.content_type}
    if reply.cut is None:
        return web.Response(status=reply.status, body=reply.body, headers=headers)
    response = web.StreamResponse(status=reply.status, headers=headers)
    response.content_length = len(reply.body)
    await response.prepare(request)
    await response.write(reply.body[: reply.cut])
    if transport is not None:
        transport.close()
    return response
