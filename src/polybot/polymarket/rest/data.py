"""Data API v2: what wallets did and hold."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from polybot.core.ids import ConditionId, Wallet
from polybot.core.money import Usdc
from polybot.polymarket.errors import RequestFailed
from polybot.polymarket.limits import Group
from polybot.polymarket.rest.data_models import (
    ActivityRow,
    FeedTrade,
    Listing,
    One,
    Page,
    PositionRow,
    ServiceStatus,
    ValueRow,
)
from polybot.polymarket.rest.decode import decode
from polybot.polymarket.rest.http import Call, HttpClient
from polybot.utils.clock import Clock

Row = TypeVar("Row")

MAX_PAGE = 1000
_SMALLEST_AMOUNT = "0.000001"


class DataClient:
    """The edge caches answers by URL (trades 300 s, activity 15 s, positions 5 s): `fresh` asks with a unique one.

    Every method raises RequestFailed if there is no usable answer.
    """

    def __init__(self, http: HttpClient, *, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._last_unique = 0

    async def activity(
        self,
        wallet: Wallet,
        *,
        types: Sequence[str] = ("TRADE",),
        start_s: int | None = None,
        end_s: int | None = None,
        oldest_first: bool = False,
        limit: int = 100,
        cursor: str | None = None,
        fresh: bool = True,
    ) -> Page[ActivityRow]:
        """`start_s` and `end_s` include their second. All kinds of rows if `types` is empty."""
        query = _given(
            user=wallet,
            type=",".join(types),
            start=start_s,
            end=end_s,
            sort_direction="ASC" if oldest_first else "DESC",
            limit=limit,
            cursor=cursor,
        )
        call = self._call("data.activity", Group.DATA_ACTIVITY, "/v2/activity", query, fresh=fresh)
        return _page(await self._http.read(call), ActivityRow, endpoint=call.name)

    async def trades(
        self,
        *,
        wallet: Wallet | None = None,
        conditions: Sequence[ConditionId] = (),
        taker_only: bool = False,
        start_s: int | None = None,
        end_s: int | None = None,
        limit: int = 100,
        cursor: str | None = None,
        fresh: bool = True,
    ) -> Page[FeedTrade]:
        """`start_s` and `end_s` are honoured by the service only together with `wallet`."""
        query = _given(
            user=wallet,
            condition=",".join(conditions),
            taker_only="true" if taker_only else "false",
            start=start_s,
            end=end_s,
            limit=limit,
            cursor=cursor,
        )
        call = self._call("data.trades", Group.DATA_TRADES, "/v2/trades", query, fresh=fresh)
        return _page(await self._http.read(call), FeedTrade, endpoint=call.name)

    async def positions(self, wallet: Wallet, *, status: str = "OPEN", fresh: bool = True) -> list[PositionRow]:
        """All pages, down to the smallest amounts."""
        rows: list[PositionRow] = []
        cursor: str | None = None
        while True:
            query = _given(
                user=wallet,
                status=status,
                sort_by="CURRENT_VALUE" if status == "OPEN" else None,
                filter_amount=_SMALLEST_AMOUNT,
                limit=MAX_PAGE,
                cursor=cursor,
            )
            call = self._call("data.positions", Group.DATA_POSITIONS, "/v2/positions", query, fresh=fresh)
            page = _page(await self._http.read(call), PositionRow, endpoint=call.name)
            rows.extend(page.rows)
            if page.next_cursor is None or page.next_cursor == cursor:
                return rows
            cursor = page.next_cursor

    async def value(self, wallet: Wallet) -> Usdc:
        """Current value of all positions; zero for a wallet that has none."""
        call = self._call("data.value", Group.DATA_OTHER, "/v2/value", _given(user=wallet), fresh=False)
        found = decode(await self._http.read(call), One[ValueRow | None], endpoint=call.name).data
        return Usdc.nearest(found.value if found else Decimal(0))

    async def status(self) -> ServiceStatus:
        call = self._call("data.status", Group.DATA_STATUS, "/v2/status", [], fresh=False)
        return decode(await self._http.read(call), One[ServiceStatus], endpoint=call.name).data

    def _call(self, name: str, group: Group, path: str, query: list[tuple[str, str]], *, fresh: bool) -> Call:
        unique = [("_", str(self._unique()))] if fresh else []
        return Call(name, group, "GET", path, query=[*query, *unique])

    def _unique(self) -> int:
        self._last_unique = max(self._last_unique + 1, self._clock.now_ns())
        return self._last_unique


def _page(body: bytes, row: type[Row], *, endpoint: str) -> Page[Row]:
    """A row that is not of its shape costs itself only, unless no row is."""
    listing = decode(body, Listing[msgspec.Raw], endpoint=endpoint)
    rows, refused = list[Row](), list[RequestFailed]()
    for raw in listing.data or ():
        try:
            rows.append(decode(bytes(raw), row, endpoint=endpoint))
        except RequestFailed as failed:
            refused.append(failed)
    if refused and not rows:
        raise refused[0]
    more = listing.pagination
    return Page(tuple(rows), more.next_cursor if more and more.has_more else None, refused=len(refused))


def _given(**values: str | int | None) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in values.items() if value not in (None, "")]
