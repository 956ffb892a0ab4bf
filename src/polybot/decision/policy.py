"""The copy policy: a target's fill to its order, the order and a frozen snapshot to a verdict, a Copy to terms."""

from polybot.core.amounts import limit_amounts, market_buy_amounts, market_sell_amounts
from polybot.core.fills import TargetFill, TargetOrder, position_change
from polybot.core.ids import TokenId, decision_id
from polybot.core.market import Market, Side
from polybot.core.money import Shares
from polybot.core.orders import Amounts, OrderTerms, TimeInForce
from polybot.decision.entries import decide_entry
from polybot.decision.exits import decide_exit
from polybot.decision.model import Copy, Policy, Skip, Snapshot

_EARLY_S = 60
"""The venue's engine expires a GTD order one minute before the time it states."""
_SHORTEST_GTD_S = 180
"""The official client refuses an expiration nearer than this."""


def target_order(fill: TargetFill, *, held_before: Shares) -> TargetOrder:
    """Each fill the feeds report is decided on its own; `held_before` is what the target held before it."""
    seen = fill.seen
    return TargetOrder(
        id=decision_id(fill.key),
        target=seen.wallet,
        fills=(fill,),
        token=seen.token,
        condition=seen.condition,
        side=seen.side,
        shares=seen.shares,
        price=seen.price,
        held_before=held_before,
        change=position_change(held_before=held_before, side=seen.side, shares=seen.shares),
    )


def decide(order: TargetOrder, snapshot: Snapshot, policy: Policy) -> Copy | Skip:
    """A BUY is an entry and may be refused by any rule; a SELL is an exit and hardly ever is.

    The same arguments give the same verdict, always: nothing else is read.
    """
    if order.side is Side.BUY:
        return decide_entry(order, snapshot, policy)
    return decide_exit(order, snapshot, policy)


def order_terms(copy: Copy, market: Market, *, token: TokenId, now_ns: int) -> OrderTerms:
    """The order that carries the copy out. Total for every Copy that `decide` makes in this market."""
    return OrderTerms(
        token=token,
        condition=market.condition,
        side=copy.side,
        limit=copy.limit,
        amounts=_amounts(copy, market),
        tif=copy.tif,
        expiration_s=_expiration_s(copy, now_ns=now_ns),
    )


def _amounts(copy: Copy, market: Market) -> Amounts:
    if copy.tif in {TimeInForce.GTC, TimeInForce.GTD}:
        return limit_amounts(copy.side, price=copy.limit, shares=copy.shares, tick=market.tick)
    if copy.side is Side.BUY:
        return market_buy_amounts(spend=copy.spend, price=copy.limit, tick=market.tick)
    return market_sell_amounts(shares=copy.shares, price=copy.limit, tick=market.tick)


def _expiration_s(copy: Copy, *, now_ns: int) -> int:
    if copy.tif is not TimeInForce.GTD:
        return 0
    return -(-now_ns // 1_000_000_000) + max(copy.ttl_s + _EARLY_S, _SHORTEST_GTD_S)
