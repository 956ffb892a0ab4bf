"""Polymarket's published rate limits, as of 2026-11-22: ONE table.

Per IP from docs.polymarket.com "API reference: rate limits" (copies of October and November 2026), per signer
from "Trading rate limits" (Standard tier). The edge delays what exceeds an IP limit before it
answers 429. A Polygon node is a third party: ten calls a second suit a public one.
"""

from collections.abc import Mapping
from enum import StrEnum

from polybot.utils.clock import Clock
from polybot.utils.rate_gate import Limit, RateGate


class Group(StrEnum):
    """Endpoints that count together."""

    CLOB_OTHER = "clob.other"
    CLOB_OK = "clob.ok"
    CLOB_BOOK = "clob.book"
    CLOB_BOOKS = "clob.books"
    CLOB_TICK = "clob.tick"
    CLOB_AUTH = "clob.auth"
    CLOB_ORDERS = "clob.orders"
    CLOB_TRADES = "clob.trades"
    CLOB_BALANCE = "clob.balance"
    CLOB_BALANCE_UPDATE = "clob.balance_update"
    CLOB_POST_ORDER = "clob.post_order"
    CLOB_CANCEL_ORDERS = "clob.cancel_orders"
    DATA_OTHER = "data.other"
    DATA_ACTIVITY = "data.activity"
    DATA_TRADES = "data.trades"
    DATA_POSITIONS = "data.positions"
    DATA_STATUS = "data.status"
    GAMMA_OTHER = "gamma.other"
    GAMMA_MARKETS = "gamma.markets"
    GAMMA_EVENTS = "gamma.events"
    GAMMA_SEARCH = "gamma.search"
    GEOBLOCK = "geoblock"
    RPC = "rpc"
    RELAYER = "relayer"
    RELAYER_SUBMIT = "relayer.submit"


_SHORT_S, _LONG_S = 10.0, 600.0

# Look-ups and cancels prove and limit what we risk: a third of what they share with other calls is theirs alone.
_SHARED = 1 / 3

LIMITS: Mapping[str, Limit] = {
    "general": Limit(15_000, _SHORT_S),
    "clob": Limit(9_000, _SHORT_S, reserved_share=_SHARED),
    "clob.ok": Limit(100, _SHORT_S),
    "clob.book": Limit(1_500, _SHORT_S),
    "clob.books": Limit(500, _SHORT_S),
    "clob.tick": Limit(200, _SHORT_S),
    "clob.auth": Limit(100, _SHORT_S),
    "clob.ledger": Limit(900, _SHORT_S, reserved_share=_SHARED),
    "clob.orders": Limit(500, _SHORT_S, reserved_share=_SHARED),
    "clob.trades": Limit(500, _SHORT_S, reserved_share=_SHARED),
    "clob.balance": Limit(200, _SHORT_S),
    "clob.balance_update": Limit(50, _SHORT_S),
    "clob.post_order": Limit(5_000, _SHORT_S),
    "clob.post_order.long": Limit(120_000, _LONG_S),
    "clob.cancel_orders": Limit(2_000, _SHORT_S),
    "clob.cancel_orders.long": Limit(15_000, _LONG_S),
    "signer.orders": Limit(60, 60 / 40, per_item=True),
    "signer.cancels": Limit(120, 120 / 80, per_item=True),
    "data": Limit(800, _SHORT_S),
    "data.activity": Limit(200, _SHORT_S),
    "data.trades": Limit(300, _SHORT_S),
    "data.positions": Limit(200, _SHORT_S),
    "data.status": Limit(100, _SHORT_S),
    "relayer.submit": Limit(25, 60.0),
    "gamma": Limit(4_000, _SHORT_S),
    "gamma.listing": Limit(900, _SHORT_S),
    "gamma.markets": Limit(300, _SHORT_S),
    "gamma.events": Limit(500, _SHORT_S),
    "gamma.search": Limit(350, _SHORT_S),
    "rpc": Limit(100, _SHORT_S),
}

_G = Group
GROUPS: Mapping[str, tuple[str, ...]] = {
    _G.CLOB_OTHER: ("general", "clob"),
    _G.CLOB_OK: ("general", "clob", "clob.ok"),
    _G.CLOB_BOOK: ("general", "clob", "clob.book"),
    _G.CLOB_BOOKS: ("general", "clob", "clob.books"),
    _G.CLOB_TICK: ("general", "clob", "clob.tick"),
    _G.CLOB_AUTH: ("general", "clob", "clob.auth"),
    _G.CLOB_ORDERS: ("general", "clob", "clob.ledger", "clob.orders"),
    _G.CLOB_TRADES: ("general", "clob", "clob.ledger", "clob.trades"),
    _G.CLOB_BALANCE: ("general", "clob", "clob.balance"),
    _G.CLOB_BALANCE_UPDATE: ("general", "clob", "clob.balance_update"),
    _G.CLOB_POST_ORDER: ("general", "clob", "clob.post_order", "clob.post_order.long", "signer.orders"),
    _G.CLOB_CANCEL_ORDERS: ("general", "clob", "clob.cancel_orders", "clob.cancel_orders.long", "signer.cancels"),
    _G.DATA_OTHER: ("general", "data"),
    _G.DATA_ACTIVITY: ("general", "data", "data.activity"),
    _G.DATA_TRADES: ("general", "data", "data.trades"),
    _G.DATA_POSITIONS: ("general", "data", "data.positions"),
    _G.DATA_STATUS: ("general", "data", "data.status"),
    _G.GAMMA_OTHER: ("general", "gamma"),
    _G.GAMMA_MARKETS: ("general", "gamma", "gamma.listing", "gamma.markets"),
    _G.GAMMA_EVENTS: ("general", "gamma", "gamma.listing", "gamma.events"),
    _G.GAMMA_SEARCH: ("general", "gamma", "gamma.search"),
    _G.GEOBLOCK: ("general",),
    _G.RELAYER: ("general",),
    _G.RELAYER_SUBMIT: ("general", "relayer.submit"),
    _G.RPC: ("rpc",),
}


def polymarket_gate(clock: Clock) -> RateGate:
    """One gate for all clients of this process: the limits count per IP and per signer, not per client."""
    return RateGate(limits=LIMITS, groups=GROUPS, clock=clock)
