"""Following a target into a position."""

from dataclasses import dataclass

from polybot.core.book import BookView
from polybot.core.fees import taker_fee_bound
from polybot.core.fills import TargetOrder
from polybot.core.market import Market, Side
from polybot.core.matching import Walk, grain_floor, walk_shares, walk_spend
from polybot.core.money import Price, Shares, Usdc, cost_ceil, shares_floor
from polybot.core.orders import TimeInForce
from polybot.decision import gates
from polybot.decision.model import Copy, Policy, Skip, Snapshot, WhenTooFar
from polybot.decision.price_budget import entry_ceiling, resting_price
from polybot.decision.rules import Rule, Trail
from polybot.decision.sizing import (
    MIN_MARKETABLE_BUY,
    Cap,
    cash_cap,
    cent_floor,
    depth_within,
    entry_size,
    market_buy_fits,
    position_cap,
)


def decide_entry(order: TargetOrder, snapshot: Snapshot, policy: Policy) -> Copy | Skip:
    trail = Trail()
    if refused := (
        gates.may_enter(snapshot, trail)
        or gates.recent(order, snapshot, policy, trail)
        or gates.worth_copying(order, policy, trail)
        or gates.one_more_position(snapshot, policy, trail)
    ):
        return refused
    market = gates.accepting_market(snapshot, trail)
    if isinstance(market, Skip):
        return market
    book = gates.fresh_book(snapshot, policy, trail)
    if isinstance(book, Skip):
        return book
    cap = _cap(snapshot, policy, market, trail)
    if isinstance(cap, Skip):
        return cap
    wanted = entry_size(order, policy.ratio)
    trail.note(Rule.RATIO_SIZE, wanted, order.shares)
    return _Entry(order, policy, market, book, cap, wanted, trail).decide()


