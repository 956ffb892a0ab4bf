"""The Data API, version 2: activity, trades, positions, value, status, behind its CDN."""

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from aiohttp import web

from polybot.core.ids import Wallet
from polybot.simulator.options import Options
from polybot.simulator.rest.cdn import CachedAnswer, Cdn
from polybot.simulator.rest.cursors import seal, unseal
from polybot.simulator.rest.data_query import FeedQuery, InvalidRequest, Params, activity_query, trades_query
from polybot.simulator.rest.replies import encode
from polybot.simulator.wire.rows import Holding, Row, activity_row, position_row, trade_row
from polybot.utils.clock import Clock

BLOCK_NS = 1_500_000_000
_STATUSES = frozenset({"OPEN", "REDEEMABLE", "REDEEMABLE_LOST", "MERGEABLE", "CLOSED"})
_SORTS: dict[str, Callable[[dict[str, Any]], Decimal | int]] = {
    "CURRENT_VALUE": lambda row: row["current_value"],
    "PRICE": lambda row: row["current_price"],
    "TOKENS": lambda row: row["current_size"],
    "UNREALIZED_PNL": lambda row: row["unrealized_pnl"],
    "REALIZED_PNL": lambda row: row["realized_pnl"],
    "TOTAL_PNL": lambda row: row["total_pnl"],
    "TIMESTAMP": lambda row: row["last_event_at"],
}


class Records(Protocol):
    """What happened, as the indexer knows it."""

    def rows(self, wallet: Wallet | None) -> Sequence[Row]:
        """Of one wallet or of all, oldest first."""
        ...

    def holdings(self, wallet: Wallet, *, until_ns: int) -> Sequence[Holding]:
        """As of that moment."""
        ...


@dataclass(frozen=True, slots=True)
class _Page:
    data: object
    limit: int = 0
    next_cursor: str | None = None

    def body(self, *, listed: bool) -> dict[str, Any]:
        if not listed:
            return {"data": self.data}
        paging = {
            "limit": self.limit,
            "offset": 0,
            "has_more": self.next_cursor is not None,
            "next_cursor": self.next_cursor,
        }
        return {"data": self.data, "pagination": paging}


Route = Callable[[Mapping[str, Sequence[str]]], _Page]


