"""The simulated venue: books, orders, trades, accounts. Pure and deterministic; time comes in through `advance`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from polybot.core.book import BookView, Level
from polybot.core.ids import ConditionId, OrderId, TokenId, TradeId, Wallet
from polybot.core.market import Market, Side
from polybot.core.money import Price, Shares
from polybot.simulator.accounts import Accounts
from polybot.simulator.model import (
    FillRow,
    GroundTruth,
    Listener,
    NewOrder,
    OrderReport,
    Placement,
    SimTrade,
)


class Exchange:
    """Callers bring it to the present with `World.step` (or `advance`) before they ask anything of it."""

    accounts: Accounts
    now_ns: int

    def __init__(self, *, now_ns: int, seed: int = 0) -> None:
        raise NotImplementedError

    def subscribe(self, listener: Listener) -> None:
        """`listener` is called with every event, in order, while the exchange stands still at that event."""
        raise NotImplementedError

    def advance(self, now_ns: int) -> None:
        """Expires orders and moves trades on (MATCHED, MINED, CONFIRMED) up to `now_ns`, each at its own time."""
        raise NotImplementedError

    # markets

    def list_market(self, market: Market, *, event_slug: str = "", recorded: Mapping[str, Any] | None = None) -> None:
        """`recorded` is the Gamma object it was made from."""
        raise NotImplementedError

    def markets(self) -> Sequence[Market]:
        raise NotImplementedError

    def market(self, condition: ConditionId) -> Market | None:
        raise NotImplementedError

    def market_of(self, token: TokenId) -> Market | None:
        raise NotImplementedError

    def event_slug(self, condition: ConditionId) -> str:
        raise NotImplementedError

    def recorded(self, condition: ConditionId) -> Mapping[str, Any]:
        raise NotImplementedError

    def book(self, token: TokenId) -> BookView:
        """All levels; KeyError for an unknown token."""
        raise NotImplementedError

    def book_changed_ns(self, token: TokenId) -> int:
        raise NotImplementedError

    def last_trade(self, token: TokenId) -> Price | None:
        raise NotImplementedError

    def set_house_book(self, token: TokenId, *, bids: Iterable[Level], asks: Iterable[Level]) -> None:
        """Replaces the market's outside liquidity; resting orders that it crosses are filled as makers."""
        raise NotImplementedError

    def set_house_level(self, token: TokenId, *, side: Side, price: Price, size: Shares) -> None:
        raise NotImplementedError

    def set_tick(self, condition: ConditionId, tick: Price) -> None:
        raise NotImplementedError

    def resolve(self, condition: ConditionId, *, winner: TokenId) -> None:
        """Cancels what rests, pays 1 for each winning share, nothing for a losing one, and closes the market."""
        raise NotImplementedError

    # orders

    def place(self, order: NewOrder) -> Placement:
        """OrderRefused with the venue's text if nothing was placed."""
        raise NotImplementedError

    def cancel(self, order: OrderId, *, owner: Wallet) -> None:
        """CancelRefused with the venue's reason."""
        raise NotImplementedError

    def order(self, order: OrderId) -> OrderReport | None:
        raise NotImplementedError

    def orders_of(self, owner: Wallet, *, live_only: bool = True) -> list[OrderReport]:
        raise NotImplementedError

    def trade(self, trade: TradeId) -> SimTrade | None:
        raise NotImplementedError

    def trades_of(self, owner: Wallet) -> list[SimTrade]:
        """In which an order of this EOA took part, oldest first."""
        raise NotImplementedError

    def print_fills(self, rows: Sequence[FillRow]) -> None:
        """Publishes fills of one transaction that did not go through the book; `sequence` is given anew."""
        raise NotImplementedError

    # truth

    def ledger(self) -> GroundTruth:
        raise NotImplementedError

    def imbalance(self) -> str:
        """ "" while cash and shares are conserved over all wallets, else what is off."""
        raise NotImplementedError
