"""Markets and books kept warm over the market socket, with the REST services as witnesses."""

from collections.abc import Iterable
from dataclasses import dataclass

from polybot.core.ids import TokenId
from polybot.core.market import Market
from polybot.ports.market_data import Quote, Resolution
from polybot.utils.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class WarmSettings:
    """`ensure_timeout_s`: how long a decision may wait for a cold market. `max_tokens`: least recently used go first.

    A stale-but-quiet book is confirmed by REST every `witness_every_s`; a book whose top has disagreed with the
    feed for `mismatch_s` is read anew.
    """

    ensure_timeout_s: float = 3.0
    max_tokens: int = 400
    preload_at_once: int = 4
    witness_every_s: float = 2.0
    mismatch_s: float = 2.0
    resolution_poll_s: float = 60.0


class LiveMarketData:
    """Implements ports.market_data.MarketData."""

    def start(self, supervisor: Supervisor) -> None:
        """Read the socket, confirm quiet books, watch for resolutions."""

    def preload(self, tokens: Iterable[TokenId]) -> None:
        """Warm these in the background, a few at once."""

    def market(self, token: TokenId) -> Market | None:
        raise NotImplementedError

    def quote(self, token: TokenId) -> Quote | None:
        raise NotImplementedError

    async def ensure(self, token: TokenId) -> bool:
        raise NotImplementedError

    def release(self, token: TokenId) -> None:
        raise NotImplementedError

    async def next_resolution(self) -> Resolution:
        raise NotImplementedError
