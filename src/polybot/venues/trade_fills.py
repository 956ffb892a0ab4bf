"""What the venue reports of a trade, as fills of our orders: exact USDC and the fee it does not state."""

from collections.abc import Callable
from decimal import Decimal

from polybot.core.fees import taker_fee
from polybot.core.ids import ConditionId, OrderId, TokenId, TradeId
from polybot.core.market import FeeSchedule, Side
from polybot.core.money import ZERO_USDC, Price, Shares, Usdc, cost_ceil, proceeds_floor
from polybot.core.orders import OurFill, TradeStatus
from polybot.polymarket.rest.models import TradeRow

FeeOf = Callable[[TokenId], FeeSchedule]


def our_fills(trade: TradeRow, *, api_key: str, fee_of: FeeOf, now_ns: int) -> list[OurFill]:
    """Our side of the trade: the taker's whole, and each resting order of ours in it (we can meet ourselves).

    ValueError for a status that is not known, or from `fee_of`. Trades carry no fee (`fee_rate_bps` is a legacy
    field), so it is computed per level from the market's schedule; makers pay none.
    """
    status = TradeStatus(trade.plain_status)
    makers = _maker_fills(trade, api_key=api_key, status=status, now_ns=now_ns)
    if trade.trader_side == "MAKER" or (not trade.trader_side and trade.owner != api_key):
        return makers
    return [_taker_fill(trade, status=status, fee_of=fee_of, now_ns=now_ns), *makers]


def _taker_fill(trade: TradeRow, *, status: TradeStatus, fee_of: FeeOf, now_ns: int) -> OurFill:
    side = Side(trade.side)
    levels = _taker_levels(trade)
    schedule = fee_of(TokenId(trade.asset_id))
    return OurFill(
        trade=TradeId(trade.id),
        order=OrderId(trade.taker_order_id.lower()),
        token=TokenId(trade.asset_id),
        condition=ConditionId(trade.market.lower()),
        side=side,
        shares=sum((shares for _, shares in levels), Shares(0)),
        usdc=sum((_usdc(side, shares, price) for price, shares in levels), ZERO_USDC),
        fee=sum((taker_fee(shares, price, schedule) for price, shares in levels), ZERO_USDC),
        status=status,
        matched_ns=trade.matched_ns or now_ns,
        tx=trade.transaction_hash or "",
    )


def _maker_fills(trade: TradeRow, *, api_key: str, status: TradeStatus, now_ns: int) -> list[OurFill]:
    return [
        OurFill(
            trade=TradeId(trade.id),
            order=OrderId(row.order_id.lower()),
            token=TokenId(row.asset_id),
            condition=ConditionId(trade.market.lower()),
            side=Side(row.side),
            shares=Shares.nearest(row.matched_amount),
            usdc=_usdc(Side(row.side), Shares.nearest(row.matched_amount), Price.nearest(row.price)),
            fee=ZERO_USDC,
            status=status,
            matched_ns=trade.matched_ns or now_ns,
            tx=trade.transaction_hash or "",
            maker=True,
        )
        for row in trade.maker_orders
        if row.owner == api_key
    ]


def _taker_levels(trade: TradeRow) -> list[tuple[Price, Shares]]:
    """Price (ours) and shares of every resting order we took; the top level alone if they do not add up."""
    levels = [
        (_own_price(row.price, same_token=row.asset_id == trade.asset_id), Shares.nearest(row.matched_amount))
        for row in trade.maker_orders
    ]
    total = Shares.nearest(trade.size)
    if sum((shares for _, shares in levels), Shares(0)) != total:
        return [(Price.nearest(trade.price), total)]
    return levels


def _own_price(price: Decimal, *, same_token: bool) -> Price:
    """A maker of the other outcome (mint or merge) is met at the complement of its price."""
    own = Price.nearest(price)
    return own if same_token else own.complement()


def _usdc(side: Side, shares: Shares, price: Price) -> Usdc:
    return cost_ceil(shares, price) if side is Side.BUY else proceeds_floor(shares, price)
