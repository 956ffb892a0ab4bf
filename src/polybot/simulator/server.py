"""The simulator as a whole: a world, its fronts on localhost, and its life."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
from aiohttp import web

from polybot.simulator.chain.control import ChainControl
from polybot.simulator.chain.node import ChainNode
from polybot.simulator.control import Control
from polybot.simulator.desk import Desk
from polybot.simulator.desk_control import MoveControl
from polybot.simulator.engine.model import (
    FillsPublished,
    FillsWithdrawn,
    LastTrade,
    MarketListed,
    MarketResolved,
    TradeChanged,
)
from polybot.simulator.engine.moves import PositionsMoved
from polybot.simulator.faults.control import FaultControl
from polybot.simulator.faults.engine import Faults, Tell
from polybot.simulator.faults.http import HttpFaults
from polybot.simulator.faults.kinds import AnyFault
from polybot.simulator.faults.recording import recorded
from polybot.simulator.faults.skew import Skew, SkewedClock
from polybot.simulator.faults.switches import Switches
from polybot.simulator.faults.trades import ScriptedMeddler
from polybot.simulator.indexing.dials import Dials
from polybot.simulator.options import Endpoints, Options
from polybot.simulator.records import Records
from polybot.simulator.relayer.control import RelayerControl
from polybot.simulator.relayer.service import Relayer, RelayerHttp
from polybot.simulator.rest.clob_front import ClobFront
from polybot.simulator.rest.data import DataApi
from polybot.simulator.rest.data_control import DataControl
from polybot.simulator.rest.gamma import GammaApi, Geoblock
from polybot.simulator.rest.gate import Credentials, Gate
from polybot.simulator.rest.keys import ApiKeys
from polybot.simulator.rest.limits import IpLimits
from polybot.simulator.rest.market_control import MarketControl
from polybot.simulator.rest.modes import Modes
from polybot.simulator.rest.newcomers import Newcomers
from polybot.simulator.rest.replies import RequestLog
from polybot.simulator.rest.session_keys import SessionKeys
from polybot.simulator.simclock import SimClock
from polybot.simulator.sites import Sites
from polybot.simulator.streams.feeds import Feeds
from polybot.simulator.streams.outbox import Sockets
from polybot.simulator.worlds.world import World, generated_world, tape_world
from polybot.utils.clock import Clock, SystemClock
from polybot.utils.garbage import look_for_cycles_less_often
from polybot.utils.supervisor import Supervisor, TaskReport


class Simulator:
    """Serves one world. `desk` scripts it from within the process, as `control` does over HTTP.

    Every request first brings the world to the present; a part that failed makes all requests fail.
    """

    def __init__(self, world: World, clock: Clock, options: Options | None = None) -> None:
        options = options or Options()
        agenda = world.exchange.agenda
        self.world = world
        self.clock = clock
        self.desk = Desk(world.exchange, seed=options.seed)
        self.geoblock = Geoblock()
        self.modes = Modes(agenda, options.clob)
        self._ip_limits = IpLimits(clock, enforced=options.clob.ip_limits)
        self.faults = Faults(agenda, seed=options.seed)
        self.requests = RequestLog(clock, before=self._catch_up)
        self.failures: list[TaskReport] = []
        self._options = options
        self._sockets = Sockets(queue_limit=options.queue_limit)
        self.keys = ApiKeys(seed=options.seed, reborn=options.clob.deleted_keys_return)
        self._sessions = SessionKeys(lambda: world.exchange.now_ns)
        self.relayer = Relayer(
            exchange=world.exchange, sessions=self._sessions, options=options.relayer, seed=options.seed
        )
        self.chain = ChainNode(
            world.exchange,
            sockets=self._sockets,
            options=options.chain,
            seed=options.seed,
            present=self._catch_up,
            nonce_of=self.relayer.wallets.nonce,
        )
        self.relayer.transactions.node = self.chain
        self._dials = Dials(options.indexers, lag_s=options.delays.data_api_s, seed=options.seed, clock=clock)
        self._records = Records(world, self._dials)
        self.feeds = Feeds(
            records=self._records, keys=self.keys, sockets=self._sockets, options=options, faults=self.faults
        )
        self.modes.on_return.append(self.feeds.market.restate)
        if options.clob.restart_drops_sockets:
            self.modes.on_restart.append(self.feeds.market.drop)
        self.control = Control(
            world=world,
            clock=clock,
            desk=self.desk,
            records=self._records,
            log=self.requests,
            geoblock=self.geoblock,
        )
        self._skew = Skew()
        self._sites = Sites(self._routes(), self.requests, self._ip_limits.around, self._befall().around)
        self._tasks = Supervisor(clock=clock, report=self.failures.append)
        world.exchange.subscribe(self._records.hear, MarketListed, MarketResolved, LastTrade)
        world.exchange.subscribe(self.feeds.hear)
        chained = (TradeChanged, FillsPublished, FillsWithdrawn, PositionsMoved, MarketResolved)
        world.exchange.subscribe(self.chain.hear, *chained)

    def _befall(self) -> HttpFaults:
        """Lets the script reach the exchange, the venue's state and the requests."""
        exchange, delays = self.world.exchange, self._options.delays
        exchange.meddler = ScriptedMeddler(self.faults, exchange.meddler)
        Switches(
            self.faults,
            exchange=exchange,
            modes=self.modes,
            geoblock=self.geoblock,
            skew=self._skew,
            node=self.chain,
        )
        told_s = max(delays.market_s, delays.user_s)
        return HttpFaults(self.faults, clock=self.clock, told_s=told_s, present=self._catch_up)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Endpoints:
        """Port 0 takes free ports; else the services get `port` and those above it."""
        await self._sites.open(host, port)
        self._tasks.critical("simulator-world", lambda: self.world.run(self.clock))
        return self._endpoints()

    async def stop(self) -> None:
        """Safe to repeat."""
        await self._sockets.close()
        await self._sites.close()
        await self._tasks.stop()

    def _endpoints(self) -> Endpoints:
        at = self._sites.addresses
        return Endpoints(
            clob=f"http://{at['clob']}",
            data=f"http://{at['data']}",
            gamma=f"http://{at['gamma']}",
            geoblock=f"http://{at['geoblock']}/api/geoblock",
            ws_market=f"ws://{at['streams']}/ws/market",
            ws_user=f"ws://{at['streams']}/ws/user",
            ws_activity=f"ws://{at['activity']}",
            control=f"http://{at['control']}",
            relayer=f"http://{at['relayer']}",
            rpc=f"http://{at['rpc']}",
            ws_rpc=f"ws://{at['rpc']}",
        )

    def _routes(self) -> dict[str, list[web.RouteDef]]:
        clocks = (self.clock, SystemClock()) if self._options.machine_time else (self.clock,)
        gate = Gate(self.keys, *(SkewedClock(clock, self._skew) for clock in clocks), skew_s=self._options.clob.skew_s)
        credentials = Credentials(
            gate=gate, keys=self.keys, accounts=self.world.exchange.accounts, sessions=self._sessions
        )
        clob = ClobFront(
            world=self.world,
            clock=self.clock,
            shown_clock=SkewedClock(self.clock, self._skew),
            records=self._records,
            gate=gate,
            keys=self.keys,
            sessions=self._sessions,
            modes=self.modes,
            geoblock=self.geoblock,
            ip_limits=self._ip_limits,
            options=self._options,
        )
        relayer_control = RelayerControl(self.relayer, self.keys)
        data = DataApi(records=self._records, dials=self._dials, options=self._options, clock=self.clock)
        return {
            "clob": [*Newcomers(self._records, self._dials).hidden_by(clob.routes()), *credentials.routes()],
            "data": data.routes(),
            "gamma": GammaApi(self._records, self._dials).routes(),
            "geoblock": self.geoblock.routes(),
            "streams": [web.get("/ws/market", self.feeds.market.connect), web.get("/ws/user", self.feeds.user.connect)],
            "activity": [web.get("/", self.feeds.activity.connect)],
            "relayer": RelayerHttp(self.relayer, gate).routes(),
            "rpc": self.chain.routes(),
            "control": [
                *self.control.routes(),
                *relayer_control.routes(),
                *ChainControl(self.chain).routes(),
                *MoveControl(self.world.exchange, self.desk).routes(),
                *MarketControl(self.world.exchange).routes(),
                *FaultControl(self.faults).routes(),
                *DataControl(self._dials).routes(),
                *clob.control.routes(),
            ],
        }

    def listen(self, tell: Tell | None) -> None:
        """`tell` hears of each request, frame, fault and strike from now on; None: nobody does."""
        self.faults.tell = tell
        self.requests.heard = (lambda record: tell({"what": "request", **asdict(record)})) if tell else None

    def _catch_up(self) -> None:
        if self.failures:
            raise self.failures[0].error
        self.world.step(self.clock.now_ns())


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What `polybot simulate` can be told."""

    port: int = 0
    tapes: Sequence[str] = ()
    seed: int = 0
    speed: float = 1.0
    host: str = "127.0.0.1"
    faults: Sequence[AnyFault] = ()
    record: Path | None = None


async def serve(options: ServeOptions) -> None:
    """Prints one JSON line with the URL of each service when ready; runs until SIGINT or SIGTERM.

    OSError if `record` cannot be written or a port is taken.
    """
    look_for_cycles_less_often()
    machine = SystemClock()
    world = _world(options, now_ns=machine.now_ns())
    clock = SimClock(machine, start_ns=world.starts_at_ns, speed=options.speed)
    simulator = Simulator(world, clock, Options(machine_time=True, seed=options.seed))
    with recorded(options.record, seed=options.seed) as tell:
        simulator.listen(tell)
        simulator.faults.arm(options.faults)
        await _until_stopped(simulator, options)


async def _until_stopped(simulator: Simulator, options: ServeOptions) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    endpoints = await simulator.start(options.host, options.port)
    try:
        sys.stdout.write(msgspec.json.encode(endpoints).decode() + "\n")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await simulator.stop()


def _world(options: ServeOptions, *, now_ns: int) -> World:
    if options.tapes:
        return tape_world(options.tapes, seed=options.seed)
    return generated_world(seed=options.seed, start_ns=now_ns)
