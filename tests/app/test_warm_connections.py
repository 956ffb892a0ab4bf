"""An order finds an open connection: opened before it, and kept open by cheap requests."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from polybot.app.services import Services
from polybot.config.models import Endpoints, Network, Settings
from polybot.ports.telemetry import NoTelemetry
from polybot.utils.clock import SystemClock

CONNECTIONS = 3


@dataclass
class Clob:
    """Answers once so many requests wait that each must have a connection of its own; notes which ones they were."""

    url: str = ""
    came_by: list[object] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    barrier: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(CONNECTIONS))

    async def answer(self, request: web.Request) -> web.Response:
        self.paths.add(request.path)
        self.came_by.append(request.transport)
        await self.barrier.wait()
        return web.json_response("OK")


class Rounds(SystemClock):
    """A wait begins and ends when the test takes it."""

    def __init__(self) -> None:
        self.waits: asyncio.Queue[float] = asyncio.Queue()
        self.over = asyncio.Semaphore(0)

    async def sleep(self, seconds: float) -> None:
        self.waits.put_nowait(seconds)
        await self.over.acquire()


@pytest.fixture
async def clob() -> AsyncIterator[Clob]:
    clob = Clob()
    app = web.Application()
    app.router.add_get("/{rest:.*}", clob.answer)
    async with TestServer(app) as server:
        clob.url = str(server.make_url("")).rstrip("/")
        yield clob


async def test_connections_are_opened_together_and_used_again_before_they_go_cold(clob: Clob) -> None:
    clock = Rounds()
    settings = Settings(endpoints=Endpoints(clob=clob.url), network=Network(connection_pool_size=CONNECTIONS))
    async with Services(settings, clock=clock, telemetry=NoTelemetry()) as services, asyncio.timeout(10):
        warming = asyncio.create_task(services.keep_warm(), name="warming")
        for rounds in (1, 2, 3):
            assert await clock.waits.get() < 60
            assert len(clob.came_by) == rounds * CONNECTIONS
            clock.over.release()
        warming.cancel()
    assert len(set(clob.came_by)) == CONNECTIONS
    assert clob.paths == {"/ok"}
