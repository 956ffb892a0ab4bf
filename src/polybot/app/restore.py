"""Rebuilds the in-memory mirror from the store."""

from collections.abc import Sequence

from polybot.core.ids import decision_id
from polybot.core.market import Side
from polybot.core.orders import RESERVING
from polybot.core.portfolio import Held, Portfolio
from polybot.decision.policy import target_order
from polybot.execution.copier import Copier
from polybot.execution.tracker import DUST, OrderTracker
from polybot.ports.store import History, OpenOrder, Store

_LATE_FILL_S = 7 * 86_400
"""How much older than our order the target's fill that it follows can be."""


def restore_portfolio(history: History) -> Portfolio:
    """Cash, positions and reservations as the store has them."""
    portfolio = Portfolio()
    for order in history.orders:
        portfolio.remember(order.id, order.intent)
        if order.state in RESERVING:
            portfolio.reserve(order.id, order.intent)
    for fill in history.fills:
        portfolio.apply_fill(fill)
    for settlement in history.settlements:
        portfolio.settle(settlement)
    portfolio.cash = history.cash
    return portfolio


def resume_orders(history: History, tracker: OrderTracker) -> int:
    """Orders an earlier run left open are followed again; returns how many."""
    left = [order for order in history.orders if order.state in RESERVING]
    for order in left:
        tracker.resume(order.id, order.intent, order.state, created_ns=order.created_ns)
    return len(left)


async def resume_exits(history: History, *, store: Store, portfolio: Portfolio, copier: Copier) -> int:
    """Exits that an earlier run did not bring to their end are followed up; returns how many. Before `Copier.run`."""
    begun = _unfinished_exits(history)
    resumed = await _resume_begun(begun, store, copier) if begun else 0
    for held in _held_or_wanted(portfolio) - {_held(order) for order in begun}:
        resumed += await _resume_left(held, history, store, portfolio, copier)
    return resumed


async def _resume_begun(begun: Sequence[OpenOrder], store: Store, copier: Copier) -> int:
    oldest_ns = min(order.created_ns for order in begun)
    fills = await store.known_fills(since_s=oldest_ns // 1_000_000_000 - _LATE_FILL_S)
    by_decision = {decision_id(fill.key): fill for fill in fills}
    found = [(order, fill) for order in begun if (fill := by_decision.get(order.intent.decision))]
    for order, fill in found:
        copier.resume_exit(target_order(fill, held_before=order.intent.terms.shares), order.intent, order.id)
    return len(found)


async def _resume_left(held: Held, history: History, store: Store, portfolio: Portfolio, copier: Copier) -> bool:
    """A position that we have, or may still get, though its target is out: an entry was answered after the exit."""
    left = await store.left_by(*held)
    if left is None:
        return False
    order = target_order(left, held_before=left.seen.shares)
    legs = [placed.intent.leg for placed in history.orders if placed.intent.decision == order.id]
    copier.resume_late(order, leg=max(legs, default=0), entries=portfolio.open_on(held, Side.BUY))
    return True


def _held_or_wanted(portfolio: Portfolio) -> set[Held]:
    """What we hold more than dust of, and what open orders still buy."""
    held = {(p.target, p.token) for p in portfolio.positions() if p.shares >= DUST}
    buying = (intent for _, intent in portfolio.open_orders() if intent.terms.side is Side.BUY)
    return held | {(intent.target, intent.terms.token) for intent in buying}


def _held(order: OpenOrder) -> Held:
    return order.intent.target, order.intent.terms.token


def _unfinished_exits(history: History) -> list[OpenOrder]:
    """The newest order of each position, if it sells and has not sold everything it was to sell."""
    newest: dict[Held, OpenOrder] = {}
    for order in sorted(history.orders, key=lambda order: order.created_ns):
        newest[_held(order)] = order
    return [
        order
        for order in newest.values()
        if order.intent.terms.side is Side.SELL
        and (order.intent.terms.shares - order.filled_shares).micro >= DUST.micro
    ]
