"""Gamma: names and facts of markets, and who is behind a wallet."""

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market
from polybot.polymarket.rest.gamma_models import GammaEvent, GammaMarket, Profile
from polybot.polymarket.rest.http import HttpClient


def market_of(wire: GammaMarket) -> Market:
    """UnexpectedShape if it is not a two-outcome market with a book."""
    raise NotImplementedError


class GammaClient:
    def __init__(self, http: HttpClient) -> None:
        raise NotImplementedError

    async def market_by_condition(self, condition: ConditionId) -> Market | None:
        """Open or closed, v1 or v2."""
        raise NotImplementedError

    async def market_by_token(self, token: TokenId) -> Market | None:
        raise NotImplementedError

    async def market_by_slug(self, slug: str) -> Market | None:
        raise NotImplementedError

    async def event_by_slug(self, slug: str) -> GammaEvent | None:
        raise NotImplementedError

    async def profile(self, address: str) -> Profile | None:
        """None: nobody with this address. Its `proxy_wallet` differs from `address` if that is a signing EOA."""
        raise NotImplementedError

    async def search_profiles(self, name: str, *, limit: int = 10) -> list[Profile]:
        raise NotImplementedError
