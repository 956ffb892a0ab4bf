"""The CLOB's private side: orders, cancels, own orders and trades, balances. Every route wants L2 headers."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from aiohttp import web

from polybot.core.ids import OrderId, TokenId, Wallet
from polybot.core.market import Market
from polybot.core.orders import SignatureType
from polybot.polymarket.contracts import NEG_RISK, NEG_RISK_ADAPTER, POLYGON, STANDARD, V3
from polybot.polymarket.wallets import funders
from polybot.simulator.engine.accounts import UNLIMITED, Account
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import CancelRefused, NewOrder, OrderRefused, OrderReport, Placement, SimTrade
from polybot.simulator.rest.clob import paged
from polybot.simulator.rest.gate import Gate
from polybot.simulator.rest.keys import ApiKey, ApiKeys
from polybot.simulator.rest.order_entry import SendOrder, prove, read
from polybot.simulator.rest.replies import Answer, Refusal, refuse, reply
from polybot.simulator.wire.orders import order_row, placed, refused_leg, trade_row

MAX_ORDERS = 15
MAX_CANCELS = 1000
ORDER_ID = re.compile(r"0x[0-9a-fA-F]{64}")
OPERATORS = tuple(exchange[POLYGON].address for exchange in (STANDARD, NEG_RISK, V3))
SPENDERS = (*OPERATORS, NEG_RISK_ADAPTER)


class CancelOne(msgspec.Struct, rename={"order_id": "orderID"}):
    order_id: str


class CancelMarket(msgspec.Struct):
    market: str = ""
    asset_id: str = ""


class ClobPrivate:
    """An order, trade or cancel belongs to the signing EOA of the key that asks."""

    def __init__(self, *, exchange: Exchange, gate: Gate, keys: ApiKeys) -> None:
        self._exchange = exchange
        self._gate = gate
        self._keys = keys

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/order", self._post_order),
            web.post("/orders", self._post_orders),
            web.delete("/order", self._cancel_order),
            web.delete("/orders", self._cancel_orders),
            web.delete("/cancel-all", self._cancel_all),
            web.delete("/cancel-market-orders", self._cancel_market),
            web.get("/data/order/{id}", self._order),
            web.get("/data/orders", self._orders),
            web.get("/data/trades", self._trades),
            web.get("/balance-allowance", self._balance),
            web.get("/balance-allowance/update", self._update_balance),
        ]

    # placing

    async def _post_order(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        sent = read(await request.read(), SendOrder)
        return reply(placed(self._place(sent, key)))

    async def _post_orders(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        batch = read(await request.read(), list[SendOrder])
        if len(batch) > MAX_ORDERS:
            raise refuse(400, f"Too many orders in payload: {len(batch)}, max allowed: {MAX_ORDERS}")
        return reply([self._leg(sent, key) for sent in batch])

    def _leg(self, sent: SendOrder, key: ApiKey) -> dict[str, Any]:
        try:
            return placed(self._place(sent, key))
        except Refusal as refusal:
            return refused_leg(refusal.body["error"])

    def _place(self, sent: SendOrder, key: ApiKey) -> Placement:
        market = self._exchange.market_of(TokenId(sent.order.token_id))
        if market is None:
            raise refuse(404, "market not found")
        proven = prove(sent, key=key, market=market)
        order = NewOrder(
            id=proven.id,
            owner=Wallet(key.address),
            wallet=Wallet(proven.data.maker.lower()),
            token=proven.data.token,
            side=proven.data.side,
            making=proven.data.maker_amount,
            taking=proven.data.taker_amount,
            tif=proven.tif,
            expiration_s=proven.expiration_s,
            post_only=proven.post_only,
        )
        try:
            return self._exchange.place(order)
        except OrderRefused as refused:
            raise refuse(refused.http_status, str(refused)) from None

    # cancelling

    async def _cancel_order(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        return self._cancel(key, [read(await request.read(), CancelOne).order_id])

    async def _cancel_orders(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        ids = read(await request.read(), list[str])
        if len(ids) > MAX_CANCELS:
            raise refuse(400, f"Too many orders in payload, max allowed: {MAX_CANCELS}")
        return self._cancel(key, ids)

    async def _cancel_all(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        return self._cancel(key, [order.id for order in self._live(key)])

    async def _cancel_market(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        wanted = read(await request.read(), CancelMarket)
        if not (wanted.market or wanted.asset_id):
            raise refuse(400, "Invalid order payload")
        ids = [
            order.id
            for order in self._live(key)
            if wanted.market in {"", order.condition} and wanted.asset_id in {"", order.token}
        ]
        return self._cancel(key, ids)

    def _cancel(self, key: ApiKey, ids: Iterable[str]) -> Answer:
        canceled: list[str] = []
        kept: dict[str, str] = {}
        for id_ in dict.fromkeys(ids):
            if not ORDER_ID.fullmatch(id_):
                raise refuse(400, "Invalid orderID")
            try:
                self._exchange.cancel(OrderId(id_.lower()), owner=Wallet(key.address))
            except CancelRefused as reason:
                kept[id_] = str(reason)
            else:
                canceled.append(id_)
        return reply({"canceled": canceled, "not_canceled": kept})

    def _live(self, key: ApiKey) -> list[OrderReport]:
        return self._exchange.orders_of(Wallet(key.address), live_only=True)

    # reading

    async def _order(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        order = self._exchange.order(OrderId(request.match_info["id"].lower()))
        if order is None or order.owner != key.address:
            raise refuse(404, "order not found")
        return reply(self._order_row(order))

    async def _orders(self, request: web.Request) -> Answer:
        """Open orders; with an id also one that has ended."""
        key = await self._gate.l2(request)
        query = request.query
        id_ = query.get("id", "").lower()
        found = self._exchange.orders_of(Wallet(key.address), live_only=not id_)
        rows = [
            self._order_row(order)
            for order in found
            if id_ in {"", order.id}
            and query.get("market", order.condition) == order.condition
            and query.get("asset_id", order.token) == order.token
        ]
        return reply(paged(rows, query.get("next_cursor", "")))

    async def _trades(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        viewer = Wallet(key.address)
        wanted = _trade_filter(request)
        rows = [
            trade_row(trade, market=self._market(trade), key_of=self._keys.label, viewer=viewer)
            for trade in self._exchange.trades_of(viewer)
            if wanted(trade)
        ]
        return reply(paged(rows, request.query.get("next_cursor", "")))

    def _order_row(self, order: OrderReport) -> dict[str, Any]:
        return order_row(order, market=self._market(order), key_of=self._keys.label)

    def _market(self, traded: OrderReport | SimTrade) -> Market:
        market = self._exchange.market(traded.condition)
        if market is None:
            raise LookupError(f"market {traded.condition} was traded but is not listed")
        return market

    # balances

    async def _balance(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        account = self._account(key, request.query.get("signature_type", "0"))
        token = TokenId(request.query.get("token_id", ""))
        match request.query.get("asset_type", ""):
            case "COLLATERAL":
                return reply(_collateral(account))
            case "CONDITIONAL" | "CONDITIONAL-V2":
                return reply(_conditional(account, token))
            case _:
                raise refuse(400, "Invalid asset type")

    async def _update_balance(self, request: web.Request) -> Answer:
        await self._gate.l2(request)
        return reply("")

    def _account(self, key: ApiKey, signature_type: str) -> Account | None:
        if signature_type not in {"0", "1", "2", "3"}:
            raise refuse(400, "Invalid signature_type")
        found = map(self._exchange.accounts.find, funders(key.address, SignatureType(int(signature_type))))
        return next((account for account in found if account is not None), None)


def _trade_filter(request: web.Request) -> Callable[[SimTrade], bool]:
    query = request.query
    after, before = _second(query.get("after", "0")), _second(query.get("before", "9" * 12))
    wallet = query.get("maker_address", "").lower()

    def wanted(trade: SimTrade) -> bool:
        return (
            query.get("id", trade.id) == trade.id
            and query.get("market", trade.condition) == trade.condition
            and query.get("asset_id", trade.token) in _tokens(trade)
            and wallet in {"", *_wallets(trade)}
            and after <= trade.matched_ns // 1_000_000_000 <= before
        )

    return wanted


def _tokens(trade: SimTrade) -> Sequence[TokenId]:
    return [trade.token, *(leg.token for leg in trade.legs)]


def _wallets(trade: SimTrade) -> Sequence[Wallet]:
    return [trade.wallet, *(leg.wallet for leg in trade.legs)]


def _second(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise refuse(400, "Invalid trade params payload")
    return int(text)


def _collateral(account: Account | None) -> dict[str, Any]:
    allowances = {} if account is None else {spender.lower(): n for spender, n in account.allowances.items()}
    return {
        "balance": str(account.cash_micro if account else 0),
        "allowances": {spender: str(allowances.get(spender.lower(), 0)) for spender in SPENDERS},
    }


def _conditional(account: Account | None, token: TokenId) -> dict[str, Any]:
    operators = set() if account is None else {operator.lower() for operator in account.operators}
    return {
        "balance": str(account.held_micro.get(token, 0) if account else 0),
        "allowances": {spender: str(UNLIMITED if spender.lower() in operators else 0) for spender in OPERATORS},
    }
