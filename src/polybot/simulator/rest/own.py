"""What an account may read of itself at the CLOB: its orders, its trades, and the trades of its builder code."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from polybot.core.ids import OrderId, TokenId, Wallet
from polybot.core.market import Market
from polybot.core.orders import TradeStatus
from polybot.polymarket.orders import ZERO_WORD
from polybot.polymarket.wallets import checksum
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import OrderReport, SimTrade
from polybot.simulator.rest.catalogue import documented
from polybot.simulator.rest.clob_options import ClobOptions
from polybot.simulator.rest.gate import Gate
from polybot.simulator.rest.keys import ApiKeys
from polybot.simulator.rest.order_entry import read
from polybot.simulator.rest.pages import page
from polybot.simulator.rest.replies import Answer, refuse, reply
from polybot.simulator.wire.orders import err_msg, order_row, trade_row

NS = 1_000_000_000
_WORD = re.compile(r"0x[0-9a-fA-F]{64}")


class OwnRecords:
    """Orders and trades of the signing EOA of the key that asks, and of nobody else."""

    def __init__(self, *, exchange: Exchange, gate: Gate, keys: ApiKeys, options: ClobOptions) -> None:
        self._exchange = exchange
        self._gate = gate
        self._keys = keys
        self._options = options

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/data/order/{id}", self._order),
            web.get("/order/{id}", self._order),
            web.get("/data/orders", self._orders),
            web.get("/data/pre-migration-orders", self._old_orders),
            web.get("/data/trades", self._trades),
            web.get("/order-scoring", self._scoring),
            web.post("/orders-scoring", self._scorings),
        ]

    async def _order(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        order = self._exchange.order(OrderId(request.match_info["id"].lower()))
        if order is None or order.owner != key.address:
            raise refuse(404, "order not found")
        return reply(self._order_row(order))

    async def _orders(self, request: web.Request) -> Answer:
        """Open orders; with an id perhaps also one that has ended."""
        key = await self._gate.l2(request)
        query = request.query
        id_ = query.get("id", "").lower()
        if id_ and not _WORD.fullmatch(id_):
            raise documented("invalid_order_params")
        ended = bool(id_) and self._options.ended_orders_by_id
        rows = [
            self._order_row(order)
            for order in self._exchange.orders_of(Wallet(key.address), live_only=not ended)
            if id_ in {"", order.id}
            and query.get("market", order.condition).lower() == order.condition
            and query.get("asset_id", order.token) == order.token
        ]
        return page(rows, request, size=self._options.page_size)

    async def _old_orders(self, request: web.Request) -> Answer:
        """Nobody here traded before April 2026."""
        await self._gate.l2(request)
        return page([], request, size=self._options.page_size)

    async def _trades(self, request: web.Request) -> Answer:
        key = await self._gate.l2(request)
        viewer = Wallet(key.address)
        wanted = trade_filter(request)
        trades = [trade for trade in self._exchange.trades_of(viewer) if wanted(trade)]
        rows = [self._trade_row(trade, viewer) for trade in trades]
        return page(rows, request, size=self._options.page_size)

    async def _scoring(self, request: web.Request) -> Answer:
        """No market here pays liquidity rewards, so no order earns any."""
        await self._gate.l2(request)
        return reply({"scoring": False})

    async def _scorings(self, request: web.Request) -> Answer:
        await self._gate.l2(request)
        return reply(dict.fromkeys(read(await request.read(), list[str]), False))

    def _order_row(self, order: OrderReport) -> dict[str, Any]:
        return order_row(order, market=market_of(self._exchange, order), key_of=self._keys.label)

    def _trade_row(self, trade: SimTrade, viewer: Wallet) -> dict[str, Any]:
        row = trade_row(trade, market=market_of(self._exchange, trade), key_of=self._keys.label, viewer=viewer)
        age_s = (self._exchange.now_ns - trade.matched_ns) / NS
        if trade.status is TradeStatus.MATCHED and age_s < self._options.unbroadcast_s:
            row["status"] = "TRADE_STATUS_MATCHED_NOT_BROADCASTED"
        return row


class BuilderRecords:
    """What was traded under a builder code, with fees, for everyone to read. Builder fees are not charged here."""

    def __init__(self, *, exchange: Exchange, keys: ApiKeys, options: ClobOptions) -> None:
        self._exchange = exchange
        self._keys = keys
        self._options = options
        self._orders: dict[str, list[OrderId]] = {code.lower(): [] for code in options.builders}

    def add(self, order: OrderId, code: bytes) -> None:
        """An accepted order that carries this code."""
        if code != ZERO_WORD:
            self._orders.setdefault("0x" + code.hex(), []).append(order)

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/builder/trades", self._trades), web.get("/fees/builder-fees/{code}", self._fees)]

    async def _fees(self, request: web.Request) -> Answer:
        if request.match_info["code"].lower() not in self._orders:
            raise refuse(404, "builder code not found")
        return reply({"builder_maker_fee_rate_bps": 0, "builder_taker_fee_rate_bps": 0})

    async def _trades(self, request: web.Request) -> Answer:
        code = request.query.get("builder_code", "").lower()
        if not _WORD.fullmatch(code):
            raise documented("invalid_trade_params")
        wanted = trade_filter(request)
        rows = [
            self._row(trade, order, code)
            for id_ in self._orders.get(code, ())
            if (order := self._exchange.order(id_))
            for trade_id in order.trades
            if (trade := self._exchange.trade(trade_id)) and wanted(trade)
        ]
        return page(rows, request, size=self._options.page_size)

    def _row(self, trade: SimTrade, order: OrderReport, code: str) -> dict[str, Any]:
        taker = trade.order == order.id
        part = trade if taker else next(leg for leg in trade.legs if leg.order == order.id)
        fee = str(trade.fee) if taker else "0"
        market = market_of(self._exchange, trade)
        return {
            "id": trade.id,
            "tradeType": "TAKER" if taker else "MAKER",
            "takerOrderHash": trade.order,
            "builder": code,
            "market": trade.condition,
            "assetId": part.token,
            "side": part.side.value,
            "size": str(part.shares),
            "sizeUsdc": str(part.usdc),
            "price": str(part.price),
            "status": f"TRADE_STATUS_{trade.status}",
            "outcome": market.outcome(part.token).name,
            "outcomeIndex": [outcome.token for outcome in market.outcomes].index(part.token),
            "owner": self._keys.label(order.owner),
            "maker": checksum(order.wallet),
            "transactionHash": trade.tx,
            "matchTime": str(trade.matched_ns // NS),
            "bucketIndex": 0,
            "fee": fee,
            "feeUsdc": fee,
            "err_msg": err_msg(trade),
            "createdAt": _iso(trade.matched_ns),
            "updatedAt": _iso(trade.updated_ns),
        }


def market_of(exchange: Exchange, traded: OrderReport | SimTrade) -> Market:
    market = exchange.market(traded.condition)
    if market is None:
        raise LookupError(f"market {traded.condition} was traded but is not listed")
    return market


def trade_filter(request: web.Request) -> Callable[[SimTrade], bool]:
    """From a query's id, market, asset_id, maker_address, after and before (Unix seconds, both inclusive)."""
    query = request.query
    after, before = _second(query.get("after", "0")), _second(query.get("before", "9" * 12))
    wallet = query.get("maker_address", "").lower()

    def wanted(trade: SimTrade) -> bool:
        return (
            query.get("id", trade.id) == trade.id
            and query.get("market", trade.condition).lower() == trade.condition
            and query.get("asset_id", trade.token) in _tokens(trade)
            and wallet in {"", *_wallets(trade)}
            and after <= trade.matched_ns // NS <= before
        )

    return wanted


def _tokens(trade: SimTrade) -> Sequence[TokenId]:
    return [trade.token, *(leg.token for leg in trade.legs)]


def _wallets(trade: SimTrade) -> Sequence[Wallet]:
    return [trade.wallet, *(leg.wallet for leg in trade.legs)]


def _second(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise documented("invalid_trade_params")
    return int(text)


def _iso(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
