"""The control service's calls about the relayer."""

from typing import Literal, TypeVar

import msgspec
from aiohttp import web

from polybot.core.ids import parse_wallet
from polybot.polymarket.wallets import checksum
from polybot.simulator.relayer.service import Relayer
from polybot.simulator.relayer.transactions import Doom, State
from polybot.simulator.rest.keys import ApiKeys, KeyKind
from polybot.simulator.rest.replies import Answer, refuse, reply

B = TypeVar("B")


class NewRelayerKey(msgspec.Struct, forbid_unknown_fields=True):
    eoa: str


class RelayerChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays. A `quota` of -1 is none."""

    quota: int | None = None
    quota_status: int | None = None
    next_state: Literal["STATE_FAILED", "STATE_INVALID"] | None = None
    error: str = "simulated failure"


class RelayerControl:
    def __init__(self, relayer: Relayer, keys: ApiKeys) -> None:
        self._relayer = relayer
        self._keys = keys

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/relayer-keys", self._make_key), web.post("/relayer", self._change)]

    async def _make_key(self, request: web.Request) -> Answer:
        wanted = await _read(request, NewRelayerKey)
        try:
            eoa = parse_wallet(wanted.eoa)
        except ValueError as wrong:
            raise refuse(400, f"eoa: {wrong}") from None
        return reply({"key": self._keys.mint(eoa, KeyKind.RELAYER).key, "address": checksum(eoa)})

    async def _change(self, request: web.Request) -> Answer:
        wanted = await _read(request, RelayerChange)
        allowance = self._relayer.allowance
        if wanted.quota is not None:
            allowance.quota = wanted.quota if wanted.quota >= 0 else None
        if wanted.quota_status is not None:
            allowance.quota_status = wanted.quota_status
        if wanted.next_state is not None:
            self._relayer.transactions.doom = Doom(State(wanted.next_state), wanted.error)
        doom = self._relayer.transactions.doom
        return reply(
            {
                "quota": -1 if allowance.quota is None else allowance.quota,
                "quota_status": allowance.quota_status,
                "next_state": doom.state if doom else None,
            }
        )


async def _read(request: web.Request, shape: type[B]) -> B:
    try:
        return msgspec.json.decode(await request.read(), type=shape)
    except msgspec.MsgspecError as wrong:
        raise refuse(400, str(wrong)) from None
