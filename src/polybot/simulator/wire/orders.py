"""Orders and trades as the CLOB writes them, in answers and on the user socket. Pure."""

from collections.abc import Callable
from typing import Any

from polybot.core.ids import Wallet
from polybot.core.market import Market
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import TradeStatus
from polybot.polymarket.wallets import checksum
from polybot.simulator.engine.model import MakerLeg, OrderChange, OrderReport, OrderStatus, Placement, SimTrade

Wire = dict[str, Any]
KeyOf = Callable[[Wallet], str]
"""The API key of a signing EOA."""

_ANSWERED = {OrderStatus.LIVE: "live", OrderStatus.DELAYED: "delayed"}
_CANCELED = frozenset({OrderStatus.CANCELED_EXPIRED_ORDER, OrderStatus.CANCELED_NOT_ENOUGH_BALANCE})
"""Told apart on the user socket only."""


def placed(placement: Placement) -> Wire:
    """200 of POST /order: human units, no transaction hashes; part-filled is `matched`, whatever rests."""
    status = _ANSWERED.get(placement.order.status, "matched")
    return {
        "success": True,
        "errorMsg": "",
        "orderID": placement.order.id,
        "status": "matched" if placement.gave else status,
        "makingAmount": str(Usdc(placement.gave)) if placement.gave else "",
        "takingAmount": str(Usdc(placement.got)) if placement.gave else "",
        "tradeIDs": list(placement.trades),
    }


def refused_leg(text: str, *, success: bool) -> Wire:
    """A refused order of a batch, which may look like a success."""
    return {
        "success": success,
        "errorMsg": text,
        "orderID": "",
        "status": "",
        "makingAmount": "",
        "takingAmount": "",
        "tradeIDs": [],
    }


def order_row(order: OrderReport, *, market: Market, key_of: KeyOf) -> Wire:
    """GET /data/order/{id}: sizes in decimal shares, `created_at` in whole seconds."""
    status = OrderStatus.CANCELED if order.status in _CANCELED else order.status
    return {
        "id": order.id,
        "status": status.value,
        "owner": key_of(order.owner),
        "maker_address": checksum(order.wallet),
        "market": order.condition,
        "asset_id": order.token,
        "side": order.side.value,
        "original_size": str(order.original),
        "size_matched": str(order.matched),
        "price": str(order.price),
        "outcome": market.outcome(order.token).name,
        "expiration": str(order.expiration_s),
        "order_type": order.tif.value,
        "associate_trades": list(order.trades),
        "created_at": seconds(order.created_ns),
    }


def order_event(order: OrderReport, *, market: Market, key_of: KeyOf, change: OrderChange, at_ns: int) -> Wire:
    """The user socket's `order`. Of one that was killed at the door it tells less."""
    row = order_row(order, market=market, key_of=key_of)
    event = {
        **row,
        "event_type": "order",
        "type": change.value,
        "status": f"CANCELED_{order.reason}" if order.reason else order.status.value,
        "order_owner": row["owner"],
        "associate_trades": row["associate_trades"] or None,
        "created_at": str(row["created_at"]),
        "timestamp": str(millis(at_ns)),
    }
    unplaced = {"size_matched": "", "associate_trades": [], "outcome": "", "created_at": ""}
    return event if order.created_ns else event | unplaced


def trade_row(trade: SimTrade, *, market: Market, key_of: KeyOf, viewer: Wallet) -> Wire:
    """GET /data/trades as `viewer` sees it; the top level is the taker's for makers, too."""
    return {
        **_trade(trade, market=market, key_of=key_of, fee_rate_bps="0"),
        "status": f"TRADE_STATUS_{trade.status}",
        "match_time_nano": str(trade.matched_ns),
        "err_msg": err_msg(trade),
        "trader_side": role(trade, viewer),
    }


def trade_event(trade: SimTrade, *, market: Market, key_of: KeyOf, viewer: Wallet) -> Wire:
    """The user socket's `trade`, to the taker or one of the makers."""
    return {
        **_trade(trade, market=market, key_of=key_of, fee_rate_bps=""),
        "event_type": "trade",
        "type": "TRADE",
        "status": trade.status.value,
        "trade_owner": key_of(viewer),
        "trader_side": role(trade, viewer),
        "timestamp": str(millis(trade.updated_ns)),
    }


def err_msg(trade: SimTrade) -> str | None:
    """Polymarket's own words for a failed trade are not known."""
    return "execution reverted" if trade.status is TradeStatus.FAILED else None


def role(trade: SimTrade, viewer: Wallet) -> str:
    return "TAKER" if trade.owner == viewer else "MAKER"


def _trade(trade: SimTrade, *, market: Market, key_of: KeyOf, fee_rate_bps: str) -> Wire:
    return {
        "id": trade.id,
        "taker_order_id": trade.order,
        "market": trade.condition,
        "asset_id": trade.token,
        "side": trade.side.value,
        "size": str(trade.shares),
        "fee_rate_bps": fee_rate_bps,
        "price": str(trade.price),
        "match_time": str(seconds(trade.matched_ns)),
        "last_update": str(seconds(trade.updated_ns)),
        "outcome": market.outcome(trade.token).name,
        "bucket_index": 0,
        "owner": key_of(trade.owner),
        "maker_address": checksum(trade.wallet),
        "transaction_hash": trade.tx,
        "maker_orders": [_maker(leg, market=market, key_of=key_of, fee_rate_bps=fee_rate_bps) for leg in trade.legs],
    }


def _maker(leg: MakerLeg, *, market: Market, key_of: KeyOf, fee_rate_bps: str) -> Wire:
    return {
        "order_id": leg.order,
        "owner": key_of(leg.owner),
        "maker_address": checksum(leg.wallet),
        "matched_amount": str(leg.shares),
        "price": str(leg.price),
        "fee_rate_bps": fee_rate_bps,
        "asset_id": leg.token,
        "side": leg.side.value,
        "outcome": market.outcome(leg.token).name,
        "outcome_index": [outcome.token for outcome in market.outcomes].index(leg.token),
    }


def last_trade_event(
    *, market: Market, token: str, side: str, price: Price, shares: Shares, tx: str, at_ns: int
) -> Wire:
    """The market socket's `last_trade_price`; no wallet in it."""
    return {
        "market": market.condition,
        "asset_id": token,
        "price": str(price),
        "size": str(shares),
        "side": side,
        "fee_rate_bps": "0",
        "timestamp": str(millis(at_ns)),
        "event_type": "last_trade_price",
        "transaction_hash": tx,
    }


def seconds(at_ns: int) -> int:
    return at_ns // 1_000_000_000


def millis(at_ns: int) -> int:
    return at_ns // 1_000_000
