"""Trades: who pays whom at the match, and the way of a trade onto the chain."""

import hashlib
import uuid
from collections import defaultdict
from dataclasses import dataclass, replace

from polybot.core.ids import OrderId, TokenId, TradeId, Wallet
from polybot.core.market import Side
from polybot.core.money import MICRO, ZERO_USDC, Price, Shares, Usdc
from polybot.core.orders import TradeStatus
from polybot.simulator.engine.accounts import SYSTEM, Account, Accounts
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.engine.liquidity import BookOrder
from polybot.simulator.engine.listings import Listing
from polybot.simulator.engine.matching import Leg, Plan
from polybot.simulator.engine.meddler import Honest, Meddler
from polybot.simulator.engine.model import (
    HOUSE,
    FillRow,
    FillsPublished,
    Listener,
    MakerLeg,
    OrderStatus,
    Role,
    SimTrade,
    TradeChanged,
    TrueFill,
)
from polybot.simulator.engine.rules import Rules
from polybot.simulator.engine.truth import Truth


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes; without an order it is the house."""

    token: TokenId
    side: Side
    order: BookOrder | None = None


class TradeDesk:
    """All trades, their effects and their progress. MATCHED holds at once; nothing here ever fails yet."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        truth: Truth,
        agenda: Agenda,
        rules: Rules,
        seed: int,
        emit: Listener,
    ) -> None:
        self._accounts = accounts
        self._truth = truth
        self._agenda = agenda
        self._rules = rules
        self._seed = seed
        self._emit = emit
        self.meddler: Meddler = Honest()
        self._trades: dict[TradeId, SimTrade] = {}
        self._by_owner: defaultdict[Wallet, dict[TradeId, None]] = defaultdict(dict)
        self._rows = 0

    def find(self, trade: TradeId) -> SimTrade | None:
        return self._trades.get(trade)

    def of(self, owner: Wallet) -> list[SimTrade]:
        return [self._trades[trade] for trade in self._by_owner.get(owner, ())]

    def next_sequence(self) -> int:
        """Numbers the rows of the public feeds."""
        self._rows += 1
        return self._rows

    def settle(self, listing: Listing, taker: Taker, plan: Plan) -> SimTrade:
        """Moves cash, shares and reservations, shrinks the makers' orders, and puts down what follows."""
        number = len(self._trades) + 1
        trade_id = TradeId(str(uuid.UUID(bytes=self._digest("trade", number)[:16], version=4)))
        legs = tuple(
            self._settle_leg(listing, taker, leg, trade_id, order=self._house_order(number, i))
            for i, leg in enumerate(plan.legs)
        )
        order = self._settle_taker(listing, taker, plan, trade_id)
        trade = SimTrade(
            id=trade_id,
            number=number,
            condition=listing.market.condition,
            token=taker.token,
            side=taker.side,
            order=order.asked.id if order else self._house_order(number, -1),
            owner=order.asked.owner if order else HOUSE,
            wallet=order.asked.wallet if order else HOUSE,
            shares=plan.shares,
            usdc=plan.usdc,
            fee=plan.fee,
            legs=legs,
            status=TradeStatus.MATCHED,
            matched_ns=self._agenda.now_ns,
            updated_ns=self._agenda.now_ns,
        )
        self._file(trade)
        return trade

    def tx_of(self, trade: SimTrade) -> str:
        """The hash its transaction will have."""
        return "0x" + self._digest("tx", trade.number).hex()

    def payout_tx(self, sequence: int) -> str:
        return "0x" + self._digest("payout", sequence).hex()

    def _house_order(self, number: int, leg: int) -> OrderId:
        return OrderId("0x" + self._digest(f"house{leg}", number).hex())

    def _digest(self, kind: str, number: int) -> bytes:
        return hashlib.blake2b(f"{self._seed}:{kind}:{number}".encode(), digest_size=32).digest()

    def _settle_taker(self, listing: Listing, taker: Taker, plan: Plan, trade: TradeId) -> BookOrder | None:
        order = taker.order
        account = self._account(order)
        _fill(account, taker.token, taker.side, shares=plan.shares, usdc=plan.usdc, fee=plan.fee)
        self._accounts.fees.cash_micro += plan.fee.micro
        if order:
            order.matched_micro += plan.shares.micro
            order.trades.append(trade)
            self._record(listing, order, Role.TAKER, trade, shares=plan.shares, usdc=plan.usdc, fee=plan.fee)
        return order

    def _settle_leg(self, listing: Listing, taker: Taker, leg: Leg, trade: TradeId, *, order: OrderId) -> MakerLeg:
        maker = leg.maker
        if maker is None:
            price = listing.book.own_price(taker.token, leg.price.micro)
            listing.book.facing(taker.token, taker.side).shrink_house(price, leg.shares.micro)
            made = MakerLeg(order, HOUSE, HOUSE, taker.token, taker.side.opposite, leg.price, leg.shares, leg.usdc)
        else:
            made = self._fill_maker(listing, taker, leg, maker, trade)
        _fill(self._account(maker), made.token, made.side, shares=made.shares, usdc=made.usdc)
        if made.side is taker.side:  # both buy: a pair is minted; both sell: one is merged
            listing.pool_micro += leg.shares.micro if made.side is Side.BUY else -leg.shares.micro
        return made

    def _fill_maker(self, listing: Listing, taker: Taker, leg: Leg, maker: BookOrder, trade: TradeId) -> MakerLeg:
        asked = maker.asked
        same = asked.token == taker.token
        price = leg.price if same else leg.price.complement()
        usdc = leg.usdc if same else Usdc(leg.shares.micro - leg.usdc.micro)
        listing.book.shrink(maker, leg.shares.micro)
        reserve(self._account(maker), maker, -leg.shares.micro)
        maker.matched_micro += leg.shares.micro
        maker.trades.append(trade)
        if not maker.open_micro:
            maker.status = OrderStatus.MATCHED
        self._record(listing, maker, Role.MAKER, trade, shares=leg.shares, usdc=usdc, fee=ZERO_USDC)
        return MakerLeg(asked.id, asked.owner, asked.wallet, asked.token, asked.side, price, leg.shares, usdc)

    def _record(
        self, listing: Listing, order: BookOrder, role: Role, trade: TradeId, *, shares: Shares, usdc: Usdc, fee: Usdc
    ) -> None:
        asked = order.asked
        self._truth.fill(
            TrueFill(
                wallet=asked.wallet,
                role=role,
                trade=trade,
                order=asked.id,
                condition=listing.market.condition,
                token=asked.token,
                side=asked.side,
                shares=shares,
                usdc=usdc,
                fee=fee,
                at_ns=self._agenda.now_ns,
            )
        )

    def _account(self, order: BookOrder | None) -> Account:
        account = self._accounts.find(order.asked.wallet) if order else None
        return account or self._accounts.house

    def _file(self, trade: SimTrade) -> None:
        self._trades[trade.id] = trade
        for owner in {trade.owner: None, **{leg.owner: None for leg in trade.legs}}:
            if owner not in SYSTEM:
                self._by_owner[owner][trade.id] = None
        self._emit(TradeChanged(self._agenda.now_ns, trade))
        self._agenda.after(self._rules.mined_after_s, lambda: self._mine(trade.id))

    def _mine(self, trade_id: TradeId) -> None:
        trade = self._trades[trade_id]
        self._advance(replace(trade, tx=self.tx_of(trade)), TradeStatus.MINED)
        self._publish(self._trades[trade_id])
        wait_s = self._rules.confirmed_after_s - self._rules.mined_after_s
        self._agenda.after(wait_s, lambda: self._advance(self._trades[trade_id], TradeStatus.CONFIRMED))

    def _advance(self, trade: SimTrade, status: TradeStatus) -> None:
        moved = replace(trade, status=status, updated_ns=self._agenda.now_ns)
        self._trades[trade.id] = moved
        self._emit(TradeChanged(self._agenda.now_ns, moved))

    def _publish(self, trade: SimTrade) -> None:
        taker = self._row(trade, trade, fee=trade.fee, taker=True)
        rows = (taker, *(self._row(trade, leg, fee=ZERO_USDC, taker=False) for leg in trade.legs))
        self._emit(FillsPublished(self._agenda.now_ns, trade.tx, rows, trade.matched_ns))

    def _row(self, trade: SimTrade, part: SimTrade | MakerLeg, *, fee: Usdc, taker: bool) -> FillRow:
        return FillRow(
            sequence=self.next_sequence(),
            wallet=part.wallet,
            condition=trade.condition,
            token=part.token,
            side=part.side,
            shares=part.shares,
            usdc=part.usdc,
            fee=fee,
            tx=trade.tx,
            at_ns=self._agenda.now_ns,
            taker=taker,
        )


def _fill(account: Account, token: TokenId, side: Side, *, shares: Shares, usdc: Usdc, fee: Usdc = ZERO_USDC) -> None:
    account.fill(token, side, shares_micro=shares.micro, usdc_micro=usdc.micro, fee_micro=fee.micro)


def reserve(account: Account, order: BookOrder, shares: int) -> None:
    """Holds back what `shares` more of a resting order could take; negative lets it go."""
    if order.asked.side is Side.BUY:
        account.reserved_cash_micro += reserved_usdc(order.limit, shares)
    else:
        account.reserved_shares_micro[order.asked.token] += shares


def reserved_usdc(limit: Price, shares: int) -> int:
    """Exact: shares are hundredths, prices ten-thousandths."""
    return shares * limit.micro // MICRO
