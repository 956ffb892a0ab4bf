"""What must be true before a price is looked at: state, age, market, book, size of the target's order."""

from polybot.core.book import BookView
from polybot.core.fills import TargetOrder
from polybot.core.market import Market
from polybot.core.money import proceeds_floor
from polybot.core.trading import TradingMode
from polybot.decision.model import Policy, Skip, Snapshot
from polybot.decision.rules import Rule, Trail

_SECOND_NS = 1_000_000_000


def may_enter(snapshot: Snapshot, trail: Trail) -> Skip | None:
    mode, locks = snapshot.mode, ", ".join(snapshot.locks)
    why = f" ({locks})" if locks else ""
    if mode is TradingMode.HALTED:
        return trail.skip(Rule.HALTED, f"trading is halted{why}", value=mode, limit=TradingMode.RUNNING)
    if mode is TradingMode.EXITS_ONLY:
        return trail.skip(Rule.EXITS_ONLY, f"only exits are allowed{why}", value=mode, limit=TradingMode.RUNNING)
    if locks:
        return trail.skip(Rule.LOCKED, f"entries are locked by {locks}", value=locks, limit="no lock")
    return None


def recent(order: TargetOrder, snapshot: Snapshot, policy: Policy, trail: Trail) -> Skip | None:
    """Block times are whole seconds, so a fill in the very second of the start counts as after it."""
    started_s = snapshot.started_ns // _SECOND_NS
    if order.timestamp_s < started_s and not policy.copy_before_start:
        detail = f"the fill is {started_s - order.timestamp_s} s older than the start of the bot"
        return trail.skip(Rule.BEFORE_START, detail, value=order.timestamp_s, limit=started_s)
    age_s, limit_s = snapshot.taken_ns // _SECOND_NS - order.timestamp_s, policy.max_signal_age_s
    if age_s > limit_s:
        detail = f"the fill is {age_s} s old, limit {limit_s} s"
        return trail.skip(Rule.SIGNAL_TOO_OLD, detail, value=age_s, limit=limit_s)
    trail.note(Rule.SIGNAL_TOO_OLD, age_s, limit_s)
    return None


def open_market(snapshot: Snapshot, trail: Trail) -> Market | Skip:
    market = snapshot.market
    if market is None:
        return trail.skip(Rule.MARKET_UNKNOWN, "the market is not known yet", value="unknown", limit="known")
    if market.closed or market.winner is not None:
        return trail.skip(Rule.MARKET_CLOSED, f"the market {market.slug} is closed", value="closed", limit="open")
    return market


def accepting_market(snapshot: Snapshot, trail: Trail) -> Market | Skip:
    market = open_market(snapshot, trail)
    if isinstance(market, Skip) or market.accepting_orders:
        return market
    detail = f"the market {market.slug} does not accept orders"
    return trail.skip(Rule.NOT_ACCEPTING_ORDERS, detail, value="no", limit="yes")


def fresh_book(snapshot: Snapshot, policy: Policy, trail: Trail) -> BookView | Skip:
    book, age_ms, limit_ms = snapshot.book, snapshot.book_age_ms, policy.max_book_age_ms
    if book is None or age_ms is None:
        return trail.skip(Rule.NO_BOOK, "there is no order book to price against", value="none", limit="a book")
    if age_ms > limit_ms:
        detail = f"the book is {age_ms} ms old, limit {limit_ms} ms"
        return trail.skip(Rule.STALE_BOOK, detail, value=age_ms, limit=limit_ms)
    trail.note(Rule.STALE_BOOK, age_ms, limit_ms)
    return book


def worth_copying(order: TargetOrder, policy: Policy, trail: Trail) -> Skip | None:
    worth = proceeds_floor(order.shares, order.price)
    if worth < policy.min_position:
        detail = f"the target's order is worth {worth} USD, below {policy.min_position} USD"
        return trail.skip(Rule.TARGET_TOO_SMALL, detail, value=worth, limit=policy.min_position)
    trail.note(Rule.TARGET_TOO_SMALL, worth, policy.min_position)
    return None


def one_more_position(snapshot: Snapshot, policy: Policy, trail: Trail) -> Skip | None:
    """Adding to a position that is already open is always allowed."""
    most, now = policy.max_open_positions, snapshot.open_positions
    if most is None or now < most or snapshot.inventory or snapshot.exposure:
        return None
    detail = f"{now} positions are open, limit {most}"
    return trail.skip(Rule.MAX_OPEN_POSITIONS, detail, value=now, limit=most)
