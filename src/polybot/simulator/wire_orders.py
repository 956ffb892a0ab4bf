"""Orders and trades as the CLOB writes them, in answers and on the user socket. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from polybot.core.ids import OrderId, TokenId, TradeId, Wallet
from polybot.core.market import Market, Side
from polybot.core.money import Price, Shares
from polybot.core.orders import TimeInForce, TradeStatus
from polybot.polymarket.wallets import checksum

Wire = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as it is now. `owner` is an API key; `status` the REST word (LIVE, MATCHED, CANCELED...)."""

    id: OrderId
    owner: str
    wallet: Wallet
    market: Market
    token: TokenId
    side: Side
    tif: TimeInForce
    size: Shares
    matched: Shares
    price: Price
    status: str
    expiration_s: int
    created_ns: int
    trades: Sequence[TradeId] = ()


@dataclass(frozen=True, slots=True)
class MakerPart:
    """What one resting order gave to a trade; token and side are its own, not the taker's."""

    order: OrderId
    owner: str
    wallet: Wallet
    token: TokenId
    side: Side
    shares: Shares
    price: Price


@dataclass(frozen=True, slots=True)
class TradeFacts:
    """One match of a taker with resting orders; `price` is the taker's average."""

    id: TradeId
    taker_order: OrderId
    owner: str
    wallet: Wallet
    market: Market
    token: TokenId
    side: Side
    shares: Shares
    price: Decimal
    status: TradeStatus
    matched_ns: int
    updated_ns: int
    tx: str
    makers: Sequence[MakerPart]


def order_row(order: OrderFacts) -> Wire:
    """GET /data/order/{id}: sizes in decimal shares, `created_at` in whole seconds."""
    return {
        "id": order.id,
        "status": order.status,
        "owner": order.owner,
        "maker_address": checksum(order.wallet),
        "market": order.market.condition,
        "asset_id": order.token,
        "side": order.side.value,
        "original_size": str(order.size),
        "size_matched": str(order.matched),
        "price": str(order.price),
        "outcome": order.market.outcome(order.token).name,
        "expiration": str(order.expiration_s),
        "order_type": order.tif.value,
        "associate_trades": list(order.trades),
        "created_at": seconds(order.created_ns),
    }


def order_event(order: OrderFacts, *, kind: str, status: str, at_ns: int) -> Wire:
    """The user socket's `order`: `kind` PLACEMENT, UPDATE or CANCELLATION, `status` in its own words."""
    return {
        **order_row(order),
        "event_type": "order",
        "type": kind,
        "status": status,
        "order_owner": order.owner,
        "associate_trades": list(order.trades) or None,
        "created_at": str(seconds(order.created_ns)),
        "timestamp": str(millis(at_ns)),
    }


def trade_row(trade: TradeFacts, *, role: str) -> Wire:
    """GET /data/trades for the TAKER or a MAKER of it; the top level is the taker's in both cases."""
    return {
        **_trade(trade, role=role, fee_rate_bps="0"),
        "status": f"TRADE_STATUS_{trade.status}",
        "match_time_nano": str(trade.matched_ns),
        "err_msg": None,
    }


def trade_event(trade: TradeFacts, *, role: str, trade_owner: str) -> Wire:
    """The user socket's `trade`; `trade_owner` is the API key it is told to."""
    return {
        **_trade(trade, role=role, fee_rate_bps=""),
        "event_type": "trade",
        "type": "TRADE",
        "status": trade.status.value,
        "trade_owner": trade_owner,
        "timestamp": str(millis(trade.updated_ns)),
    }


def _trade(trade: TradeFacts, *, role: str, fee_rate_bps: str) -> Wire:
    return {
        "id": trade.id,
        "taker_order_id": trade.taker_order,
        "market": trade.market.condition,
        "asset_id": trade.token,
        "side": trade.side.value,
        "size": str(trade.shares),
        "fee_rate_bps": fee_rate_bps,
        "price": str(trade.price),
        "match_time": str(seconds(trade.matched_ns)),
        "last_update": str(seconds(trade.updated_ns)),
        "outcome": trade.market.outcome(trade.token).name,
        "bucket_index": 0,
        "owner": trade.owner,
        "maker_address": checksum(trade.wallet),
        "transaction_hash": trade.tx,
        "trader_side": role,
        "maker_orders": [_maker(trade.market, part, fee_rate_bps=fee_rate_bps) for part in trade.makers],
    }


def _maker(market: Market, part: MakerPart, *, fee_rate_bps: str) -> Wire:
    tokens = [outcome.token for outcome in market.outcomes]
    return {
        "order_id": part.order,
        "owner": part.owner,
        "maker_address": checksum(part.wallet),
        "matched_amount": str(part.shares),
        "price": str(part.price),
        "fee_rate_bps": fee_rate_bps,
        "asset_id": part.token,
        "side": part.side.value,
        "outcome": market.outcome(part.token).name,
        "outcome_index": tokens.index(part.token),
    }


def seconds(at_ns: int) -> int:
    return at_ns // 1_000_000_000


def millis(at_ns: int) -> int:
    return at_ns // 1_000_000
