"""What all desks of the simulated venue share, and what follows from every match."""

from collections.abc import Sequence
from dataclasses import dataclass

from polybot.core.market import Side
from polybot.core.money import Price
from polybot.simulator.engine.accounts import Accounts
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.engine.herald import Herald
from polybot.simulator.engine.listings import Listing, Listings
from polybot.simulator.engine.matching import Plan, capped, plan_taker
from polybot.simulator.engine.mining import Mining
from polybot.simulator.engine.model import (
    LastTrade,
    LevelsChanged,
    Listener,
    NewOrder,
    OrderChange,
    OrderChanged,
    OrderReport,
    SimTrade,
    TickChanged,
)
from polybot.simulator.engine.numbering import Numbering
from polybot.simulator.engine.rules import COARSE_TICK, EDGE_TICK, Rules
from polybot.simulator.engine.trades import Taker, TradeDesk
from polybot.simulator.engine.truth import Truth

Touched = Sequence[tuple[Side, int]]
"""Levels of the first outcome's book: side and price."""


@dataclass(slots=True)
class Floor:
    agenda: Agenda
    rules: Rules
    accounts: Accounts
    listings: Listings
    truth: Truth
    numbers: Numbering
    mining: Mining
    trades: TradeDesk
    herald: Herald
    emit: Listener

    @classmethod
    def build(cls, *, now_ns: int, seed: int, rules: Rules) -> "Floor":
        agenda, accounts, listings, truth = Agenda(now_ns=now_ns), Accounts(), Listings(), Truth()
        numbers = Numbering(seed=seed, agenda=agenda)
        herald = Herald()
        mining = Mining(
            accounts=accounts,
            listings=listings,
            truth=truth,
            agenda=agenda,
            rules=rules,
            numbers=numbers,
            emit=herald.tell,
        )
        trades = TradeDesk(accounts=accounts, truth=truth, agenda=agenda, numbers=numbers, mining=mining)
        return cls(agenda, rules, accounts, listings, truth, numbers, mining, trades, herald, herald.tell)

    def plan(self, listing: Listing, order: NewOrder, *, limit: Price) -> Plan:
        """What the order would take now."""
        plan = plan_taker(listing.book, listing.market, order, limit=limit)
        return capped(plan, max_fee_bps=self.rules.max_fee_bps)

    def match(self, listing: Listing, taker: Taker, plan: Plan) -> SimTrade:
        """Carries a plan out and tells whose orders were filled; the caller tells what became of the book."""
        plan = capped(plan, max_fee_bps=self.rules.max_fee_bps)
        trade = self.trades.settle(listing, taker, plan)
        for leg in plan.legs:
            if leg.maker:
                self.tell_order(OrderChange.UPDATE, leg.maker.report())
        last = plan.legs[-1]
        listing.last_micro = listing.book.own_price(taker.token, last.price.micro)
        return trade

    def settle_system(self, listing: Listing) -> None:
        """What the house, which may be short, and nobody have in a resolved market becomes cash without a row."""
        for account in (self.accounts.house, self.accounts.nobody):
            for token in listing.tokens:
                if micro := account.held_micro.get(token, 0):
                    listing.pay_out(account, self.accounts.house, token, micro)

    def retick(self, listing: Listing, tick: Price) -> None:
        old = listing.market.tick
        if tick != old:
            listing.retick(tick)
            self.emit(TickChanged(self.agenda.now_ns, listing.market.condition, old, tick))

    def tell_trade(self, listing: Listing, trade: SimTrade, plan: Plan) -> None:
        at_ns = self.agenda.now_ns
        price = plan.legs[-1].price
        tx = self.mining.tx_of(trade)
        self.emit(LastTrade(at_ns, trade.condition, trade.token, trade.side, price, trade.shares, tx))
        if self.rules.edge_tick and listing.market.tick == COARSE_TICK and listing.at_edge:
            self.retick(listing, EDGE_TICK)

    def tell_levels(self, listing: Listing, touched: Touched) -> None:
        listing.changed_ns = self.agenda.now_ns
        if touched:
            self.emit(LevelsChanged(self.agenda.now_ns, listing.market.condition, listing.mirrored(touched)))

    def tell_order(self, change: OrderChange, order: OrderReport) -> None:
        self.emit(OrderChanged(self.agenda.now_ns, change, order))
