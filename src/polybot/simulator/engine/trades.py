"""Trades: who pays whom at the match."""

from dataclasses import dataclass

from polybot.core.ids import TokenId, TradeId
from polybot.core.market import Side
from polybot.core.money import MICRO, ZERO_USDC, Price, Shares, Usdc
from polybot.core.orders import TradeStatus
from polybot.simulator.engine.accounts import Account, Accounts
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.engine.ledger import TrueFill
from polybot.simulator.engine.liquidity import BookOrder
from polybot.simulator.engine.listings import Listing
from polybot.simulator.engine.matching import Leg, Plan
from polybot.simulator.engine.mining import Mining, minted_micro
from polybot.simulator.engine.model import HOUSE, MakerLeg, OrderStatus, Role, SimTrade
from polybot.simulator.engine.numbering import Numbering
from polybot.simulator.engine.truth import Truth


@dataclass(frozen=True, slots=True)
class Taker:
    """Who takes; without an order it is the house."""

    token: TokenId
    side: Side
    order: BookOrder | None = None


class TradeDesk:
    """Carries matches out; what becomes of them then is mining's."""

    def __init__(self, *, accounts: Accounts, truth: Truth, agenda: Agenda, numbers: Numbering, mining: Mining) -> None:
        self._accounts = accounts
        self._truth = truth
        self._agenda = agenda
        self._numbers = numbers
        self._mining = mining

    def settle(self, listing: Listing, taker: Taker, plan: Plan) -> SimTrade:
        """Moves cash, shares and reservations, shrinks the makers' orders, and puts down what follows."""
        number = len(self._mining) + 1
        trade_id = self._numbers.trade_id(number)
        legs = tuple(
            self._settle_leg(listing, taker, leg, trade_id, house_order=(number, i)) for i, leg in enumerate(plan.legs)
        )
        order = self._settle_taker(listing, taker, plan, trade_id)
        trade = SimTrade(
            id=trade_id,
            number=number,
            condition=listing.market.condition,
            token=taker.token,
            side=taker.side,
            order=order.asked.id if order else self._numbers.house_order(number, -1),
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
        self._mining.submit(trade)
        return trade

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

    def _settle_leg(
        self, listing: Listing, taker: Taker, leg: Leg, trade: TradeId, *, house_order: tuple[int, int]
    ) -> MakerLeg:
        maker = leg.maker
        if maker is None:
            price = listing.book.own_price(taker.token, leg.price.micro)
            listing.book.facing(taker.token, taker.side).shrink_house(price, leg.shares.micro)
            order = self._numbers.house_order(*house_order)
            made = MakerLeg(order, HOUSE, HOUSE, taker.token, taker.side.opposite, leg.price, leg.shares, leg.usdc)
        else:
            made = self._fill_maker(listing, taker, leg, maker, trade)
        _fill(self._account(maker), made.token, made.side, shares=made.shares, usdc=made.usdc)
        listing.pool_micro += minted_micro(taker.side, made)
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
