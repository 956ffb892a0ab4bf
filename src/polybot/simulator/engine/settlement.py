"""What reaches wallets without an order of theirs: the house's quotes, recorded fills, grants and results."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from polybot.core.book import Level
from polybot.core.ids import OrderId, TokenId, TradeId
from polybot.core.market import Side
from polybot.core.matching import SHARE_GRAIN
from polybot.core.money import Price, Shares, Usdc
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.floor import Floor
from polybot.simulator.engine.ledger import TrueFill
from polybot.simulator.engine.listings import Listing
from polybot.simulator.engine.matching import Plan, plan_crossing
from polybot.simulator.engine.model import (
    BookReplaced,
    FillRow,
    FillsPublished,
    LastTrade,
    MarketResolved,
    OrderStatus,
    Print,
    Role,
)
from polybot.simulator.engine.orders import OrderDesk
from polybot.simulator.engine.trades import Taker

_MATCHED_BEFORE_NS = 2_000_000_000
"""Recorded fills bear the time of their block; the match was about this much earlier."""


class HouseDesk:
    """Quotes for everyone else; an order that a new quote crosses is filled at its own price."""

    def __init__(self, floor: Floor, orders: OrderDesk) -> None:
        self._floor = floor
        self._orders = orders

    def replace(self, listing: Listing, token: TokenId, *, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        listing.book.replace_house(token, bids=bids, asks=asks)
        self._cross(listing)
        self._tell_book(listing)

    def set_level(self, listing: Listing, token: TokenId, side: Side, *, price: Price, size: Shares) -> None:
        book = listing.book
        book.set_house_level(token, side, price=price.micro, size=size.micro)
        if self._cross(listing):
            self._tell_book(listing)
            return
        first_side = Side.BUY if book.side_of(token, side) is book.bids else Side.SELL
        self._floor.tell_levels(listing, [(first_side, book.own_price(token, price.micro))])

    def _tell_book(self, listing: Listing) -> None:
        listing.changed_ns = self._floor.agenda.now_ns
        self._floor.emit(BookReplaced(listing.changed_ns, listing.market.condition))

    def _cross(self, listing: Listing) -> bool:
        plans = [(side, plan_crossing(listing.book, side)) for side in (Side.BUY, Side.SELL)]
        for side, plan in plans:
            if plan.legs:
                self._fill(listing, side, plan)
        return any(plan.legs for _, plan in plans)

    def _fill(self, listing: Listing, side: Side, plan: Plan) -> None:
        book = listing.book
        left = plan.shares.micro
        ladder = book.facing(book.first, side)
        for price, level in [(price, level) for price, level in ladder if level.house_micro >= SHARE_GRAIN]:
            taken = min(left, level.house_micro - level.house_micro % SHARE_GRAIN)
            if taken:
                ladder.shrink_house(price, taken)
                left -= taken
        trade = self._floor.match(listing, Taker(book.first, side.opposite), plan)
        for leg in plan.legs:
            if leg.maker:
                self._orders.filled(leg.maker)
        self._floor.tell_trade(listing, trade, plan)


class Settlement:
    """Cash and shares that do not come from the book; what goes to one wallet comes from the house."""

    def __init__(self, floor: Floor, orders: OrderDesk) -> None:
        self._floor = floor
        self._orders = orders

    def grant(self, account: Account, listing: Listing, token: TokenId, shares: Shares) -> None:
        account.held_micro[token] += shares.micro
        self._floor.accounts.house.held_micro[token] -= shares.micro
        condition, now_ns = listing.market.condition, self._floor.agenda.now_ns
        self._floor.truth.grant(account.wallet, condition=condition, token=token, shares=shares, at_ns=now_ns)

    def print_fills(self, prints: Sequence[Print], *, tx: str) -> None:
        """Wallets get what they lack for them; the rows appear at once, the first one being the taker's.

        Nothing happens in a closed market.
        """
        listing = self._floor.listings.by_token[prints[0].token]
        if listing.market.closed:
            return
        rows = tuple(self._print(entry, tx=tx, taker=i == 0) for i, entry in enumerate(prints))
        first = rows[0]
        price = Price(first.usdc.micro * 1_000_000 // first.shares.micro)
        listing.last_micro = listing.book.own_price(first.token, price.micro)
        now_ns = self._floor.agenda.now_ns
        self._floor.emit(LastTrade(now_ns, first.condition, first.token, first.side, price, first.shares, tx))
        self._floor.emit(FillsPublished(now_ns, tx, rows, now_ns - _MATCHED_BEFORE_NS))

    def _print(self, entry: Print, *, tx: str, taker: bool) -> FillRow:
        listing = self._floor.listings.by_token[entry.token]
        account = self._floor.accounts.adopt(entry.wallet, name=entry.name)
        self._provide(account, listing, entry)
        shares, usdc, fee = entry.shares.micro, entry.usdc.micro, entry.fee.micro
        account.fill(entry.token, entry.side, shares_micro=shares, usdc_micro=usdc, fee_micro=fee)
        house = self._floor.accounts.house
        house.fill(entry.token, entry.side.opposite, shares_micro=shares, usdc_micro=usdc)
        self._floor.accounts.fees.cash_micro += fee
        condition, now_ns = listing.market.condition, self._floor.agenda.now_ns
        self._floor.truth.fill(
            TrueFill(
                entry.wallet, Role.PRINT, TradeId(""), OrderId(""), condition, entry.token, entry.side,
                entry.shares, entry.usdc, entry.fee, now_ns,
            )
        )  # fmt: skip
        return FillRow(
            self._floor.numbers.next_sequence(), entry.wallet, condition, entry.token, entry.side,
            entry.shares, entry.usdc, entry.fee, tx, now_ns, taker,
        )  # fmt: skip

    def _provide(self, account: Account, listing: Listing, entry: Print) -> None:
        if entry.side is Side.BUY:
            free = account.cash_micro - account.reserved_cash_micro
            lacking = entry.usdc.micro + entry.fee.micro - free
            if lacking > 0:
                self._floor.accounts.deposit(account, Usdc(lacking))
            return
        free = account.held_micro[entry.token] - account.reserved_shares_micro[entry.token]
        if (lacking := entry.shares.micro - free) > 0:
            self.grant(account, listing, entry.token, Shares(lacking))

    def resolve(self, listing: Listing, *, winner: TokenId | None) -> bool:
        """Cancels what rests and closes the market; a second time does nothing and is False."""
        if listing.market.closed:
            return False
        self._orders.clear(listing, OrderStatus.CANCELED_MARKET_RESOLVED)
        listing.book.replace_house(listing.book.first, bids=(), asks=())
        listing.market = replace(listing.market, closed=True, accepting_orders=False, winner=winner)
        listing.last_micro = listing.worth_micro(listing.book.first)
        self._floor.settle_system(listing)
        now_ns = listing.changed_ns = self._floor.agenda.now_ns
        self._floor.emit(BookReplaced(now_ns, listing.market.condition))
        self._floor.emit(MarketResolved(now_ns, listing.market.condition, winner))
        return True
