"""What the REST services know of a market: trading facts from the CLOB, names and outcome from Gamma."""

from collections.abc import Awaitable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.polymarket.rest.models import BookFrame
from polybot.ports.telemetry import Telemetry

T = TypeVar("T")


class ClobReader(Protocol):
    async def market(self, token: TokenId) -> Market | None: ...
    async def book(self, token: TokenId) -> BookFrame | None: ...
    async def books(self, tokens: Sequence[TokenId]) -> dict[TokenId, BookFrame]: ...


class GammaReader(Protocol):
    async def market_by_token(self, token: TokenId) -> Market | None: ...
    async def market_by_condition(self, condition: ConditionId) -> Market | None: ...


class MarketLoader:
    """Reads; a service that does not answer counts as not knowing."""

    def __init__(self, *, clob: ClobReader, gamma: GammaReader, telemetry: Telemetry) -> None:
        self._clob = clob
        self._gamma = gamma
        self._telemetry = telemetry

    async def facts(self, token: TokenId) -> Market | None:
        """Enough to trade, from the service that answers first in line."""
        return await self._answer(self._clob.market(token)) or await self._answer(self._gamma.market_by_token(token))

    async def named(self, market: Market) -> Market:
        """The same with slug, question, end and outcome, if Gamma answers."""
        known = await self._answer(self._gamma.market_by_condition(market.condition))
        if known is None:
            return market
        return replace(
            market,
            slug=known.slug,
            question=known.question,
            end_ns=known.end_ns,
            closed=market.closed or known.closed,
            winner=market.winner or known.winner,
            tied=market.tied or known.tied,
        )

    async def book(self, token: TokenId) -> BookFrame | None:
        return await self._answer(self._clob.book(token))

    async def books(self, tokens: Sequence[TokenId]) -> dict[TokenId, BookFrame] | None:
        """Tokens without a book are missing; None: no answer."""
        return await self._answer(self._clob.books(tokens))

    async def by_condition(self, condition: ConditionId) -> Market | None:
        return await self._answer(self._gamma.market_by_condition(condition))

    async def _answer(self, asked: Awaitable[T | None]) -> T | None:
        try:
            return await asked
        except (RequestFailed, UnexpectedShape):
            self._telemetry.count("market_unread")
            return None
