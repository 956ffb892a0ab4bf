"""How markets end: told by the feed, or found by asking when the feed forgets to tell."""

import asyncio
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market
from polybot.monitoring.market_loader import MarketLoader
from polybot.monitoring.shelf import Shelf
from polybot.ports.market_data import Resolution
from polybot.ports.telemetry import Telemetry
from polybot.utils.clock import Clock, wait_event


class Resolutions:
    """Each market's end once."""

    def __init__(
        self,
        *,
        shelf: Shelf,
        loader: MarketLoader,
        held: Callable[[], AbstractSet[TokenId]],
        clock: Clock,
        telemetry: Telemetry,
        poll_every_s: float,
    ) -> None:
        self._shelf = shelf
        self._loader = loader
        self._held = held
        self._clock = clock
        self._telemetry = telemetry
        self._poll_every_s = poll_every_s
        self._queue: asyncio.Queue[Resolution] = asyncio.Queue()
        self._told: set[ConditionId] = set()
        self._doubtful = asyncio.Event()

    async def next(self) -> Resolution:
        return await self._queue.get()

    def hear(self, condition: ConditionId, winner: TokenId) -> None:
        """Unknown markets and repeats are ignored; a winner that is no outcome of the market is refused.

        An empty one closes the market; that it is a tie is for the final prices to prove.
        """
        market = self._shelf.by_condition(condition)
        if market is None or condition in self._told:
            return
        if not winner:
            self._shelf.close(market, winner=None, tied=False)
            self._doubtful.set()
        elif winner in {outcome.token for outcome in market.outcomes}:
            self._tell(market, winner)
        else:
            self._telemetry.count("resolution_refused")

    def learn(self, known: Market) -> None:
        """Of a market on the shelf."""
        market = self._shelf.by_condition(known.condition)
        if market is not None and known.resolved and known.condition not in self._told:
            self._tell(market, known.winner)

    def _tell(self, market: Market, winner: TokenId | None) -> None:
        self._told.add(market.condition)
        self._shelf.close(market, winner=winner, tied=winner is None)
        self._queue.put_nowait(Resolution(market, winner, self._clock.now_ns()))

    async def keep_asking(self) -> None:
        """The market socket is known to leave `market_resolved` out at times (seen January 2026)."""
        while True:
            await wait_event(self._clock, self._doubtful, timeout_s=self._poll_every_s)
            self._doubtful.clear()
            for token in self._held():
                await self._ask(token)

    async def _ask(self, token: TokenId) -> None:
        market = self._shelf.market(token) or await self._loader.facts(token)
        if market is None or market.condition in self._told:
            return
        self._shelf.put(market)
        known = await self._loader.by_condition(market.condition)
        if known is not None:
            self.learn(known)
