"""Following a target out of a position. Refused by nothing but missing inventory, a dead market or a halt."""

from polybot.core.fees import proceeds_fee_bound
from polybot.core.fills import TargetOrder
from polybot.core.market import Side
from polybot.core.matching import SHARE_GRAIN, grain_floor
from polybot.core.money import ZERO_USDC, Price, Shares
from polybot.core.orders import TimeInForce
from polybot.core.trading import TradingMode
from polybot.decision import gates
from polybot.decision.model import Copy, Policy, Skip, Snapshot
from polybot.decision.price_budget import exit_floor
from polybot.decision.rules import Rule, Trail
from polybot.decision.sizing import exit_size


def decide_exit(order: TargetOrder, snapshot: Snapshot, policy: Policy) -> Copy | Skip:
    trail = Trail()
    if refused := _may_exit(snapshot, trail):
        return refused
    market = gates.open_market(snapshot, trail)
    if isinstance(market, Skip):
        return market
    inventory = grain_floor(snapshot.inventory)
    shares = exit_size(order, inventory=inventory, ratio=policy.ratio)
    trail.note(Rule.EXIT_SIZE, shares, inventory)
    _name_dust(snapshot.inventory - shares, trail)
    limit = exit_floor(order.price, slippage=policy.exit_slippage, tick=market.tick)
    rests = _must_rest(snapshot, policy, limit, trail) and shares >= market.min_order
    return Copy(
        side=Side.SELL,
        limit=limit,
        shares=shares,
        spend=ZERO_USDC,
        tif=TimeInForce.GTD if rests else TimeInForce.FAK,
        ttl_s=policy.passive_ttl_s if rests else 0,
        fee_bound=proceeds_fee_bound(shares, market.fee, lowest=limit),
        reference=order.price,
        checks=trail.checks(),
    )


def _may_exit(snapshot: Snapshot, trail: Trail) -> Skip | None:
    held = snapshot.inventory
    if held.micro < SHARE_GRAIN:
        detail = f"we hold {held} shares for this target that are not already on offer, least to sell 0.01"
        return trail.skip(Rule.NOTHING_TO_EXIT, detail, value=held, limit=Shares(SHARE_GRAIN))
    if snapshot.mode is TradingMode.HALTED:
        why = f" ({', '.join(snapshot.locks)})" if snapshot.locks else ""
        detail = f"trading is halted{why}"
        return trail.skip(Rule.HALTED, detail, value=snapshot.mode, limit=TradingMode.EXITS_ONLY)
    return None


def _name_dust(left: Shares, trail: Trail) -> None:
    if 0 < left.micro < SHARE_GRAIN:
        trail.note(Rule.DUST, left, Shares(SHARE_GRAIN))


def _must_rest(snapshot: Snapshot, policy: Policy, floor: Price, trail: Trail) -> bool:
    """True if a book that can be trusted has no bid at the floor or above it."""
    book, age_ms = snapshot.book, snapshot.book_age_ms
    if book is None or age_ms is None or age_ms > policy.max_book_age_ms:
        trail.note(Rule.EXIT_FLOOR, "unknown", floor)
        return False
    best = book.bids[0].price if book.bids else None
    reachable = best is not None and best >= floor
    (trail.note if reachable else trail.bind)(Rule.EXIT_FLOOR, best or "none", floor)
    return not reachable