def _cap(snapshot: Snapshot, policy: Policy, market: Market, trail: Trail) -> Cap | Skip:
    """The tighter of the caps, if it leaves room for the smallest order."""
    if snapshot.cash_free is None:
        return trail.skip(Rule.CASH, "the balance is not known yet", value="unknown", limit="known")
    position, cash = position_cap(snapshot.exposure, policy), cash_cap(snapshot.cash_free, policy, market.fee)
    trail.note(position.rule, position.value, position.limit)
    trail.note(cash.rule, cash.value, cash.limit)
    cap = min(position, cash, key=lambda c: c.usdc)
    if cap.usdc >= MIN_MARKETABLE_BUY:
        return cap
    least = f"below the venue's minimum of {MIN_MARKETABLE_BUY} USD"
    if cap is cash:
        detail = f"free cash {cash.value} USD pays for {cap.usdc} USD after buffer and fee, {least}"
    else:
        detail = f"the position stands at {cap.value} USD of {cap.limit} USD: room {cap.usdc} USD, {least}"
    return trail.skip(cap.rule, detail, value=cap.value, limit=cap.limit)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry that passed all gates: what is left is price, depth and size."""

    order: TargetOrder
    policy: Policy
    market: Market
    book: BookView
    cap: Cap
    wanted: Shares
    trail: Trail

    def decide(self) -> Copy | Skip:
        limit = entry_ceiling(self.order.price, slippage=self.policy.slippage, tick=self.market.tick)
        if limit is None:
            return self._skip_price(f"no price on the tick of {self.market.tick} is within reach", self.market.tick)
        if not self.wanted:
            return self._below_minimum(f"{self.wanted} shares", "0.01 shares")
        walk = walk_shares(self.book.asks, side=Side.BUY, limit=limit, shares=self.wanted)
        if not walk.takes:
            return self._too_far(limit)
        return self._thin(limit) or self._take(walk, limit)

    def _thin(self, limit: Price) -> Skip | None:
        least = self.policy.min_depth
        if not (self.policy.require_depth and least):
            return None
        depth = depth_within(self.book.asks, limit=limit)
        if depth >= least:
            self.trail.note(Rule.MIN_DEPTH, depth, least)
            return None
        detail = f"the book offers {depth} USD at {limit} or better, below {least} USD"
        return self.trail.skip(Rule.MIN_DEPTH, detail, value=depth, limit=least)

    def _take(self, walk: Walk, limit: Price) -> Copy | Skip:
        """Dollars bound a marketable BUY: what the walk costs now, so that a better price does not overbuy."""
        spend, shares = cent_floor(walk.usdc), walk.shares
        if walk.usdc > self.cap.usdc:
            spend = cent_floor(self.cap.usdc)
            walk = walk_spend(self.book.asks, limit=limit, spend=spend)
            shares = walk.shares
            self.trail.bind(self.cap.rule, self.cap.value, self.cap.limit)
        elif not walk.complete and spend >= MIN_MARKETABLE_BUY:
            self.trail.bind(Rule.DEPTH, shares, self.wanted)
        elif not walk.complete:
            return self._too_far(limit)
        if spend < MIN_MARKETABLE_BUY:
            return self._below_minimum(f"{spend} USD", f"{MIN_MARKETABLE_BUY} USD for an order that takes")
        if not market_buy_fits(spend=spend, price=limit, tick=self.market.tick):
            return self._below_minimum(f"{spend} USD", f"what the precision of a {self.market.tick} tick can express")
        self.trail.note(Rule.SLIPPAGE, walk.worst, limit)
        return self._copy(limit, shares=shares, spend=spend, tif=self.policy.entry_tif)

    def _too_far(self, limit: Price) -> Copy | Skip:
        best = self.book.asks[0].price if self.book.asks else None
        if self.policy.when_too_far is WhenTooFar.SKIP:
            offer = f"best ask {best}" if best else "nothing is offered"
            return self._skip_price(f"{offer}; too little at {limit} or better for the minimum order", best, limit)
        self.trail.bind(Rule.SLIPPAGE, best or "none", limit)
        return self._rest(best)

    def _rest(self, best: Price | None) -> Copy | Skip:
        price = resting_price(self.order.price, tick=self.market.tick)
        affordable = grain_floor(shares_floor(self.cap.usdc, price))
        if affordable < self.wanted:
            self.trail.bind(self.cap.rule, self.cap.value, self.cap.limit)
        shares = min(self.wanted, affordable)
        spend = cost_ceil(shares, price)
        if shares < self.market.min_order:
            return self._below_minimum(f"{shares} shares", f"{self.market.min_order} shares for an order that rests")
        if best is not None and best <= price and spend < MIN_MARKETABLE_BUY:
            return self._below_minimum(f"{spend} USD", f"{MIN_MARKETABLE_BUY} USD for an order that takes")
        return self._copy(price, shares=shares, spend=spend, tif=TimeInForce.GTD)

    def _copy(self, limit: Price, *, shares: Shares, spend: Usdc, tif: TimeInForce) -> Copy:
        return Copy(
            side=Side.BUY,
            limit=limit,
            shares=shares,
            spend=spend,
            tif=tif,
            ttl_s=self.policy.passive_ttl_s if tif is TimeInForce.GTD else 0,
            fee_bound=taker_fee_bound(spend, self.market.fee, lowest=self.market.tick),
            reference=self.order.price,
            checks=self.trail.checks(),
        )

    def _skip_price(self, what: str, value: Price | None, limit: Price | None = None) -> Skip:
        percent = Price(self.policy.slippage.micro * 100)
        detail = f"{what} (target {self.order.price}, tolerance {percent} %)"
        return self.trail.skip(Rule.SLIPPAGE, detail, value=value or "none", limit=limit or self.order.price)

    def _below_minimum(self, size: str, minimum: str) -> Skip:
        detail = f"our size comes to {size}, below the venue's minimum of {minimum}"
        return self.trail.skip(Rule.BELOW_MINIMUM, detail, value=size, limit=minimum)
