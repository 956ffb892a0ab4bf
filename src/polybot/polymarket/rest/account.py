"""The CLOB's private side: what our API key may do and see."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from polybot.core.ids import ConditionId, OrderId, TokenId
from polybot.core.orders import SignatureType
from polybot.polymarket.auth import L2Auth
from polybot.polymarket.errors import RequestFailed
from polybot.polymarket.limits import Group
from polybot.polymarket.rest.decode import decode
from polybot.polymarket.rest.http import Call, HttpClient, Query
from polybot.polymarket.rest.models import (
    ApiKeys,
    BalanceAllowance,
    CancelAnswer,
    ClosedOnly,
    LedgerPage,
    OrderRow,
    TradeRow,
)
from polybot.polymarket.rest.submission import outcome_of_answer, outcome_of_failure
from polybot.polymarket.token_ids import has_v2_shape, parse_token
from polybot.ports.venue import Cancelled, NoAnswer, PreparedOrder, SubmitOutcome
from polybot.utils.clock import Clock

T = TypeVar("T")

CANCELS_PER_CALL = 1000
# What proves or limits our risk may use the room that other calls must leave free.
_PROVING = frozenset({Group.CLOB_ORDERS, Group.CLOB_TRADES, Group.CLOB_CANCEL_ORDERS})
_LAST_PAGE = "LTE="
_NANO = 1_000_000_000


class ClobAccount:
    """Orders, trades and balances of one API key. Reads raise RequestFailed; `submit` and `cancel` never raise it."""

    def __init__(self, http: HttpClient, *, auth: L2Auth, clock: Clock) -> None:
        self._http = http
        self._auth = auth
        self._clock = clock

    async def submit(self, order: PreparedOrder) -> SubmitOutcome:
        """One POST /order of exactly `order.wire`."""
        call = self._call("clob.post_order", Group.CLOB_POST_ORDER, "POST", "/order", body=order.wire)
        try:
            body = await self._http.write(call)
        except RequestFailed as failed:
            return outcome_of_failure(failed.failure, order=order)
        return outcome_of_answer(body, order=order)

    async def cancel(self, orders: Sequence[OrderId]) -> Cancelled | NoAnswer:
        """At most 1000 orders in one attempt (ValueError beyond)."""
        if not 1 <= len(orders) <= CANCELS_PER_CALL:
            raise ValueError(f"{len(orders)} orders to cancel: one call takes 1 to {CANCELS_PER_CALL}")
        body = msgspec.json.encode(orders)
        call = self._call(
            "clob.cancel_orders", Group.CLOB_CANCEL_ORDERS, "DELETE", "/orders", body=body, items=len(orders)
        )
        try:
            answer = decode(await self._http.write(call), CancelAnswer, endpoint=call.name)
        except RequestFailed as failed:
            return NoAnswer(str(failed.failure))
        return Cancelled(
            gone=tuple(OrderId(order.lower()) for order in answer.canceled),
            kept=tuple((OrderId(order.lower()), reason) for order, reason in answer.not_canceled.items()),
        )

    async def order(self, order: OrderId) -> OrderRow | None:
        """None: the venue answered and does not know it (finished orders may be unknown too)."""
        call = self._call("clob.order", Group.CLOB_ORDERS, "GET", f"/data/order/{order}")
        body = await self._http.find(call)
        # A finished order was seen to bring an empty answer instead of a 404.
        if body is None or body.strip() in (b"", b"null", b"{}"):
            return None
        return decode(body, OrderRow, endpoint=call.name)

    async def open_orders(
        self, *, order: OrderId | None = None, market: ConditionId | None = None, token: TokenId | None = None
    ) -> list[OrderRow]:
        """All pages."""
        query = _given(id=order, market=market, asset_id=token)
        return await self._all("clob.orders", Group.CLOB_ORDERS, "/data/orders", LedgerPage[OrderRow], query)

    async def trades(
        self,
        *,
        trade: str | None = None,
        maker_address: str | None = None,
        market: ConditionId | None = None,
        token: TokenId | None = None,
        after_s: int | None = None,
        before_s: int | None = None,
    ) -> list[TradeRow]:
        """All pages."""
        query = _given(
            id=trade, maker_address=maker_address, market=market, asset_id=token, after=after_s, before=before_s
        )
        return await self._all("clob.trades", Group.CLOB_TRADES, "/data/trades", LedgerPage[TradeRow], query)

    async def collateral(self, signature_type: SignatureType) -> BalanceAllowance:
        return await self._balance(_collateral(signature_type))

    async def token_balance(self, token: TokenId, signature_type: SignatureType) -> BalanceAllowance:
        return await self._balance(_conditional(token, signature_type))

    async def refresh_collateral(self, signature_type: SignatureType) -> None:
        """Makes the venue read our balance and allowances from the chain again."""
        await self._refresh(_collateral(signature_type))

    async def closed_only(self) -> bool:
        """True: only orders that reduce a position are taken from this address."""
        call = self._call("clob.closed_only", Group.CLOB_AUTH, "GET", "/auth/ban-status/closed-only")
        return decode(await self._http.read(call), ClosedOnly, endpoint=call.name).closed_only

    async def api_keys(self) -> tuple[str, ...]:
        call = self._call("clob.api_keys", Group.CLOB_AUTH, "GET", "/auth/api-keys")
        return decode(await self._http.read(call), ApiKeys, endpoint=call.name).api_keys

    async def _balance(self, query: Query) -> BalanceAllowance:
        call = self._call("clob.balance", Group.CLOB_BALANCE, "GET", "/balance-allowance", query=query)
        return decode(await self._http.read(call), BalanceAllowance, endpoint=call.name)

    async def _refresh(self, query: Query) -> None:
        path = "/balance-allowance/update"
        await self._http.read(self._call("clob.balance_update", Group.CLOB_BALANCE_UPDATE, "GET", path, query=query))

    async def _all(self, name: str, group: Group, path: str, shape: type[LedgerPage[T]], query: Query) -> list[T]:
        rows: list[T] = []
        cursor = ""
        while cursor != _LAST_PAGE:
            page_query = [*query, ("next_cursor", cursor)] if cursor else query
            page = decode(
                await self._http.read(self._call(name, group, "GET", path, query=page_query)), shape, endpoint=name
            )
            rows.extend(page.data)
            if page.next_cursor == cursor:
                break
            cursor = page.next_cursor or _LAST_PAGE
        return rows

    def _call(
        self,
        name: str,
        group: Group,
        method: str,
        path: str,
        *,
        query: Query = (),
        body: bytes | None = None,
        items: int = 1,
    ) -> Call:
        """Signed anew for every attempt; the query is not part of what is signed."""
        return Call(
            name,
            group,
            method,
            path,
            query=query,
            body=body,
            headers=lambda: self._auth.headers(
                method=method, path=path, body=body or b"", timestamp_s=self._clock.now_ns() // _NANO
            ),
            priority=group in _PROVING,
            items=items,
        )


def _given(**values: str | int | None) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in values.items() if value is not None]


def _collateral(signature_type: SignatureType) -> Query:
    return _given(asset_type="COLLATERAL", signature_type=signature_type.value)


def _conditional(token: TokenId, signature_type: SignatureType) -> Query:
    kind = "CONDITIONAL-V2" if has_v2_shape(parse_token(token)) else "CONDITIONAL"
    return _given(asset_type=kind, token_id=token, signature_type=signature_type.value)
