"""Orders from the door to their end: checks, match, rest, cancel, expiry."""

from collections import defaultdict

from polybot.core.ids import OrderId, Wallet
from polybot.core.market import Side
from polybot.core.matching import SHARE_GRAIN
from polybot.core.money import MICRO
from polybot.core.orders import TimeInForce
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.floor import Floor, Touched
from polybot.simulator.engine.liquidity import BookOrder
from polybot.simulator.engine.listings import Listing
from polybot.simulator.engine.matching import Plan, plan_taker
from polybot.simulator.engine.model import (
    CancelRefused,
    NewOrder,
    OrderChange,
    OrderRefused,
    OrderStatus,
    Placement,
    SimTrade,
)
from polybot.simulator.engine.rules import (
    EXPIRES_EARLY_S,
    MARKET_TYPES,
    check_account,
    check_funds,
    check_match,
    check_terms,
    shares_asked,
)
from polybot.simulator.engine.trades import Taker, reserve

NS = 1_000_000_000


class OrderDesk:
    """Every order ever accepted."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._orders: dict[OrderId, BookOrder] = {}
        self._live: defaultdict[Wallet, dict[OrderId, BookOrder]] = defaultdict(dict)
        self._all: defaultdict[Wallet, list[BookOrder]] = defaultdict(list)

    def find(self, order: OrderId) -> BookOrder | None:
        return self._orders.get(order)

    def all(self) -> list[BookOrder]:
        return list(self._orders.values())

    def of(self, owner: Wallet, *, live_only: bool) -> list[BookOrder]:
        return [*self._live.get(owner, {}).values()] if live_only else [*self._all.get(owner, ())]

    def place(self, new: NewOrder) -> Placement:
        """OrderRefused with the venue's text if nothing was placed."""
        listing, account = self._admit(new)
        now_ns = self._floor.agenda.now_ns
        limit = check_terms(new, listing.market, rules=self._floor.rules, now_s=now_ns // NS)
        plan = plan_taker(listing.book, listing.market, new, limit=limit)
        check_match(new, plan)
        check_funds(new, account, listing.market, fee=plan.fee)
        order = BookOrder(new, listing.market.condition, limit, shares_asked(new), created_ns=now_ns)
        self._file(order)
        trade = self._take(listing, order, plan) if plan.legs else None
        self._end_or_rest(listing, account, order, plan)
        return _placement(order, plan, trade)

    def _admit(self, new: NewOrder) -> tuple[Listing, Account]:
        listing = self._floor.listings.by_token.get(new.token)
        if listing is None or listing.market.closed:
            raise OrderRefused("No orderbook exists for the requested token id", http_status=404)
        if new.id in self._orders:
            raise OrderRefused(f"order {new.id} is invalid. Duplicated.")
        account = self._floor.accounts.find(new.wallet)
        if account is None:
            raise OrderRefused("maker address not allowed, please use the deposit wallet flow")
        check_account(new, account)
        return listing, account

    def _file(self, order: BookOrder) -> None:
        asked = order.asked
        self._orders[asked.id] = order
        self._live[asked.owner][asked.id] = order
        self._all[asked.owner].append(order)
        self._floor.tell_order(OrderChange.PLACEMENT, order.report())

    def _take(self, listing: Listing, order: BookOrder, plan: Plan) -> SimTrade:
        asked = order.asked
        trade = self._floor.match(listing, Taker(asked.token, asked.side, order), plan)
        for leg in plan.legs:
            if leg.maker and not leg.maker.open_micro:
                self._forget(leg.maker)
        self._floor.tell_levels(listing, _touched(listing, order, plan))
        self._floor.tell_trade(trade, plan)
        return trade

    def _end_or_rest(self, listing: Listing, account: Account, order: BookOrder, plan: Plan) -> None:
        """What is left rests, is cancelled (FAK), or is less than a hundredth of a share and forgotten."""
        left = 0 if plan.complete else _left(order, plan)
        if not left:
            self._end(order, OrderStatus.MATCHED)
        elif order.asked.tif in MARKET_TYPES:
            self._end(order, OrderStatus.CANCELED)
        else:
            self._rest(listing, account, order, left)
        if plan.legs:
            canceled = order.status is OrderStatus.CANCELED
            change = OrderChange.CANCELLATION if canceled else OrderChange.UPDATE
            self._floor.tell_order(change, order.report())

    def _rest(self, listing: Listing, account: Account, order: BookOrder, shares: int) -> None:
        order.open_micro = shares
        reserve(account, order, shares)
        listing.book.rest(order)
        self._floor.tell_levels(listing, [_level_of(listing, order)])
        if order.asked.tif is TimeInForce.GTD:
            due_ns = (order.asked.expiration_s - EXPIRES_EARLY_S) * NS
            self._floor.agenda.at(due_ns, lambda: self._expire(order))

    def cancel(self, order_id: OrderId, *, owner: Wallet) -> None:
        """CancelRefused with the venue's reason."""
        order = self._orders.get(order_id)
        if order is None or order.asked.owner != owner:
            raise CancelRefused("Order not found or already canceled")
        if order.status is OrderStatus.MATCHED:
            raise CancelRefused("Order already matched")
        if order.status is not OrderStatus.LIVE:
            raise CancelRefused("Order not found or already canceled")
        self.withdraw(order, OrderStatus.CANCELED)

    def withdraw(self, order: BookOrder, status: OrderStatus) -> None:
        """Takes a resting order off the book."""
        listing = self._floor.listings.by_token[order.asked.token]
        account = self._floor.accounts.find(order.asked.wallet)
        level = _level_of(listing, order)
        if account:
            reserve(account, order, -order.open_micro)
        listing.book.shrink(order, order.open_micro)
        self._end(order, status)
        self._floor.tell_order(OrderChange.CANCELLATION, order.report())
        self._floor.tell_levels(listing, [level])

    def filled(self, order: BookOrder) -> None:
        """A resting order was filled by the house."""
        if not order.open_micro:
            self._forget(order)

    def _expire(self, order: BookOrder) -> None:
        if order.status is OrderStatus.LIVE:
            self.withdraw(order, OrderStatus.CANCELED)

    def _end(self, order: BookOrder, status: OrderStatus) -> None:
        order.status = status
        self._forget(order)

    def _forget(self, order: BookOrder) -> None:
        self._live[order.asked.owner].pop(order.asked.id, None)


def _left(order: BookOrder, plan: Plan) -> int:
    asked = order.asked
    if asked.side is Side.BUY:
        left = (asked.making - plan.usdc.micro) * MICRO // order.limit.micro
    else:
        left = asked.making - plan.shares.micro
    return left - left % SHARE_GRAIN


def _level_of(listing: Listing, order: BookOrder) -> tuple[Side, int]:
    book = listing.book
    side = Side.BUY if book.side_of(order.asked.token, order.asked.side) is book.bids else Side.SELL
    return side, book.price_of(order)


def _touched(listing: Listing, order: BookOrder, plan: Plan) -> Touched:
    book, token = listing.book, order.asked.token
    side = Side.BUY if book.facing(token, order.asked.side) is book.bids else Side.SELL
    return [(side, price) for price in dict.fromkeys(book.own_price(token, leg.price.micro) for leg in plan.legs)]


def _placement(order: BookOrder, plan: Plan, trade: SimTrade | None) -> Placement:
    buy = order.asked.side is Side.BUY
    usdc, shares = plan.usdc.micro, plan.shares.micro
    gave, got = (usdc, shares) if buy else (shares, usdc)
    return Placement(order.report(), gave=gave, got=got, trades=(trade.id,) if trade else ())
