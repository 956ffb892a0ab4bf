"""RTDS activity: everybody's fills, pushed; the followed wallets' are picked out here."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from polybot.core.fills import ObservedFill
from polybot.core.ids import Wallet
from polybot.polymarket.streams.socket import SocketOptions
from polybot.ports.telemetry import Telemetry
from polybot.utils.clock import Clock
from polybot.utils.retry import Backoff, Random


@dataclass(frozen=True, slots=True)
class ActivityStreamOptions:
    """The feed is stale when nothing came for `socket.data_stale_s` or when rows are older than `max_row_age_s`."""

    max_row_age_s: float = 30.0
    socket: SocketOptions = SocketOptions(
        ping_every_s=5.0, pong_stale_s=None, data_stale_s=20.0, renew_after_s=3600.0, backoff=Backoff(cap_s=15.0)
    )


@dataclass(frozen=True, slots=True)
class FeedGap:
    """Fills may have been missed around here: read the followed wallets' activity."""

    reason: str


@dataclass(frozen=True, slots=True)
class ActivityHealth:
    """`row_age_s` is venue second to arrival of the newest row, None before the first one."""

    connected: bool
    silent_s: float | None
    row_age_s: float | None
    rows: int
    connections: int


class ActivityStream:
    """`run` (supervised) keeps the connection; one consumer reads `events`."""

    def __init__(
        self,
        url: str,
        *,
        wallets: Iterable[Wallet],
        clock: Clock,
        options: ActivityStreamOptions = ActivityStreamOptions(),
        telemetry: Telemetry | None = None,
        random: Random | None = None,
    ) -> None:
        raise NotImplementedError

    async def run(self) -> None:
        raise NotImplementedError

    def events(self) -> AsyncIterator[ObservedFill | FeedGap]:
        raise NotImplementedError

    def follow(self, wallets: Iterable[Wallet]) -> None:
        """Replaces the followed wallets."""
        raise NotImplementedError

    def health(self) -> ActivityHealth:
        raise NotImplementedError

    def healthy(self) -> bool:
        """Connected, not silent, and its rows are young."""
        raise NotImplementedError
