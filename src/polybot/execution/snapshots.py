"""Freezes what is known at one moment, for one decision."""

from polybot.core.fills import TargetOrder
from polybot.core.ids import Wallet
from polybot.core.portfolio import Portfolio
from polybot.core.trading import TradingMode
from polybot.decision.model import Snapshot
from polybot.ports.market_data import MarketData
from polybot.ports.trading_state import TradingState
from polybot.utils.clock import Clock


class Snapshots:
    """`disabled` targets are followed out, not in. Nothing here waits."""

    def __init__(
        self,
        *,
        market_data: MarketData,
        portfolio: Portfolio,
        trading: TradingState,
        clock: Clock,
        started_ns: int,
        disabled: frozenset[Wallet],
        book_depth: int,
    ) -> None:
        self._market_data = market_data
        self._portfolio = portfolio
        self._trading = trading
        self._clock = clock
        self._started_ns = started_ns
        self._disabled = disabled
        self._book_depth = book_depth

    def take(self, order: TargetOrder) -> Snapshot:
        quote = self._market_data.quote(order.token)
        mode, locks = self._permission(order.target)
        return Snapshot(
            taken_ns=self._clock.now_ns(),
            started_ns=self._started_ns,
            mode=mode,
            locks=locks,
            market=self._market_data.market(order.token),
            book=quote.book.view(depth=self._book_depth) if quote else None,
            book_age_ms=quote.age_ms if quote else None,
            cash_free=self._portfolio.free_cash(),
            exposure=self._portfolio.exposure(order.target, order.token),
            inventory=self._portfolio.inventory(order.target, order.token),
            open_positions=self._portfolio.open_positions(),
        )

    def _permission(self, target: Wallet) -> tuple[TradingMode, tuple[str, ...]]:
        mode = self._trading.mode
        locks = tuple(f"{lock.name}: {lock.reason}" for lock in self._trading.locks)
        if target not in self._disabled:
            return mode, locks
        return TradingMode.EXITS_ONLY if mode is TradingMode.RUNNING else mode, (*locks, "target: disabled")
