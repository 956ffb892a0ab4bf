"""The Data API's holdings: /v2/positions, /v2/value and /v2/holders."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Market
from polybot.simulator.indexing.dials import Dials
from polybot.simulator.records import Records
from polybot.simulator.rest.cursors import BoardCursor, PositionsCursor
from polybot.simulator.rest.data_page import Cursors, Page, Route
from polybot.simulator.rest.data_query import InvalidRequest, Params
from polybot.simulator.wire.markets import number
from polybot.simulator.wire.positions import Holding, four, holder_row, position_row

_STATUSES = ("OPEN", "REDEEMABLE", "REDEEMABLE_LOST", "MERGEABLE", "CLOSED")
_OF_USERS = frozenset({"REDEEMABLE_LOST", "MERGEABLE"})
_SORTS: dict[str, Callable[[Holding], Decimal]] = {
    "CURRENT_VALUE": lambda held: held.value,
    "PRICE": lambda held: number(held.price),
    "TOKENS": lambda held: number(held.shares),
    "UNREALIZED_PNL": lambda held: held.unrealized,
    "REALIZED_PNL": lambda held: number(held.realized),
    "TOTAL_PNL": lambda held: number(held.realized) + held.unrealized,
    "TIMESTAMP": lambda held: Decimal(held.last_ns // 1_000_000_000),
}
_AS_REALIZED = frozenset({"TOKENS", "CURRENT_VALUE", "PRICE", "UNREALIZED_PNL"})
"""Sorts of closed positions that are served in the order of realised PnL (seen 2026-10-07)."""
_DUST = Decimal("0.1")
_LONGEST_TITLE = 200
_NS = 1_000_000_000
_FOREVER_S = 253_402_300_799


@dataclass(frozen=True, slots=True)
class _Query:
    """`anchor` u: positions of one wallet; c: of one market."""

    anchor: str
    value: str
    status: str
    sort: str
    ascending: bool

    @property
    def direction(self) -> str:
        return "ASC" if self.ascending else "DESC"

    @property
    def key(self) -> Callable[[Holding], Decimal]:
        return _SORTS["REALIZED_PNL" if self.status == "CLOSED" and self.sort in _AS_REALIZED else self.sort]


class Positions:
    def __init__(self, records: Records, dials: Dials, cursors: Cursors) -> None:
        self._records = records
        self._dials = dials
        self._cursors = cursors

    def routes(self) -> dict[str, Route]:
        return {"/v2/positions": self._positions, "/v2/value": self._value, "/v2/holders": self._holders}

    # positions

    def _positions(self, params: Params) -> Page:
        cursor = params.text("cursor")
        kept = self._cursors.unseal(cursor, PositionsCursor, kind="positions") if cursor else None
        query, limit = _query(params, kept), params.limit()
        found = [held for held in self._held(params, query) if _wanted(held, query.status)]
        found = _filtered(found, params, query)
        rows = sorted(
            ((query.key(held), int(held.token), held.wallet, held) for held in found), key=lambda row: row[:3]
        )
        if not query.ascending:
            rows.reverse()
        if kept is not None:
            limit, after = kept.l, (Decimal(kept.k), int(kept.t), Wallet(kept.w or query.value))
            rows = [row for row in rows if (row[:3] > after if query.ascending else row[:3] < after)]
        page, following = [row[3] for row in rows[:limit]], None
        if len(rows) > limit:
            following = self._cursors.seal("positions", _cursor(query, page[-1], limit=limit))
        return Page([position_row(held) for held in page], limit, following)

    def _held(self, params: Params, query: _Query) -> Sequence[Holding]:
        until_ns = self._dials.served_ns()
        if query.anchor == "c":
            market = self._records.find_market(ConditionId(query.value))
            return self._records.market_holdings(market, until_ns=until_ns) if market else ()
        held = self._records.holdings(Wallet(query.value), until_ns=until_ns)
        conditions, events = params.market_conditions(), params.events()
        if conditions and events:
            raise InvalidRequest("event_id", "provide 'condition' or 'event_id', not both")
        wanted = conditions or self._records.event_conditions(events)
        return [one for one in held if one.market.condition in wanted] if conditions or events else held

    def _value(self, params: Params) -> Page:
        user, conditions = params.required_user(), params.market_conditions()
        held = self._records.holdings(Wallet(user), until_ns=self._dials.served_ns())
        worth = [one.value for one in held if not conditions or one.market.condition in conditions]
        return Page({"proxy_wallet": user, "value": four(sum(worth, Decimal(0)))})

    # holders

    def _holders(self, params: Params) -> Page:
        """A page has so many holders of each token."""
        conditions = params.market_conditions()
        if not conditions:
            raise InvalidRequest("condition", "required query param 'condition' not provided")
        with_pnl = params.flag("include_pnl", default=False)
        if with_pnl and len(conditions) > 1:
            raise InvalidRequest("include_pnl", "include_pnl requires exactly one condition")
        limit, start = params.limit(most=100 if with_pnl else 1000), 0
        if cursor := params.text("cursor"):
            kept = self._cursors.unseal(cursor, BoardCursor, kind="holders")
            limit, start = kept.l, kept.o
        least = params.amount("min_balance", Decimal(0))
        markets = [market for one in sorted(conditions) if (market := self._records.find_market(one))]
        groups = [group for market in markets for group in self._groups(market, least=least)]
        shown = [
            {"token_id": token, "holders": [holder_row(held, with_pnl=with_pnl) for held in holders[start:][:limit]]}
            for token, holders in groups
            if holders[start:]
        ]
        more = any(len(holders) > start + limit for _, holders in groups)
        following = self._cursors.seal("holders", BoardCursor(limit, start + limit)) if more else None
        return Page(shown, limit, following)

    def _groups(self, market: Market, *, least: Decimal) -> list[tuple[TokenId, list[Holding]]]:
        held = self._records.market_holdings(market, until_ns=self._dials.served_ns())
        held = [one for one in held if one.shares and number(one.shares) >= least]
        held.sort(key=lambda one: (-one.shares.micro, one.wallet))
        return [(outcome.token, [one for one in held if one.token == outcome.token]) for outcome in market.outcomes]


def _query(params: Params, kept: PositionsCursor | None) -> _Query:
    """A cursor is bound to its query: what is said again must be the same. InvalidRequest if it is not."""
    user, conditions = params.user(), params.market_conditions()
    if not user and len(conditions) != 1:
        raise InvalidRequest("", "required query param 'user' or 'condition' not provided")
    status = params.choice("status", kept.st if kept else "OPEN", allowed=_STATUSES)
    if status in _OF_USERS and not user:
        raise InvalidRequest("status", f"status {status} requires 'user'")
    if status == "CLOSED" and "include_archived" in params:
        raise InvalidRequest("include_archived", "include_archived is invalid with status CLOSED")
    default = {"CLOSED": "REALIZED_PNL", "MERGEABLE": "TOKENS"}.get(status, "CURRENT_VALUE")
    sort = params.text("sort_by", kept.s if kept else default).upper()
    if sort not in _SORTS:
        raise InvalidRequest("sort_by", f"invalid position sortBy: {sort}, must be one of {', '.join(_SORTS)}")
    ascending = params.choice("sort_direction", kept.dir if kept else "DESC", allowed=("ASC", "DESC")) == "ASC"
    anchor, value = ("u", user) if user else ("c", next(iter(conditions)))
    query = _Query(anchor, value, status, sort, ascending)
    if kept and (kept.a, kept.av, kept.st, kept.s, kept.dir) != (anchor, value, status, sort, query.direction):
        raise InvalidRequest("cursor", "invalid cursor")
    return query


def _cursor(query: _Query, last: Holding, *, limit: int) -> PositionsCursor:
    return PositionsCursor(
        l=limit,
        d=1 if query.ascending else 2,
        k=f"{query.key(last):f}",
        t=last.token,
        a=query.anchor,
        av=query.value,
        st=query.status,
        s=query.sort,
        dir=query.direction,
        w=last.wallet if query.anchor == "c" else "",
    )


def _wanted(held: Holding, status: str) -> bool:
    match status:
        case "OPEN":
            return held.status != "CLOSED"
        case "REDEEMABLE_LOST":
            return held.status == "REDEEMABLE" and not held.price
        case "MERGEABLE":
            return held.paired and held.status == "OPEN"
        case _:
            return held.status == status


def _filtered(found: Sequence[Holding], params: Params, query: _Query) -> list[Holding]:
    """Dust is left out of what is still held."""
    least = params.amount("filter_amount", _DUST)
    by_cash = params.choice("filter_type", "TOKENS", allowed=("CASH", "TOKENS")) == "CASH"
    title = params.text("title").lower()
    if len(title) > _LONGEST_TITLE:
        raise InvalidRequest("title", f"title must have at most {_LONGEST_TITLE} characters")
    params.flag("include_archived", default=False)
    start_ns, end_ns = params.integer("start", 0) * _NS, params.integer("end", _FOREVER_S) * _NS + _NS
    return [
        held
        for held in found
        if start_ns <= held.last_ns < end_ns
        and title in held.market.question.lower()
        and (query.status == "CLOSED" or (held.value if by_cash else number(held.shares)) >= least)
    ]
