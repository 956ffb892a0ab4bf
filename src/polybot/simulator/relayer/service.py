"""The relayer's HTTP service."""

from aiohttp import web

from polybot.core.ids import Wallet
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.rest.replies import Answer, reply


class Relayer:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/deployed", self._deployed)]

    async def _deployed(self, request: web.Request) -> Answer:
        """Every wallet that has an account here exists on chain."""
        wallet = Wallet(request.query.get("address", "").lower())
        return reply({"deployed": self._exchange.accounts.find(wallet) is not None})