class DataApi:
    """Rows appear `data_api_s` after they happened; an answer that was cached is repeated until it is too old."""

    def __init__(self, *, records: Records, options: Options, clock: Clock) -> None:
        self.cdn = Cdn(clock)
        self._records = records
        self._options = options
        self._clock = clock
        self._secret = f"cursor:{options.seed}".encode()
        self._traces = 0

    def routes(self) -> list[web.RouteDef]:
        cache = self._options.cache
        return [
            self._get("/v2/activity", self._activity, max_age_s=cache.activity_s),
            self._get("/v2/trades", self._trades, max_age_s=cache.trades_s),
            self._get("/v2/positions", self._positions, max_age_s=cache.positions_s),
            self._get("/v2/value", self._value, listed=False),
            self._get("/v2/status", self._status, listed=False),
        ]

    def _get(self, path: str, route: Route, *, max_age_s: float = 0.0, listed: bool = True) -> web.RouteDef:
        async def answer(request: web.Request) -> web.Response:
            kept = self.cdn.find(request.path_qs, max_age_s=max_age_s)
            if kept is not None:
                return self._respond(kept, max_age_s=max_age_s, hit=True)
            status, body = self._fresh(route, request, listed=listed)
            stored = self.cdn.store(request.path_qs, status=status, body=body, trace_id=self._trace())
            return self._respond(stored, max_age_s=max_age_s, hit=False)

        return web.get(path, answer)

    def _fresh(self, route: Route, request: web.Request, *, listed: bool) -> tuple[int, bytes]:
        query = {name: request.query.getall(name) for name in request.query}
        try:
            return 200, encode(route(query).body(listed=listed))
        except InvalidRequest as error:
            return 400, encode(self._error(str(error), parameter=error.parameter))

    def _error(self, text: str, *, parameter: str) -> dict[str, Any]:
        return {
            "error": text,
            "code": "invalid_request",
            "retryable": False,
            "trace_id": f"{self._traces:032x}",
            "parameter": parameter,
        }

    def _respond(self, answer: CachedAnswer, *, max_age_s: float, hit: bool) -> web.Response:
        headers = {"x-trace-id": answer.trace_id, "x-cache": "Hit from cloudfront" if hit else "Miss from cloudfront"}
        if hit:
            headers["Age"] = str(int(self.cdn.age_s(answer)))
        if max_age_s and answer.status == 200:
            headers["Cache-Control"] = f"public, max-age={int(max_age_s)}"
        return web.Response(body=answer.body, status=answer.status, headers=headers, content_type="application/json")

    def _trace(self) -> str:
        self._traces += 1
        return hashlib.blake2b(f"{self._options.seed}:{self._traces}".encode(), digest_size=16).hexdigest()

    def _seen_until_ns(self) -> int:
        return self._clock.now_ns() - round(self._options.delays.data_api_s * 1e9)

    def _activity(self, query: Mapping[str, Sequence[str]]) -> _Page:
        return self._feed("activity", activity_query(query), activity_row)

    def _trades(self, query: Mapping[str, Sequence[str]]) -> _Page:
        return self._feed("trades", trades_query(query), trade_row)

    def _feed(self, kind: str, query: FeedQuery, render: Callable[[Row], dict[str, Any]]) -> _Page:
        rows = self._visible(query)
        limit = query.limit
        if query.cursor:
            anchor, limit = self._anchor(query.cursor, kind)
            rows = _beyond(rows, anchor, ascending=query.ascending)
        if not query.ascending:
            rows = rows[::-1]
        page = rows[:limit]
        more = len(rows) > limit
        cursor = self._cursor(kind, page[-1], limit=limit, ascending=query.ascending) if more else None
        return _Page([render(row) for row in page], limit, cursor)

    def _visible(self, query: FeedQuery) -> list[Row]:
        until = self._seen_until_ns()
        rows = self._records.rows(Wallet(query.user) if query.user else None)
        return [row for row in rows if row.at_ns <= until and _matches(row, query)]

    def _cursor(self, kind: str, last: Row, *, limit: int, ascending: bool) -> str:
        params = {"l": limit, "ts": last.at_s, "sq": str(last.sequence), "d": 1 if ascending else 2}
        return seal(kind, params, secret=self._secret)

    def _anchor(self, cursor: str, kind: str) -> tuple[tuple[int, int], int]:
        try:
            params = unseal(cursor, kind=kind, secret=self._secret)
        except ValueError as error:
            raise InvalidRequest("cursor", str(error)) from None
        return (params["ts"], int(params["sq"])), params["l"]

    def _positions(self, query: Mapping[str, Sequence[str]]) -> _Page:
        params = Params(query)
        user, limit = params.required_user(), params.limit()
        status = params.choice("status", "OPEN", allowed=_STATUSES)
        default = {"CLOSED": "REALIZED_PNL", "MERGEABLE": "TOKENS"}.get(status, "CURRENT_VALUE")
        sort = params.choice("sort_by", default, allowed=frozenset(_SORTS))
        ascending = params.choice("sort_direction", "DESC", allowed=frozenset({"ASC", "DESC"})) == "ASC"
        conditions = params.conditions()
        held = [
            position_row(holding)
            for holding in self._records.holdings(Wallet(user), until_ns=self._seen_until_ns())
            if not conditions or holding.market.condition in conditions
        ]
        rows = [row for row in held if _has_status(row, status)]
        rows.sort(key=_SORTS[sort], reverse=not ascending)
        bound = {"a": user, "st": status, "s": sort, "dir": "ASC" if ascending else "DESC"}
        return self._position_page(rows, bound, limit=limit, cursor=params.text("cursor"))

    def _position_page(self, rows: list[dict[str, Any]], bound: dict[str, Any], *, limit: int, cursor: str) -> _Page:
        """Such a cursor is bound to its query: another sort, status or user is refused."""
        start = 0
        if cursor:
            try:
                params = unseal(cursor, kind="positions", secret=self._secret)
            except ValueError as error:
                raise InvalidRequest("cursor", str(error)) from None
            if any(params[name] != value for name, value in bound.items()):
                raise InvalidRequest("cursor", "invalid cursor")
            start, limit = params["o"], params["l"]
        end = start + limit
        following = seal("positions", {**bound, "l": limit, "o": end}, secret=self._secret)
        return _Page(rows[start:end], limit, following if len(rows) > end else None)

    def _value(self, query: Mapping[str, Sequence[str]]) -> _Page:
        user = Params(query).required_user()
        held = self._records.holdings(Wallet(user), until_ns=self._seen_until_ns())
        worth = sum((holding.value for holding in held), Decimal(0))
        return _Page({"proxy_wallet": user, "value": worth})

    def _status(self, _query: Mapping[str, Sequence[str]]) -> _Page:
        lag_s = max(0, round(self._options.delays.data_api_s))
        block = self._seen_until_ns() // BLOCK_NS
        at = datetime.fromtimestamp(self._clock.now_ns() // 1_000_000_000, UTC)
        feed = {"name": "activity_feed", "age_seconds": lag_s}
        synced = {"cursors": 1, "network": "polygon", "chain_id": 137, "max_synced_block": block}
        lagged = {"source": "exchange", "block": block, "behind_max": 0}
        return _Page({
            "computed_at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "age_seconds": 0,
            "serving": {"lag_seconds": lag_s, "worst": "activity_feed", "mechanisms": [feed]},
            "ingestion": {**synced, "min_synced_block": block, "most_lagged": lagged, "lagging": []},
        })  # fmt: skip


def _matches(row: Row, query: FeedQuery) -> bool:
    return (
        row.kind in query.types
        and (not query.conditions or row.market.condition in query.conditions)
        and (not query.side or (row.side is not None and row.side.value == query.side))
        and query.start_s <= row.at_s <= query.end_s
        and (row.taker or not query.taker_only)
    )


def _place(row: Row) -> tuple[int, int]:
    return row.at_s, row.sequence


def _beyond(rows: list[Row], anchor: tuple[int, int], *, ascending: bool) -> list[Row]:
    """What follows the anchor in the asked direction; `rows` and the result oldest first."""
    if ascending:
        return rows[bisect_right(rows, anchor, key=_place) :]
    return rows[: bisect_left(rows, anchor, key=_place)]


def _has_status(row: Mapping[str, Any], status: str) -> bool:
    match status:
        case "OPEN":
            return bool(row["status"] != "CLOSED")
        case "REDEEMABLE_LOST":
            return bool(row["status"] == "REDEEMABLE" and not row["current_value"])
        case "MERGEABLE":
            return bool(row["mergeable"])
        case _:
            return bool(row["status"] == status)
