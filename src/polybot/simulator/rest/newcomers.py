"""Markets so new that Gamma lists them while the CLOB does not know them yet."""

from collections.abc import Sequence

from aiohttp import web

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market
from polybot.simulator.indexing.dials import Dials
from polybot.simulator.records import Records
from polybot.simulator.rest.replies import Answer, Handler, refuse

_NS = 1_000_000_000


class Newcomers:
    """Stands before the CLOB's reads of one market."""

    def __init__(self, records: Records, dials: Dials) -> None:
        self._records = records
        self._dials = dials

    def hidden_by(self, routes: Sequence[web.RouteDef]) -> list[web.RouteDef]:
        return [web.RouteDef(r.method, r.path, self._guarding(r.handler), r.kwargs) for r in routes]

    def _guarding(self, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> Answer:
            if request.method == "GET" and self._is_new(request):
                raise refuse(404, "No orderbook exists for the requested token id")
            return await handler(request)

        return answer

    def _is_new(self, request: web.Request) -> bool:
        lag_ns = round(self._dials.options.clob_listing_lag_s * _NS)
        market = self._asked_for(request) if lag_ns else None
        return market is not None and self._records.listed_ns(market) + lag_ns > self._dials.now_ns()

    def _asked_for(self, request: web.Request) -> Market | None:
        condition = request.match_info.get("condition")
        if condition is not None:
            return self._records.find_market(ConditionId(condition.lower()))
        return self._records.market_of(TokenId(request.match_info.get("token_id") or request.query.get("token_id", "")))
