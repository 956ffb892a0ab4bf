"""Ends positions whose market has resolved: winners pay 1 USDC a share, losers nothing, each a half in a tie."""

from collections.abc import Callable

import structlog

from polybot.core.ids import TokenId
from polybot.core.ledger import Settlement
from polybot.core.money import MICRO, Usdc
from polybot.core.portfolio import Portfolio
from polybot.ports.market_data import MarketData, Resolution
from polybot.ports.store import Store
from polybot.utils.clock import Clock

log = structlog.get_logger(__name__)


class Settler:
    """Books the payout of a resolution for every position in its tokens, once; `on_settled` hears of each token."""

    def __init__(
        self,
        *,
        market_data: MarketData,
        store: Store,
        portfolio: Portfolio,
        clock: Clock,
        on_settled: Callable[[TokenId], None] = lambda _: None,
    ) -> None:
        self._market_data = market_data
        self._store = store
        self._portfolio = portfolio
        self._clock = clock
        self._on_settled = on_settled

    async def run(self) -> None:
        """Long-lived."""
        while True:
            await self.settle(await self._market_data.next_resolution())

    async def settle(self, resolution: Resolution) -> None:
        """Idempotent."""
        for settlement in settlements(resolution):
            if await self._store.apply_settlement(settlement, now_ns=self._clock.now_ns()):
                self._portfolio.settle(settlement)
                self._on_settled(settlement.token)
                log.info("settled", token=settlement.token, payout=str(settlement.payout))


def settlements(resolution: Resolution) -> list[Settlement]:
    """One for each outcome."""
    return [
        Settlement(
            condition=resolution.market.condition,
            token=outcome.token,
            payout=_payout(outcome.token, resolution.winner),
            resolved_ns=resolution.resolved_ns,
        )
        for outcome in resolution.market.outcomes
    ]


def _payout(token: TokenId, winner: TokenId | None) -> Usdc:
    if winner is None:
        return Usdc(MICRO // 2)
    return Usdc(MICRO if token == winner else 0)
