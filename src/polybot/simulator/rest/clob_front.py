"""The CLOB's HTTP side as a whole."""

from aiohttp import web

from polybot.simulator.engine.model import FillsPublished, LastTrade
from polybot.simulator.options import Options
from polybot.simulator.records import Records
from polybot.simulator.rest.balances import Balances
from polybot.simulator.rest.clob import ClobPublic
from polybot.simulator.rest.clob_control import ClobControl
from polybot.simulator.rest.gamma import Geoblock
from polybot.simulator.rest.gate import Gate
from polybot.simulator.rest.heartbeats import Heartbeats
from polybot.simulator.rest.history import History
from polybot.simulator.rest.keys import ApiKeys
from polybot.simulator.rest.limits import IpLimits, SignerLimits
from polybot.simulator.rest.modes import Modes
from polybot.simulator.rest.notifications import Notifications
from polybot.simulator.rest.own import BuilderRecords, OwnRecords
from polybot.simulator.rest.private import ClobOrders
from polybot.simulator.rest.replies import Answer, reply
from polybot.simulator.rest.rewards import Rewards
from polybot.simulator.rest.session_keys import SessionKeys
from polybot.simulator.worlds.world import World
from polybot.utils.clock import Clock


class ClobFront:
    """Everything but the routes under /auth. `limits` are those per signer, `shown_clock` what GET /time tells."""

    def __init__(
        self,
        *,
        world: World,
        clock: Clock,
        shown_clock: Clock,
        records: Records,
        gate: Gate,
        keys: ApiKeys,
        sessions: SessionKeys,
        modes: Modes,
        geoblock: Geoblock,
        ip_limits: IpLimits,
        options: Options,
    ) -> None:
        """`shown_clock` is what GET /time tells, which may be wrong."""
        exchange, clob = world.exchange, options.clob
        self._world = world
        self._clock = clock
        self._gate = gate
        self.limits = SignerLimits(exchange.agenda, clob)
        self._history = History(records, clock)
        self._public = ClobPublic(records=records, clock=shown_clock, history=self._history, options=clob)
        self._balances = Balances(exchange=exchange, gate=gate, sessions=sessions, lag_s=clob.balance_lag_s)
        self._notifications = Notifications(exchange=exchange, records=records, gate=gate, keys=keys)
        self._own = OwnRecords(exchange=exchange, gate=gate, keys=keys, options=clob)
        self._builders = BuilderRecords(exchange=exchange, keys=keys, options=clob)
        self._rewards = Rewards(gate, clob)
        self._orders = ClobOrders(
            exchange=exchange,
            gate=gate,
            sessions=sessions,
            balances=self._balances,
            builders=self._builders,
            modes=modes,
            limits=self.limits,
            geoblock=geoblock,
            options=clob,
            pause=self._pause,
        )
        self._heartbeats = Heartbeats(
            agenda=exchange.agenda,
            gate=gate,
            seed=options.seed,
            timeout_s=clob.heartbeat_s,
            expire=self._orders.cancel_all_of,
        )
        self.control = ClobControl(exchange=exchange, modes=modes, limits=self.limits, ip_limits=ip_limits)
        exchange.subscribe(self._history.hear, LastTrade, FillsPublished)

    def routes(self) -> list[web.RouteDef]:
        return [
            *self._history.routes(),
            *self._public.routes(),
            *self._orders.routes(),
            *self._own.routes(),
            *self._builders.routes(),
            *self._balances.routes(),
            *self._notifications.routes(),
            *self._rewards.routes(),
            *self._heartbeats.routes(),
            web.get("/v1/user/rate-limit-tier", self._tier),
        ]

    async def _tier(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        return reply({"tier": self.limits.tier(key.address).name})

    async def _pause(self, seconds: float) -> None:
        """What happens meanwhile has happened when it is over."""
        await self._clock.sleep(seconds)
        self._world.step(self._clock.now_ns())
