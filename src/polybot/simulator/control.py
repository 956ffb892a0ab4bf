"""The control service: how a script, here or in another program, drives the venue. JSON in, JSON out."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Literal, TypeVar

import msgspec
from aiohttp import web

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import SignatureType, TimeInForce
from polybot.simulator.desk import Desk, OpenedAccount, plain, truth_by_wallet
from polybot.simulator.engine.model import OrderRefused
from polybot.simulator.records import Records
from polybot.simulator.rest.gamma import Geoblock
from polybot.simulator.rest.replies import Answer, Refusal, RequestLog, reply
from polybot.simulator.simclock import Advanceable, SimClock
from polybot.simulator.wire.orders import placed
from polybot.simulator.worlds.world import World
from polybot.utils.clock import Clock

B = TypeVar("B", bound="Body")
Q = TypeVar("Q", Usdc, Shares, Price)

_TYPES = {
    "eoa": SignatureType.EOA,
    "proxy": SignatureType.POLY_PROXY,
    "safe": SignatureType.POLY_GNOSIS_SAFE,
    "deposit": SignatureType.POLY_1271,
    "old_deposit": SignatureType.POLY_1271,
}


class Body(msgspec.Struct, forbid_unknown_fields=True):
    """What a caller sends; a misspelt field is an error, not a default."""


class NewAccount(Body):
    signature_type: Literal[0, 1, 2, 3] | None = None
    wallet_type: Literal["eoa", "proxy", "safe", "deposit", "old_deposit"] | None = None
    balance: Decimal = Decimal(0)
    private_key: str | None = None
    name: str = ""
    approve: bool = True
    deployed: bool = True


class ScriptedOrder(Body):
    trader: str
    token: str
    side: Literal["BUY", "SELL"]
    size: Decimal | None = None
    amount: Decimal | None = None
    price: Decimal | None = None
    type: Literal["GTC", "FOK", "FAK"] = "FAK"


class ClockChange(Body):
    advance_s: float | None = None
    speed: float | None = None


class Resolution(Body):
    """Without a winner each share is worth a half."""

    condition: str
    winner: str | None


class GeoblockAnswer(Body):
    blocked: bool
    country: str | None = None
    region: str | None = None
    ip: str | None = None


class Control:
    def __init__(
        self,
        *,
        world: World,
        clock: Clock,
        desk: Desk,
        records: Records,
        log: RequestLog,
        geoblock: Geoblock,
    ) -> None:
        self._world = world
        self._clock = clock
        self._desk = desk
        self._records = records
        self._log = log
        self._geoblock = geoblock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/accounts", self._explained(self._account)),
            web.post("/orders", self._explained(self._order)),
            web.post("/clock", self._explained(self._change_clock)),
            web.get("/clock", self._explained(self._show_clock)),
            web.post("/resolve", self._explained(self._resolve)),
            web.post("/geoblock", self._explained(self._set_geoblock)),
            web.get("/ledger", self._explained(self._ledger)),
            web.get("/requests", self._explained(self._requests)),
            web.get("/targets", self._explained(self._targets)),
        ]

    def _explained(
        self, handle: Callable[[web.Request], Awaitable[Answer]]
    ) -> Callable[[web.Request], Awaitable[Answer]]:
        """What was wrong with a call, as 400 or 404 with a sentence."""

        async def answer(request: web.Request) -> Answer:
            try:
                return await handle(request)
            except OrderRefused as refused:
                raise Refusal(400, {"error": str(refused)}) from None
            except LookupError as missing:
                raise Refusal(404, {"error": str(missing.args[0])}) from None
            except ValueError as wrong:
                raise Refusal(400, {"error": str(wrong)}) from None

        return answer

    async def _account(self, request: web.Request) -> Answer:
        wanted = await _body(request, NewAccount)
        if (wanted.signature_type is None) is (wanted.wallet_type is None):
            raise ValueError(f"give either signature_type (0 to 3) or wallet_type ({', '.join(_TYPES)})")
        kind = _TYPES[wanted.wallet_type] if wanted.wallet_type else SignatureType(wanted.signature_type or 0)
        opened = self._desk.open_account(
            signature_type=kind,
            balance=exact(Usdc, wanted.balance),
            private_key=wanted.private_key,
            name=wanted.name,
            approve=wanted.approve,
            deployed=wanted.deployed,
            old_form=wanted.wallet_type == "old_deposit",
        )
        return reply(_shown(opened))

    async def _order(self, request: web.Request) -> Answer:
        wanted = await _body(request, ScriptedOrder)
        placement = self._desk.trade(
            trader=wanted.trader,
            token=TokenId(wanted.token),
            side=Side(wanted.side),
            size=exact(Shares, wanted.size) if wanted.size is not None else None,
            amount=exact(Usdc, wanted.amount) if wanted.amount is not None else None,
            price=exact(Price, wanted.price) if wanted.price is not None else None,
            tif=TimeInForce(wanted.type),
        )
        return reply(placed(placement))

    async def _change_clock(self, request: web.Request) -> Answer:
        wanted = await _body(request, ClockChange)
        if wanted.speed is not None:
            self._set_speed(wanted.speed)
        if wanted.advance_s is not None:
            await self.advance(wanted.advance_s)
        return await self._show_clock(request)

    async def advance(self, seconds: float) -> None:
        """Everything due in between happens, each at its own time. ValueError if time cannot be moved."""
        clock = self._clock if isinstance(self._clock, Advanceable) else None
        if clock is None:
            raise ValueError(f"advance_s {seconds}: this simulator shares a clock that cannot be moved")
        if seconds < 0:
            raise ValueError(f"advance_s must not be negative, not {seconds}")
        await clock.advance(seconds)
        self._world.step(self._clock.now_ns())

    def _set_speed(self, speed: float) -> None:
        clock = self._clock
        adjustable = clock if isinstance(clock, SimClock) else None
        if adjustable is None:
            raise ValueError(f"speed {speed}: this simulator shares a clock whose speed is fixed")
        adjustable.set_speed(speed)

    async def _show_clock(self, _request: web.Request) -> Answer:
        speed = self._clock.speed if isinstance(self._clock, SimClock) else None
        return reply({"now_ns": self._clock.now_ns(), "speed": speed})

    async def _resolve(self, request: web.Request) -> Answer:
        wanted = await _body(request, Resolution)
        market = self._records.market(ConditionId(wanted.condition.lower()))
        tokens = [outcome.token for outcome in market.outcomes]
        named = [outcome.token for outcome in market.outcomes if wanted.winner in {outcome.token, outcome.name}]
        if wanted.winner is not None and not named:
            raise ValueError(f"winner {wanted.winner!r} is neither a token nor an outcome of the market: {tokens}")
        winner = named[0] if named else None
        self._world.exchange.resolve(market.condition, winner=winner)
        return reply({"condition": market.condition, "winner": winner})

    async def _set_geoblock(self, request: web.Request) -> Answer:
        wanted = await _body(request, GeoblockAnswer)
        self._geoblock.blocked = wanted.blocked
        self._geoblock.country = wanted.country if wanted.country is not None else self._geoblock.country
        self._geoblock.region = wanted.region if wanted.region is not None else self._geoblock.region
        self._geoblock.ip = wanted.ip if wanted.ip is not None else self._geoblock.ip
        return reply(plain(self._geoblock))

    async def _ledger(self, _request: web.Request) -> Answer:
        return reply(truth_by_wallet(self._world.exchange.ledger()))

    async def _requests(self, request: web.Request) -> Answer:
        """All that came in, or those of one `service` or `path`."""
        service, path = request.query.get("service"), request.query.get("path")
        return reply([
            plain(record)
            for record in self._log.records
            if service in {None, record.service} and path in {None, record.path}
        ])  # fmt: skip

    async def _targets(self, _request: web.Request) -> Answer:
        """Traders of this world worth following."""
        return reply([target._asdict() for target in self._world.suggested_targets()])


def exact(kind: type[Q], value: Decimal) -> Q:
    """ValueError if it is finer than a micro-unit."""
    return kind.parse(str(value))


async def _body(request: web.Request, shape: type[B]) -> B:
    """msgspec's own words name the field and the value's type."""
    return msgspec.json.decode(await request.read() or b"{}", type=shape)


def _shown(opened: OpenedAccount) -> dict[str, object]:
    return {
        "private_key": opened.private_key,
        "eoa": opened.eoa,
        "wallet": opened.wallet,
        "signature_type": int(opened.signature_type),
        "name": opened.name,
        "balance": str(opened.balance),
    }
