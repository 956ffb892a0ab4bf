"""The simulated venue: books, orders, trades, accounts. Pure and deterministic; time comes in through `advance`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from polybot.core.book import BookView, Level
from polybot.core.ids import ConditionId, OrderId, TokenId, TradeId, Wallet
from polybot.core.market import Market, Side
from polybot.core.money import Price, Shares, Usdc
from polybot.simulator.engine.accounts import Account, Accounts
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.engine.audit import imbalance
from polybot.simulator.engine.collateral import CashMoves, ShareMoves
from polybot.simulator.engine.floor import Floor
from polybot.simulator.engine.ledger import GroundTruth, TrueBalance, TruePosition
from polybot.simulator.engine.liquidity import MarketBook
from polybot.simulator.engine.listings import Listing
from polybot.simulator.engine.meddler import Meddler
from polybot.simulator.engine.model import (
    Event,
    Listener,
    MarketListed,
    NewOrder,
    OrderReport,
    OrderStatus,
    Placement,
    Print,
    SimTrade,
    TradeChanged,
)
from polybot.simulator.engine.moves import NO_GROUP, GroupId
from polybot.simulator.engine.orders import OrderDesk
from polybot.simulator.engine.placing import OrderEntry
from polybot.simulator.engine.rules import Rules
from polybot.simulator.engine.settlement import HouseDesk, Settlement
from polybot.simulator.engine.truth import Holding

DEFAULT_RULES = Rules()


class _Reading:
    """What anyone may ask of the venue."""

    def __init__(self, *, now_ns: int, seed: int = 0, rules: Rules = DEFAULT_RULES) -> None:
        self._floor = Floor.build(now_ns=now_ns, seed=seed, rules=rules)
        self._orders = OrderDesk(self._floor)

    @property
    def accounts(self) -> Accounts:
        return self._floor.accounts

    @property
    def agenda(self) -> Agenda:
        return self._floor.agenda

    @property
    def now_ns(self) -> int:
        return self._floor.agenda.now_ns

    def markets(self) -> Sequence[Market]:
        return [listing.market for listing in self._floor.listings.by_condition.values()]

    def market(self, condition: ConditionId) -> Market | None:
        listing = self._floor.listings.by_condition.get(condition)
        return listing.market if listing else None

    def market_of(self, token: TokenId) -> Market | None:
        listing = self._floor.listings.by_token.get(token)
        return listing.market if listing else None

    def event_slug(self, condition: ConditionId) -> str:
        return self._floor.listings.by_condition[condition].event_slug

    def recorded(self, condition: ConditionId) -> Mapping[str, Any]:
        """The Gamma object the market was made from; empty if there was none."""
        return self._floor.listings.by_condition[condition].recorded

    def book(self, token: TokenId) -> BookView:
        """All levels; KeyError for an unknown token."""
        return self._listing(token).book.view(token)

    def book_changed_ns(self, token: TokenId) -> int:
        return self._listing(token).changed_ns

    def last_trade(self, token: TokenId) -> Price | None:
        return self._floor.listings.last_trade(token)

    def order(self, order: OrderId) -> OrderReport | None:
        found = self._orders.find(order)
        return found.report() if found else None

    def asked(self, order: OrderId) -> NewOrder | None:
        """An accepted order as it was sent."""
        found = self._orders.find(order)
        return found.asked if found else None

    def orders_of(self, owner: Wallet, *, live_only: bool = True) -> list[OrderReport]:
        return [order.report() for order in self._orders.of(owner, live_only=live_only)]

    def trade(self, trade: TradeId) -> SimTrade | None:
        return self._floor.mining.find(trade)

    def trades_of(self, owner: Wallet) -> list[SimTrade]:
        """In which an order of this EOA took part, oldest first."""
        return self._floor.mining.of(owner)

    def tx_of(self, trade: SimTrade) -> str:
        """The hash of the transaction that is under way or was the last."""
        return self._floor.mining.tx_of(trade)

    def positions_of(self, wallet: Wallet) -> list[TruePosition]:
        return [self._position(holding) for holding in self._floor.truth.of(wallet)]

    def _position(self, holding: Holding) -> TruePosition:
        listing = self._floor.listings.by_token[holding.token]
        claim = self.worth(holding.token, Shares(holding.shares)) if listing.market.closed else None
        return holding.position(claim=claim)

    def group(self, condition: ConditionId) -> GroupId:
        """The neg-risk market that a market is a question of, NO_GROUP if none."""
        return self._floor.listings.by_condition[condition].group

    def markets_of(self, group: GroupId) -> Sequence[Market]:
        """The questions of a neg-risk market in their order."""
        return [listing.market for listing in self._floor.listings.of_group(group)]

    def worth(self, token: TokenId, shares: Shares) -> Usdc:
        """What shares of a resolved market are redeemed for."""
        return Usdc(self._listing(token).payout(token, shares.micro))

    def ledger(self) -> GroundTruth:
        truth = self._floor.truth
        return GroundTruth(
            at_ns=self.now_ns,
            orders=tuple(order.report() for order in self._orders.all()),
            fills=tuple(truth.fills),
            balances=tuple(_balance(account) for account in self.accounts),
            positions=tuple(self._position(holding) for holding in truth.holdings()),
            moves=tuple(truth.moves),
            failed=tuple(truth.failed),
            killed=tuple(truth.killed),
        )

    def imbalance(self) -> str:
        """Empty while cash and shares are conserved over all wallets, else what is off."""
        return imbalance(self.accounts, self._floor.listings.by_condition.values(), self._floor.truth)

    def _listing(self, token: TokenId) -> Listing:
        return self._floor.listings.by_token[token]


class Exchange(_Reading, CashMoves, ShareMoves):
    """Callers bring it to the present with `World.step` (or `advance`) before they ask anything of it."""

    def __init__(self, *, now_ns: int, seed: int = 0, rules: Rules = DEFAULT_RULES) -> None:
        super().__init__(now_ns=now_ns, seed=seed, rules=rules)
        self._entry = OrderEntry(self._floor, self._orders)
        self._house = HouseDesk(self._floor, self._orders)
        self._settlement = Settlement(self._floor, self._orders)
        self._floor.herald.heard_by(self._after_trade, TradeChanged)

    @property
    def rules(self) -> Rules:
        """New ones hold for what is asked from then on; what they say of mining holds as it was at first."""
        return self._floor.rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        self._floor.rules = rules

    @property
    def meddler(self) -> Meddler:
        """Who may spoil a match; `Honest` unless set."""
        return self._floor.mining.meddler

    @meddler.setter
    def meddler(self, meddler: Meddler) -> None:
        self._floor.mining.meddler = meddler

    def subscribe(self, listener: Listener, *kinds: type[Event]) -> None:
        """`listener` is called with every event, or those of these kinds, in order; what it reads meanwhile is the
        state at that event."""
        self._floor.herald.heard_by(listener, *kinds)

    def advance(self, now_ns: int) -> None:
        """Runs what is due by then (expiries, MINED, CONFIRMED, the world's events), each at its own time."""
        self._floor.agenda.run_until(now_ns)

    def list_market(
        self,
        market: Market,
        *,
        event_slug: str = "",
        recorded: Mapping[str, Any] | None = None,
        group: GroupId = NO_GROUP,
        index: int = 0,
    ) -> None:
        """`recorded` is the Gamma object it was made from, `index` the number of its question in the neg-risk
        market `group`."""
        book, slug = MarketBook(market), event_slug or market.slug
        listing = Listing(market, book, slug, recorded or {}, self.now_ns, group=group, index=index)
        self._floor.listings.add(listing)
        self._floor.emit(MarketListed(self.now_ns, market.condition))
        self._await_game(listing)

    def set_house_book(self, token: TokenId, *, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Replaces the market's outside liquidity; resting orders that it crosses are filled as makers.

        Nothing happens in a closed market.
        """
        listing = self._listing(token)
        if not listing.market.closed:
            self._house.replace(listing, token, bids=bids, asks=asks)

    def set_house_level(self, token: TokenId, *, side: Side, price: Price, size: Shares) -> None:
        listing = self._listing(token)
        if not listing.market.closed:
            self._house.set_level(listing, token, side, price=price, size=size)

    def set_tick(self, condition: ConditionId, tick: Price) -> None:
        """Orders that rest off a coarser grid stay."""
        self._floor.retick(self._floor.listings.by_condition[condition], tick)

    def start_game(self, condition: ConditionId) -> None:
        """Takes down what rests; the market stays open."""
        self._orders.clear(self._floor.listings.by_condition[condition], OrderStatus.INVALID)

    def set_game_start(self, condition: ConditionId, at_ns: int) -> None:
        """Games move; what was due at the old time does not happen."""
        listing = self._floor.listings.by_condition[condition]
        listing.market = replace(listing.market, game_start_ns=at_ns)
        self._await_game(listing)

    def set_delays(self, condition: ConditionId, *, seconds_delay: int, taker_delay_ms: int) -> None:
        """Orders that are held already keep their time. ValueError if one is negative."""
        if seconds_delay < 0 or taker_delay_ms < 0:
            raise ValueError(f"delays of {seconds_delay} s and {taker_delay_ms} ms: they cannot be negative")
        listing = self._floor.listings.by_condition[condition]
        listing.market = replace(listing.market, seconds_delay=seconds_delay, taker_delay_ms=taker_delay_ms)

    def _await_game(self, listing: Listing) -> None:
        at_ns, condition = listing.market.game_start_ns, listing.market.condition

        def start() -> None:
            if listing.market.game_start_ns == at_ns:
                self.start_game(condition)

        if at_ns is not None and at_ns > self.now_ns:
            self.agenda.at(at_ns, start)

    def set_accepting(self, condition: ConditionId, *, accepting: bool) -> None:
        """Whether the market takes new orders; what rests, stays. Nothing happens in a closed market."""
        listing = self._floor.listings.by_condition[condition]
        if not listing.market.closed:
            listing.market = replace(listing.market, accepting_orders=accepting)

    def resolve(self, condition: ConditionId, *, winner: TokenId | None) -> None:
        """Cancels what rests and closes the market: a winning share is worth 1, a losing one nothing, each a half if
        nobody wins. Holdings stay until they are redeemed, by the AutoRedeemer for those who let it.

        ValueError if `winner` is not one of its tokens.
        """
        listing = self._floor.listings.by_condition[condition]
        if winner not in (*listing.tokens, None):
            raise ValueError(f"{winner} is not a token of {condition}")
        if self._settlement.resolve(listing, winner=winner):
            self._redeem_later(listing, [account.wallet for account in self.accounts])

    def place(self, order: NewOrder) -> Placement:
        """OrderRefused with the venue's text if nothing was placed."""
        return self._entry.place(order)

    def cancel(self, order: OrderId, *, owner: Wallet) -> None:
        """CancelRefused with the venue's reason."""
        self._orders.cancel(order, owner=owner)

    def revert_trade(self, trade: TradeId, *, again: bool) -> None:
        """A reorg takes a mined trade out of the chain: it is RETRYING and mined again later, or fails.

        ValueError if it is not MINED.
        """
        self._floor.mining.revert(trade, again=again)

    def grant(self, account: Account, token: TokenId, shares: Shares) -> None:
        """Shares the wallet had before its story starts."""
        self._settlement.grant(account, self._listing(token), token, shares)

    def print_fills(self, prints: Sequence[Print], *, tx: str) -> None:
        """Shows the fills of one transaction in one market that did not go through the book, the taker's first.

        Nothing happens in a closed market.
        """
        self._settlement.print_fills(prints, tx=tx)


def _balance(account: Account) -> TrueBalance:
    return TrueBalance(account.wallet, account.name, account.cash, Usdc(account.deposited_micro))
