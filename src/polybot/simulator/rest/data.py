"""The Data API, version 2, behind its CDN."""

import hashlib
from collections.abc import Awaitable, Callable

from aiohttp import web

from polybot.simulator.engine.blocks import block_at
from polybot.simulator.indexing.dials import Dials
from polybot.simulator.options import Options
from polybot.simulator.records import Records
from polybot.simulator.rest.cdn import CachedAnswer, Cdn
from polybot.simulator.rest.data_errors import DATA_ERRORS, DataError, data_refusal
from polybot.simulator.rest.data_feeds import Feeds
from polybot.simulator.rest.data_markets import Markets
from polybot.simulator.rest.data_page import Cursors, Page, Route
from polybot.simulator.rest.data_positions import Positions
from polybot.simulator.rest.data_query import Firewalled, InvalidRequest, Params
from polybot.simulator.rest.data_wallets import Wallets
from polybot.simulator.rest.replies import encode
from polybot.simulator.wire.markets import iso
from polybot.utils.clock import Clock

_NS = 1_000_000_000
V1_PATHS = frozenset({
    "/activity", "/trades", "/positions", "/closed-positions", "/v1/market-positions", "/value", "/holders",
    "/v1/leaderboard", "/traded", "/oi", "/live-volume",
})  # fmt: skip
_SOURCES = ("auto_redeem_binary_redemption", "binary_module_position_redeemed", "combinatorial_module_compressed")

Handler = Callable[[web.Request], Awaitable[web.Response]]


class DataApi:
    """Rows appear some time after their block; an answer that was cached is repeated until it is too old."""

    def __init__(self, *, records: Records, dials: Dials, options: Options, clock: Clock) -> None:
        self.cdn = Cdn(clock)
        self._dials = dials
        self._seed = options.seed
        self._traces = 0
        cache, cursors = options.cache, Cursors(seed=options.seed)
        self._max_age_s = {
            "/v2/activity": cache.activity_s,
            "/v2/trades": cache.trades_s,
            "/v2/positions": cache.positions_s,
            "/v2/oi": cache.oi_s,
        }
        self._routes: dict[str, Route] = {"/v2/status": self._status}
        for part in (Feeds, Positions, Markets, Wallets):
            self._routes.update(part(records, dials, cursors).routes())

    def routes(self) -> list[web.RouteDef]:
        known = [web.get(path, self._answering(path, route)) for path, route in self._routes.items()]
        return [*known, web.route("*", "/{rest:.*}", self._missing)]

    def _answering(self, path: str, route: Route) -> Handler:
        max_age_s = self._max_age_s.get(path, 0.0)

        async def answer(request: web.Request) -> web.Response:
            kept = self.cdn.find(request.path_qs, max_age_s=max_age_s)
            if kept is not None:
                return self._respond(kept, max_age_s=max_age_s, hit=True)
            trace_id = self._trace()
            try:
                page = route(Params({name: request.query.getall(name) for name in request.query}))
            except InvalidRequest as error:
                refused = DataError(400, "invalid_request", str(error))
                return data_refusal(refused, trace_id=trace_id, parameter=error.parameter)
            except Firewalled:
                return DATA_ERRORS["firewalled"].answer(trace_id)
            stored = self.cdn.store(request.path_qs, status=200, body=encode(page.body()), trace_id=trace_id)
            return self._respond(stored, max_age_s=max_age_s, hit=False)

        return answer

    def _respond(self, answer: CachedAnswer, *, max_age_s: float, hit: bool) -> web.Response:
        headers = {"x-trace-id": answer.trace_id, "x-cache": "Hit from cloudfront" if hit else "Miss from cloudfront"}
        if hit:
            headers["Age"] = str(int(self.cdn.age_s(answer)))
        if max_age_s:
            headers["Cache-Control"] = f"public, max-age={int(max_age_s)}"
        return web.Response(body=answer.body, headers=headers, content_type="application/json")

    async def _missing(self, request: web.Request) -> web.Response:
        if request.path in V1_PATHS:
            name = "gone" if self._dials.options.v1_status == DATA_ERRORS["gone"].status else "not_found"
        else:
            name = "method_not_allowed" if request.path in self._routes else "not_found"
        return DATA_ERRORS[name].answer(self._trace())

    def _trace(self) -> str:
        self._traces += 1
        return hashlib.blake2b(f"{self._seed}:{self._traces}".encode(), digest_size=16).hexdigest()

    def _status(self, _params: Params) -> Page:
        now_ns, ingested = self._dials.now_ns(), block_at(self._dials.ingested_ns())
        served_ns = self._dials.served_ns()
        age_s, behind = max(0, round((now_ns - served_ns) / _NS)), block_at(now_ns) - ingested
        lagging = [{"source": source, "block": ingested - 1, "behind_max": 1} for source in _SOURCES]
        return Page({
            "computed_at": iso(now_ns),
            "age_seconds": 0,
            "serving": {
                "lag_seconds": age_s,
                "worst": "activity_feed",
                "mechanisms": [
                    {"name": "activity_feed", "age_seconds": age_s},
                    {"name": "custody_balances", "age_seconds": 0, "blocks_behind": behind},
                    {"name": "pnl", "age_seconds": min(age_s, 1), "blocks_behind": behind},
                ],
            },
            "ingestion": {
                "cursors": 148,
                "network": "polygon",
                "chain_id": 137,
                "max_synced_block": ingested,
                "min_synced_block": ingested - 1,
                "most_lagged": lagging[0],
                "lagging": lagging,
            },
        })  # fmt: skip
