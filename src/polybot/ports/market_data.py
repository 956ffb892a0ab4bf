"""Markets and books, kept warm: reading them never waits."""

from dataclasses import dataclass
from typing import Protocol

from polybot.core.book import Book
from polybot.core.ids import TokenId
from polybot.core.market import Market


@dataclass(frozen=True, slots=True)
class Quote:
    """A live book and how old its last proof of freshness is. Do not keep it over an await."""

    book: Book
    age_ms: int


@dataclass(frozen=True, slots=True)
class Resolution:
    """A market has ended; `winner` pays 1 USDC a share, the other outcome nothing. Without one each pays a half."""

    market: Market
    winner: TokenId | None
    resolved_ns: int


class MarketData(Protocol):
    def market(self, token: TokenId) -> Market | None:
        """None while it is not loaded."""
        ...

    def quote(self, token: TokenId) -> Quote | None:
        """None while there is no book that can be trusted."""
        ...

    async def ensure(self, token: TokenId) -> bool:
        """Load market and book if they are cold; False if the venue does not know the token or cannot be
        asked within the configured time. Cheap when warm."""
        ...

    async def next_resolution(self) -> Resolution: ...
