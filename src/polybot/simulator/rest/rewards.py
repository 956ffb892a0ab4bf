"""Rewards and rebates. No market here pays any, and that is what the CLOB says when asked."""

from aiohttp import web

from polybot.simulator.rest.clob_options import ClobOptions
from polybot.simulator.rest.gate import Gate
from polybot.simulator.rest.pages import page
from polybot.simulator.rest.replies import Answer, reply


class Rewards:
    def __init__(self, gate: Gate, options: ClobOptions) -> None:
        self._gate = gate
        self._options = options

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/rewards/user", self._own_page),
            web.get("/rewards/user/total", self._own_list),
            web.get("/rewards/user/markets", self._own_page),
            web.get("/rewards/user/percentages", self._percentages),
            web.get("/rewards/markets/current", self._page),
            web.get("/rewards/markets/multi", self._page),
            web.get("/rewards/markets/{condition}", self._page),
            web.get("/rebates/current", self._rebates),
        ]

    async def _own_page(self, request: web.Request) -> Answer:
        await self._gate.l2(request)
        return page([], request, size=self._options.page_size, total_count=0)

    async def _own_list(self, request: web.Request) -> Answer:
        await self._gate.l2(request)
        return reply([])

    async def _percentages(self, request: web.Request) -> Answer:
        await self._gate.l2(request)
        return reply({})

    async def _page(self, request: web.Request) -> Answer:
        return page([], request, size=self._options.page_size)

    async def _rebates(self, _request: web.Request) -> Answer:
        return reply([])
