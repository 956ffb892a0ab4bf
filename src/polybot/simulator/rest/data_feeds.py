"""The Data API's feeds: /v2/activity and /v2/trades, newest or oldest first."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice, takewhile

from polybot.core.ids import Wallet
from polybot.simulator.indexing.dials import Dials
from polybot.simulator.indexing.rows import newest_first, oldest_first
from polybot.simulator.records import Records
from polybot.simulator.rest.cursors import FeedCursor
from polybot.simulator.rest.data_page import Cursors, Page, Route
from polybot.simulator.rest.data_query import FeedQuery, Params, activity_query, trades_query
from polybot.simulator.wire.rows import Row, Wire, activity_row, trade_row

_NS = 1_000_000_000
_ASCENDING, _DESCENDING = 1, 2


class Feeds:
    """A page costs what it holds, plus the rows its filters pass over."""

    def __init__(self, records: Records, dials: Dials, cursors: Cursors) -> None:
        self._records = records
        self._dials = dials
        self._cursors = cursors

    def routes(self) -> dict[str, Route]:
        return {"/v2/activity": self._activity, "/v2/trades": self._trades}

    def _activity(self, params: Params) -> Page:
        query = activity_query(params, now_s=self._dials.now_ns() // _NS)
        return self._page("activity", query, self._activity_row)

    def _activity_row(self, row: Row) -> Wire:
        return activity_row(row, blanks=self._dials.blanks(row), net_sales=self._dials.options.net_sales)

    def _trades(self, params: Params) -> Page:
        query = trades_query(params, now_s=self._dials.now_ns() // _NS)
        if query.nobody:
            return Page([], query.limit)
        return self._page("trades", query, lambda row: trade_row(row, blanks=self._dials.blanks(row)))

    def _page(self, kind: str, query: FeedQuery, render: Callable[[Row], Wire]) -> Page:
        """A cursor brings its own size and direction; the filters are whatever was sent along."""
        limit, ascending, anchor = query.limit, query.ascending, None
        if query.cursor:
            cursor = self._cursors.unseal(query.cursor, FeedCursor, kind=kind)
            limit, ascending, anchor = cursor.l, cursor.d == _ASCENDING, int(cursor.sq)
        rows = list(islice(self._found(query, ascending=ascending, anchor=anchor), limit + 1))
        page, following = rows[:limit], None
        if len(rows) > limit:
            last, direction = page[-1], _ASCENDING if ascending else _DESCENDING
            following = self._cursors.seal(kind, FeedCursor(limit, last.at_s, str(last.sequence), direction))
        return Page([render(row) for row in page], limit, following)

    def _found(self, query: FeedQuery, *, ascending: bool, anchor: int | None) -> Iterator[Row]:
        served_ns = self._dials.served_ns(later_s=0.0 if query.user else self._dials.options.market_lag_s)
        rows = self._walk(query, ascending=ascending, anchor=anchor, until_ns=served_ns)
        return (row for row in rows if _matches(row, query) and self._dials.shows(row, served_ns=served_ns))

    def _walk(self, query: FeedQuery, *, ascending: bool, anchor: int | None, until_ns: int) -> Iterator[Row]:
        conditions = query.conditions or self._records.event_conditions(query.events)
        if query.events and not conditions:
            return iter(())
        shelves = self._records.store.shelves(wallet=Wallet(query.user) or None, conditions=conditions)
        until_ns = min(until_ns, query.end_s * _NS + _NS - 1)
        if ascending:
            return oldest_first(shelves, from_ns=query.start_s * _NS, until_ns=until_ns, above=anchor)
        rows = newest_first(shelves, until_ns=until_ns, below=anchor)
        return takewhile(lambda row: row.at_s >= query.start_s, rows)


def _matches(row: Row, query: FeedQuery) -> bool:
    return (
        row.kind in query.types
        and (row.taker or not query.taker_only)
        and (not query.side or row.shown_side == query.side)
        and (not query.conditions or row.condition in query.conditions)
        and (not query.least or Decimal((row.usdc if query.by_cash else row.shares).micro).scaleb(-6) >= query.least)
    )
