"""What keeping books warm needs of the market socket, and how warm."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Protocol

from polybot.core.ids import TokenId
from polybot.polymarket.streams.market import MarketEvent


class BookFeed(Protocol):
    """The market socket, run elsewhere."""

    async def subscribe(self, tokens: Iterable[TokenId]) -> None: ...
    async def unsubscribe(self, tokens: Iterable[TokenId]) -> None: ...
    def renew(self, token: TokenId, *, reason: str) -> None:
        """A new connection for the token and its neighbours. KeyError if it is not subscribed."""
        ...

    def events(self) -> AsyncIterator[MarketEvent]: ...


@dataclass(frozen=True, slots=True)
class WarmSettings:
    """How markets are kept ready.

    A book not heard of for `witness_every_s` is confirmed by REST, the longest unheard first, `witness_batch` in
    a request (an answer of many deep books would hold up everything else). One that is wanted and older than
    `reread_after_s` all the same is read by itself. A book that the feed contradicts, or that REST
    is ahead of, for `mismatch_s` is read anew and its feed renewed, at most once per `renew_every_s` and token.
    """

    ensure_timeout_s: float = 3.0
    max_markets: int = 200
    """Least recently wanted ones go first; those of held tokens stay."""
    preload_at_once: int = 4
    witness_every_s: float = 2.0
    witness_batch: int = 50
    missing_every_s: float = 15.0
    hashes_at_once: int = 4
    reread_after_s: float = 4.0
    mismatch_s: float = 2.0
    renew_every_s: float = 30.0
    resolution_poll_s: float = 60.0


WARM = WarmSettings()
