"""Turns the indexers' dials while they run."""

from dataclasses import asdict

import msgspec
from aiohttp import web

from polybot.simulator.indexing.dials import Dials
from polybot.simulator.indexing.options import IndexerOptions
from polybot.simulator.rest.replies import Answer, Refusal, reply


class Lag(msgspec.Struct):
    lag_s: float


class DataControl:
    """POST /data: `lag_s` and any of the indexers' options, left as they are where nothing is said."""

    def __init__(self, dials: Dials) -> None:
        self._dials = dials

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/data", self._turn), web.get("/data", self._show)]

    async def _turn(self, request: web.Request) -> Answer:
        try:
            wanted = msgspec.json.decode(await request.read() or b"{}", type=dict[str, object])
            known = {"lag_s": self._dials.lag_s, **asdict(self._dials.options)}
            if unknown := wanted.keys() - known.keys():
                raise ValueError(f"unknown field {min(unknown)!r}, known are {', '.join(sorted(known))}")  # noqa: TRY301
            lag = msgspec.convert({**known, **wanted}, Lag)
            options = msgspec.convert({**known, **wanted}, IndexerOptions)
            if negative := [name for name, value in wanted.items() if isinstance(value, int | float) and value < 0]:
                raise ValueError(f"{negative[0]} must not be negative")  # noqa: TRY301
        except ValueError as wrong:
            raise Refusal(400, {"error": str(wrong)}) from None
        self._dials.lag_s, self._dials.options = lag.lag_s, options
        return await self._show(request)

    async def _show(self, _request: web.Request) -> Answer:
        return reply({"lag_s": self._dials.lag_s, **asdict(self._dials.options)})
