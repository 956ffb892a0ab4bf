"""Rebuilds the in-memory mirror from the store."""

from polybot.core.orders import RESERVING
from polybot.core.portfolio import Portfolio
from polybot.execution.tracker import OrderTracker
from polybot.ports.store import History


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
        tracker.resume(order.id, order.intent, order.state)
    return len(left)
