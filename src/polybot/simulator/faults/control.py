"""The control service's calls about faults."""

from dataclasses import asdict
from typing import Any

from aiohttp import web

from polybot.simulator.faults.engine import Armed, Faults, script_of
from polybot.simulator.faults.script import ScriptRefused, parse_script
from polybot.simulator.rest.replies import Answer, Refusal, reply


class FaultControl:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/faults", self._arm),
            web.get("/faults", self._show),
            web.delete("/faults", self._clear),
        ]

    async def _arm(self, request: web.Request) -> Answer:
        """One fault or a list of them; all or none."""
        try:
            specs = parse_script(await request.text())
        except ScriptRefused as wrong:
            raise Refusal(400, {"error": str(wrong)}) from None
        return reply([_shown(armed) for armed in self._faults.arm(specs)])

    async def _show(self, _request: web.Request) -> Answer:
        return reply({
            "faults": [_shown(armed) for armed in self._faults.armed],
            "strikes": [asdict(strike) for strike in self._faults.strikes],
        })  # fmt: skip

    async def _clear(self, _request: web.Request) -> Answer:
        self._faults.clear()
        return await self._show(_request)


def _shown(armed: Armed) -> dict[str, Any]:
    script = script_of(armed.spec)
    return {"number": armed.number, "opportunities": armed.opportunities, "struck": armed.struck, "script": script}
