"""The control service's calls about the chain."""

from dataclasses import asdict
from typing import Annotated, TypeVar

import msgspec
from aiohttp import web

from polybot.core.ids import parse_wallet
from polybot.simulator.chain.node import ChainNode
from polybot.simulator.rest.replies import Answer, refuse, reply

B = TypeVar("B")
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Blocks = Annotated[int, msgspec.Meta(ge=0)]


class Reorganisation(msgspec.Struct, forbid_unknown_fields=True):
    depth: int
    drop: list[str] = []


class ProviderChange(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is left out stays; the names are `Provider`'s."""

    deaf: bool | None = None
    withheld_ratio: Share | None = None
    withheld_everywhere: bool | None = None
    lag_blocks: Blocks | None = None
    uneven_ratio: Share | None = None
    closing_ratio: Share | None = None
    unseen_ratio: Share | None = None
    range_blocks: Blocks | None = None
    history_blocks: Blocks | None = None
    finality_blocks: Blocks | None = None


class Gas(msgspec.Struct, forbid_unknown_fields=True):
    address: str
    wei: Annotated[int, msgspec.Meta(ge=0)]


class ChainControl:
    def __init__(self, node: ChainNode) -> None:
        self._node = node

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/reorg", self._reorganise),
            web.post("/provider", self._change_provider),
            web.post("/gas", self._set_gas),
        ]

    async def _reorganise(self, request: web.Request) -> Answer:
        wanted = await _read(request, Reorganisation)
        try:
            self._node.reorg(wanted.depth, drop=[tx.lower() for tx in wanted.drop])
        except ValueError as wrong:
            raise refuse(400, str(wrong)) from None
        return reply({"head": self._node.head, "depth": wanted.depth})

    async def _change_provider(self, request: web.Request) -> Answer:
        wanted = await _read(request, ProviderChange)
        for name, value in msgspec.to_builtins(wanted).items():
            setattr(self._node.provider, name, value)
        return reply(asdict(self._node.provider))

    async def _set_gas(self, request: web.Request) -> Answer:
        wanted = await _read(request, Gas)
        try:
            address = parse_wallet(wanted.address)
        except ValueError as wrong:
            raise refuse(400, f"address: {wrong}") from None
        self._node.set_gas(address, wei=wanted.wei)
        return reply({"address": address, "wei": wanted.wei})


async def _read(request: web.Request, shape: type[B]) -> B:
    try:
        return msgspec.json.decode(await request.read(), type=shape)
    except msgspec.MsgspecError as wrong:
        raise refuse(400, str(wrong)) from None
