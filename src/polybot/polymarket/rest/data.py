"""Data API v2: what wallets did and hold."""

from collections.abc import Sequence

from polybot.core.ids import ConditionId, Wallet
from polybot.core.money import Usdc
from polybot.polymarket.rest.data_models import ActivityRow, FeedTrade, Page, PositionRow, ServiceStatus
from polybot.polymarket.rest.http import HttpClient
from polybot.utils.clock import Clock


class DataClient:
    """The edge caches answers by URL (trades 300 s, activity 15 s, positions 5 s): `fresh` asks with a unique one."""

    def __init__(self, http: HttpClient, *, clock: Clock) -> None:
        raise NotImplementedError

    async def activity(
        self,
        wallet: Wallet,
        *,
        types: Sequence[str] = ("TRADE",),
        start_s: int | None = None,
        end_s: int | None = None,
        oldest_first: bool = False,
        limit: int = 100,
        cursor: str | None = None,
        fresh: bool = True,
    ) -> Page[ActivityRow]:
        raise NotImplementedError

    async def trades(
        self,
        *,
        wallet: Wallet | None = None,
        conditions: Sequence[ConditionId] = (),
        taker_only: bool = False,
        start_s: int | None = None,
        end_s: int | None = None,
        limit: int = 100,
        cursor: str | None = None,
        fresh: bool = True,
    ) -> Page[FeedTrade]:
        raise NotImplementedError

    async def positions(self, wallet: Wallet, *, status: str = "OPEN", fresh: bool = True) -> list[PositionRow]:
        """All pages, down to the smallest amounts."""
        raise NotImplementedError

    async def value(self, wallet: Wallet) -> Usdc:
        """Current value of all positions; zero for a wallet that has none."""
        raise NotImplementedError

    async def status(self) -> ServiceStatus:
        raise NotImplementedError
