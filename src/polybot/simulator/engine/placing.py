"""New orders: checked, matched or held for a while, then at rest or at their end."""

from dataclasses import replace

from polybot.core.market import Side
from polybot.core.matching import SHARE_GRAIN, grain_floor
from polybot.core.money import MICRO, Shares
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.floor import Floor, Touched
from polybot.simulator.engine.liquidity import BookOrder
from polybot.simulator.engine.listings import Listing
from polybot.simulator.engine.matching import Plan, split_at
from polybot.simulator.engine.meddler import WHOLE
from polybot.simulator.engine.model import (
    NewOrder,
    NotEnough,
    OrderChange,
    OrderKilled,
    OrderRefused,
    OrderStatus,
    Placement,
    SimTrade,
)
from polybot.simulator.engine.orders import NS, OrderDesk
from polybot.simulator.engine.rules import (
    MARKET_TYPES,
    check_account,
    check_funds,
    check_match,
    check_price,
    check_terms,
    shares_asked,
)
from polybot.simulator.engine.trades import Taker

_EVERYTHING = 1 << 62


class OrderEntry:
    """The door of the venue."""

    def __init__(self, floor: Floor, orders: OrderDesk) -> None:
        self._floor = floor
        self._orders = orders

    def place(self, new: NewOrder) -> Placement:
        """OrderRefused with the venue's text if nothing was placed."""
        listing, account = self._admit(new)
        now_ns = self._floor.agenda.now_ns
        limit = check_terms(new, listing.market, rules=self._floor.rules, now_s=now_ns // NS)
        order = BookOrder(new, listing.market.condition, limit, shares_asked(new), created_ns=now_ns)
        plan = self._floor.plan(listing, new, limit=limit)
        self._check_match(order, plan)
        check_funds(new, account, listing.market, fee=plan.fee, rules=self._floor.rules)
        if plan.legs and listing.market.seconds_delay:
            return self._hold(listing, account, order)
        plan, missed = self._meddle(listing, order, plan)
        if missed:
            self._check_match(order, plan)
        filed = self._orders.file(order)
        trade = self._carry_out(listing, account, order, plan=plan, missed=missed)
        report = order.report() if trade else filed
        gave, got = _exchanged(order, plan)
        return Placement(report, gave=gave, got=got, trades=report.trades)

    def _admit(self, new: NewOrder) -> tuple[Listing, Account]:
        listing = self._floor.listings.by_token.get(new.token)
        if listing is None or listing.market.closed:
            raise OrderRefused("No orderbook exists for the requested token id", http_status=404)
        if self._orders.find(new.id):
            raise OrderRefused(f"order {new.id} is invalid. Duplicated.")
        account = self._floor.accounts.find(new.wallet)
        if account is None:
            raise OrderRefused("maker address not allowed, please use the deposit wallet flow")
        check_account(new, account)
        return listing, account

    def _meddle(self, listing: Listing, order: BookOrder, plan: Plan) -> tuple[Plan, Plan | None]:
        """What happens of the plan, in whole hundredths of a share, and what strangers take before the order can: all
        within its limit if it may rest, as it would cross the book otherwise."""
        share = self._floor.mining.meddler.share(order.asked) if plan.legs else WHOLE
        if share >= WHOLE:
            return plan, None
        reach = order.asked if order.asked.tif in MARKET_TYPES else replace(order.asked, making=_EVERYTHING)
        whole = self._floor.plan(listing, reach, limit=order.limit)
        shares = grain_floor(Shares(plan.shares.micro * share.micro // MICRO))
        return split_at(whole, listing.market, shares=shares)

    def _check_match(self, order: BookOrder, plan: Plan) -> None:
        """A killed order is told to its owner, though it was never placed."""
        try:
            check_match(order.asked, plan)
        except OrderKilled as killed:
            order.created_ns = 0
            self._floor.truth.killed.append(order.asked.id)
            self._orders.close(order, OrderStatus.CANCELED, reason=str(killed))
            raise

    def _carry_out(
        self, listing: Listing, account: Account, order: BookOrder, *, plan: Plan, missed: Plan | None
    ) -> SimTrade | None:
        asked = order.asked
        trade = self._take(listing, Taker(asked.token, asked.side, order), plan) if plan.legs else None
        if missed:
            self._take(listing, Taker(asked.token, asked.side), missed)
        self._end_or_rest(listing, account, order, plan)
        return trade

    def _take(self, listing: Listing, taker: Taker, plan: Plan) -> SimTrade:
        trade = self._floor.match(listing, taker, plan)
        for leg in plan.legs:
            if leg.maker:
                self._orders.filled(leg.maker)
        self._floor.tell_levels(listing, _touched(listing, taker, plan))
        self._floor.tell_trade(listing, trade, plan)
        return trade

    def _end_or_rest(self, listing: Listing, account: Account, order: BookOrder, plan: Plan) -> None:
        """What is left rests, is cancelled (FAK), or is less than a hundredth of a share and forgotten."""
        left = 0 if plan.complete else _left(order, plan)
        if not left:
            self._orders.end(order, OrderStatus.MATCHED)
        elif order.asked.tif in MARKET_TYPES:
            self._orders.end(order, OrderStatus.CANCELED)
        else:
            self._orders.rest(listing, account, order, left)
        if plan.legs:
            canceled = order.status is OrderStatus.CANCELED
            change = OrderChange.CANCELLATION if canceled else OrderChange.UPDATE
            self._floor.tell_order(change, order.report())

    def _hold(self, listing: Listing, account: Account, order: BookOrder) -> Placement:
        """It reserves nothing meanwhile."""
        order.status = OrderStatus.DELAYED
        report = self._orders.file(order)
        self._floor.agenda.after(listing.market.seconds_delay, lambda: self._release(listing, account, order))
        return Placement(report, gave=0, got=0, trades=())

    def _release(self, listing: Listing, account: Account, order: BookOrder) -> None:
        if listing.market.closed:
            self._orders.close(order, OrderStatus.CANCELED_MARKET_RESOLVED)
            return
        try:
            self._match_held(listing, account, order)
        except NotEnough:
            self._orders.close(order, OrderStatus.CANCELED_NOT_ENOUGH_BALANCE)
        except OrderRefused as refused:
            self._orders.close(order, OrderStatus.CANCELED, reason=str(refused))

    def _match_held(self, listing: Listing, account: Account, order: BookOrder) -> None:
        asked = order.asked
        check_price(asked, listing.market)
        check_account(asked, account)
        plan = self._floor.plan(listing, asked, limit=order.limit)
        check_funds(asked, account, listing.market, fee=plan.fee, rules=self._floor.rules)
        plan, missed = self._meddle(listing, order, plan)
        if not plan.legs:
            order.status = OrderStatus.UNMATCHED
            self._floor.tell_order(OrderChange.UPDATE, order.report())
        check_match(asked, plan)
        order.status = OrderStatus.LIVE
        self._carry_out(listing, account, order, plan=plan, missed=missed)


def _left(order: BookOrder, plan: Plan) -> int:
    asked = order.asked
    if asked.side is Side.BUY:
        left = (asked.making - plan.usdc.micro) * MICRO // order.limit.micro
    else:
        left = asked.making - plan.shares.micro
    return left - left % SHARE_GRAIN


def _touched(listing: Listing, taker: Taker, plan: Plan) -> Touched:
    book, token = listing.book, taker.token
    side = Side.BUY if book.facing(token, taker.side) is book.bids else Side.SELL
    return [(side, price) for price in dict.fromkeys(book.own_price(token, leg.price.micro) for leg in plan.legs)]


def _exchanged(order: BookOrder, plan: Plan) -> tuple[int, int]:
    """What was given and got, in micro-units."""
    usdc, shares = plan.usdc.micro, plan.shares.micro
    return (usdc, shares) if order.asked.side is Side.BUY else (shares, usdc)
