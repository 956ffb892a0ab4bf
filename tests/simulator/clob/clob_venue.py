"""The CLOB alone: a still venue with one account that calls it, and whatever options a test asks for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec

from caller import Caller
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polybot.simulator.options import NO_CACHE, Options
from polybot.simulator.rest.clob_options import ClobOptions
from polybot.simulator.server import Simulator
from polybot.simulator.simclock import SimClock
from polybot.utils.clock import SystemClock
from simulated_venue import AT_ONCE, Running, still_world

DEPOSIT = SignatureType.POLY_1271


@dataclass
class Venue:
    running: Running
    session: aiohttp.ClientSession

    async def caller(self, kind: SignatureType = DEPOSIT, *, balance: str = "100", approve: bool = True) -> Caller:
        """A new account with an API key."""
        account = self.running.simulator.desk.open_account(
            signature_type=kind, balance=Usdc.parse(balance), approve=approve
        )
        made = Caller(self.session, self.running.urls.clob, account, self.running.clock)
        await made.log_in()
        return made

    async def control(self, path: str, **body: object) -> Any:
        url = self.running.urls.control + path
        async with self.session.post(url, data=msgspec.json.encode(body)) as answer:
            assert answer.status == 200, await answer.text()
            return msgspec.json.decode(await answer.read())


@asynccontextmanager
async def open_venue(clob: ClobOptions | None = None) -> AsyncIterator[Venue]:
    """Time all but stands still unless it is advanced."""
    machine = SystemClock()
    clock = SimClock(machine, start_ns=machine.now_ns(), speed=0.001)
    options = Options(delays=AT_ONCE, cache=NO_CACHE, machine_time=True, clob=clob or ClobOptions())
    simulator = Simulator(still_world(clock.now_ns()), clock, options)
    running = Running(simulator, await simulator.start(), clock)
    try:
        async with aiohttp.ClientSession() as session:
            yield Venue(running, session)
    finally:
        await simulator.stop()
