"""The CLOB's public side: time, books, market facts; and the credentials of a signer."""

from collections.abc import Sequence

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market
from polybot.core.money import Price
from polybot.polymarket.auth import ApiCredentials
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.rest.models import BookFrame, CompactMarket
from polybot.ports.signer import Signer
from polybot.utils.clock import Clock


class ClobClient:
    """Every method raises RequestFailed if there is no usable answer; None means: the venue does not know it."""

    def __init__(self, http: HttpClient, *, clock: Clock, chain_id: int = 137) -> None:
        raise NotImplementedError

    async def server_time_s(self) -> int:
        raise NotImplementedError

    async def version(self) -> int:
        """Generation of the order format the venue takes (2)."""
        raise NotImplementedError

    async def ok(self) -> bool:
        raise NotImplementedError

    async def warm_up(self, *, connections: int = 4) -> int:
        """Opens connections before they are needed; returns how many answered."""
        raise NotImplementedError

    async def book(self, token: TokenId) -> BookFrame | None:
        """None: no book (closed, unknown or not yet open)."""
        raise NotImplementedError

    async def books(self, tokens: Sequence[TokenId]) -> dict[TokenId, BookFrame]:
        """Any number of tokens, asked in batches; those without a book are missing."""
        raise NotImplementedError

    async def condition_of(self, token: TokenId) -> ConditionId | None:
        raise NotImplementedError

    async def compact_market(self, condition: ConditionId) -> CompactMarket | None:
        raise NotImplementedError

    async def market(self, token: TokenId) -> Market | None:
        """Everything needed to trade, without slug and question, which only Gamma knows."""
        raise NotImplementedError

    async def tick_size(self, token: TokenId) -> Price | None:
        raise NotImplementedError

    async def base_fee_bps(self, token: TokenId) -> int | None:
        """The old display value in basis points; not the fee charged (see Market.fee)."""
        raise NotImplementedError

    async def neg_risk(self, token: TokenId) -> bool | None:
        raise NotImplementedError

    async def credentials(self, signer: Signer, *, nonce: int = 0) -> ApiCredentials:
        """Creates the signer's API credentials, or derives them if they exist."""
        raise NotImplementedError
