"""A scripted HTTP service on localhost, and the clock and meters its clients run on."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.rest.http import HttpClient, HttpOptions
from polybot.utils.retry import ReadRetry

START_NS = 1_795_000_000_000_000_000


class SkippingClock:
    """Every wait is over at once and is seen in `now_ns`."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now_ns(self) -> int:
        return START_NS + int(sum(self.slept) * 1e9)

    def monotonic(self) -> float:
        return sum(self.slept)

    def perf_ns(self) -> int:
        return self.now_ns()

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


class Meters:
    """Counts by name and labels."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()
        self.observed: list[str] = []

    def count(self, name: str, /, **labels: str) -> None:
        self.counts[(name, *labels.values())] += 1

    def observe(self, name: str, value: float, /, **labels: str) -> None:
        self.observed.append(name)


Answer = web.Response | Callable[[web.Request], Awaitable[web.StreamResponse]]


def reply(body: str | bytes, status: int = 200, kind: str = "application/json", **headers: str) -> web.Response:
    raw = body.encode() if isinstance(body, str) else body
    return web.Response(status=status, body=raw, content_type=kind, headers=headers)


@dataclass
class Seen:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes


@dataclass
class Service:
    """Answers in the order of `script`, the last one for ever."""

    script: list[Answer]
    seen: list[Seen] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.seen.append(Seen(request.method, request.path, list(request.query.items()), dict(request.headers), body))
        answer = self.script[0] if len(self.script) == 1 else self.script.pop(0)
        if isinstance(answer, web.Response):
            return web.Response(status=answer.status, body=answer.body, headers=dict(answer.headers.items()))
        return await answer(request)


@asynccontextmanager
async def serving(*script: Answer) -> AsyncIterator[Service]:
    service = Service(list(script))
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", service.answer)
    server = TestServer(app, shutdown_timeout=0.1)
    await server.start_server()
    service.url = str(server.make_url("")).rstrip("/")
    try:
        yield service
    finally:
        await server.close()


@asynccontextmanager
async def client_of(
    url: str,
    *,
    clock: SkippingClock | None = None,
    meters: Meters | None = None,
    retry: ReadRetry | None = None,
    read_timeout_s: float = 5.0,
) -> AsyncIterator[HttpClient]:
    clock = clock or SkippingClock()
    http = HttpClient(
        url,
        gate=polymarket_gate(clock),
        clock=clock,
        options=HttpOptions(read_timeout_s=read_timeout_s, connect_timeout_s=2.0),
        retry=retry or ReadRetry(attempts=3),
        telemetry=meters,
        random=lambda: 0.5,
    )
    async with http:
        yield http
