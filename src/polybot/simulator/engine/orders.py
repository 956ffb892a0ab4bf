"""Every order ever accepted, and how those that rest come to their end."""

from collections import defaultdict

from polybot.core.ids import OrderId, Wallet
from polybot.core.market import Side
from polybot.core.orders import TimeInForce
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.floor import Floor
from polybot.simulator.engine.liquidity import BookOrder
from polybot.simulator.engine.listings import Listing
from polybot.simulator.engine.model import CancelRefused, OrderChange, OrderReport, OrderStatus
from polybot.simulator.engine.rules import EXPIRES_EARLY_S
from polybot.simulator.engine.trades import reserve

NS = 1_000_000_000


class OrderDesk:
    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._orders: dict[OrderId, BookOrder] = {}
        self._live: defaultdict[Wallet, dict[OrderId, BookOrder]] = defaultdict(dict)
        self._all: defaultdict[Wallet, list[BookOrder]] = defaultdict(list)
        floor.mining.on_undone = self.recheck

    def find(self, order: OrderId) -> BookOrder | None:
        return self._orders.get(order)

    def all(self) -> list[BookOrder]:
        return list(self._orders.values())

    def of(self, owner: Wallet, *, live_only: bool) -> list[BookOrder]:
        """Those that rest or are held count as live."""
        return [*self._live.get(owner, {}).values()] if live_only else [*self._all.get(owner, ())]

    def file(self, order: BookOrder) -> OrderReport:
        """As it was told to its owner."""
        asked = order.asked
        self._orders[asked.id] = order
        self._live[asked.owner][asked.id] = order
        self._all[asked.owner].append(order)
        report = order.report()
        self._floor.tell_order(OrderChange.PLACEMENT, report)
        return report

    def rest(self, listing: Listing, account: Account, order: BookOrder, shares: int) -> None:
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
        match order.status:
            case OrderStatus.LIVE:
                self.withdraw(order, OrderStatus.CANCELED)
            case OrderStatus.MATCHED:
                raise CancelRefused("Order already matched")
            case OrderStatus.DELAYED:
                raise CancelRefused("order match delayed due to market conditions")
            case _:
                raise CancelRefused("Order not found or already canceled")

    def withdraw(self, order: BookOrder, status: OrderStatus) -> None:
        """Takes a resting order off the book."""
        listing = self._floor.listings.by_token[order.asked.token]
        account = self._floor.accounts.find(order.asked.wallet)
        level = _level_of(listing, order)
        if account:
            reserve(account, order, -order.open_micro)
        listing.book.shrink(order, order.open_micro)
        self.close(order, status)
        self._floor.tell_levels(listing, [level])

    def clear(self, listing: Listing, status: OrderStatus) -> None:
        """Takes everything off a market's book."""
        for order in listing.book.resting():
            self.withdraw(order, status)

    def recheck(self, account: Account) -> None:
        """Takes down resting orders that the wallet's balance no longer covers, the newest first."""
        if _short(account):
            live = [order for orders in self._live.values() for order in orders.values()]
            resting = [order for order in live if order.asked.wallet == account.wallet and order.open_micro]
            resting.sort(key=lambda order: order.created_ns)
            for order in reversed(resting):
                if not _covered(account, order):
                    self.withdraw(order, OrderStatus.CANCELED_NOT_ENOUGH_BALANCE)

    def filled(self, order: BookOrder) -> None:
        """A resting order was filled, perhaps to its end."""
        if not order.open_micro:
            self._forget(order)

    def close(self, order: BookOrder, status: OrderStatus, *, reason: str = "") -> None:
        """The venue or its owner ends it; `reason` is what the venue says to that."""
        order.reason = reason
        self.end(order, status)
        self._floor.tell_order(OrderChange.CANCELLATION, order.report())

    def end(self, order: BookOrder, status: OrderStatus) -> None:
        """Without telling anyone."""
        order.status = status
        self._forget(order)

    def _expire(self, order: BookOrder) -> None:
        if order.status is OrderStatus.LIVE:
            self.withdraw(order, OrderStatus.CANCELED_EXPIRED_ORDER)

    def _forget(self, order: BookOrder) -> None:
        self._live[order.asked.owner].pop(order.asked.id, None)


def _short(account: Account) -> bool:
    shares = account.reserved_shares_micro.items()
    return account.reserved_cash_micro > account.cash_micro or any(
        reserved > account.held_micro.get(token, 0) for token, reserved in shares
    )


def _covered(account: Account, order: BookOrder) -> bool:
    token = order.asked.token
    if order.asked.side is Side.BUY:
        return account.reserved_cash_micro <= account.cash_micro
    return account.reserved_shares_micro[token] <= account.held_micro.get(token, 0)


def _level_of(listing: Listing, order: BookOrder) -> tuple[Side, int]:
    book = listing.book
    side = Side.BUY if book.side_of(order.asked.token, order.asked.side) is book.bids else Side.SELL
    return side, book.price_of(order)
