"""The feeds of fills: the public activity socket for all targets, and one poll of the Data API per target."""

from collections.abc import AsyncIterator, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from polybot.core.fills import ObservedFill, SourceKind
from polybot.core.ids import Wallet
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.ports.telemetry import NoTelemetry, Telemetry
from polybot.utils.clock import Clock
from polybot.utils.feed import Doorbell
from polybot.utils.retry import Backoff, Random


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """Rows of one page oldest first, trades only; `bad` rows were refused. `next_cursor` None: caught up."""

    fills: tuple[ObservedFill, ...]
    next_cursor: str | None
    bad: int = 0


class ActivityPages(Protocol):
    """GET /v2/activity for one wallet, oldest first, every answer fresh from the service."""

    async def __call__(self, wallet: Wallet, *, start_s: int, cursor: str | None) -> ActivityPage: ...


class FillStream(Protocol):
    """The activity socket: yields the rows of every wallet on the venue."""

    def fills(self) -> AsyncIterator[ObservedFill]: ...
    def healthy(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class PollSettings:
    """How often one target is polled: `fast_s` while the stream is not to be trusted, else `gentle_s`.

    A sweep begins `overlap_s` before the cursor, because the feed shows some rows late.
    """

    fast_s: float = 2.0
    gentle_s: float = 15.0
    overlap_s: int = 120
    spread: float = 0.2
    """Each wait is shortened by up to this part at random, so that targets do not poll in step."""
    max_pages: int = 200
    backoff: Backoff = Backoff(base_s=2.0, cap_s=60.0)


class ActivityStreamSource:
    """The targets' rows out of everybody's. May repeat rows and miss some."""

    kind = SourceKind.ACTIVITY_STREAM
    authoritative = False

    def __init__(self, stream: FillStream, *, wallets: AbstractSet[Wallet]) -> None:
        self._stream = stream
        self._wallets = wallets

    async def batches(self) -> AsyncIterator[Sequence[ObservedFill]]:
        async for fill in self._stream.fills():
            if fill.wallet in self._wallets:
                yield (fill,)

    def healthy(self) -> bool:
        return self._stream.healthy()


class ActivityPollSource:
    """Sweeps of one target's activity from its cursor to now; one batch per sweep.

    A failed sweep yields nothing, is counted, and is tried again after a growing pause; `last_error` says why.
    """

    kind = SourceKind.ACTIVITY_POLL
    authoritative = True

    def __init__(
        self,
        wallet: Wallet,
        *,
        pages: ActivityPages,
        cursor: Callable[[Wallet], int],
        stream_healthy: Callable[[], bool],
        clock: Clock,
        random: Random,
        settings: PollSettings = PollSettings(),
        telemetry: Telemetry = NoTelemetry(),
    ) -> None:
        self.wallet = wallet
        self.last_error: str | None = None
        self._pages = pages
        self._cursor = cursor
        self._stream_healthy = stream_healthy
        self._clock = clock
        self._random = random
        self._settings = settings
        self._telemetry = telemetry
        self._bell = Doorbell()
        self._failures = 0

    def ask(self, wallet: Wallet) -> None:
        """Sweep at once, if `wallet` is ours."""
        if wallet == self.wallet:
            self._bell.ring()

    def healthy(self) -> bool:
        return self._failures == 0

    async def batches(self) -> AsyncIterator[Sequence[ObservedFill]]:
        while True:
            if batch := await self._try_sweep():
                yield batch
            await self._rest()

    async def _try_sweep(self) -> Sequence[ObservedFill]:
        try:
            batch = await self._sweep()
        except (RequestFailed, UnexpectedShape) as failure:
            self._failures += 1
            self.last_error = str(failure)
            self._telemetry.count("poll_failed", wallet=self.wallet)
            return ()
        self._failures = 0
        self.last_error = None
        return batch

    async def _sweep(self) -> Sequence[ObservedFill]:
        start_s = self._cursor(self.wallet) - self._settings.overlap_s
        fills: list[ObservedFill] = []
        cursor: str | None = None
        for _ in range(self._settings.max_pages):
            page = await self._pages(self.wallet, start_s=start_s, cursor=cursor)
            fills.extend(page.fills)
            for _ in range(page.bad):
                self._telemetry.count("row_refused", source=self.kind)
            cursor = page.next_cursor
            if cursor is None:
                break
        return fills

    def _pause_s(self) -> float:
        interval_s = self._settings.gentle_s if self._stream_healthy() else self._settings.fast_s
        return interval_s * (1 - self._settings.spread * self._random())

    async def _rest(self) -> None:
        """Until the next sweep is due or asked for; after failures a ring does not shorten the wait."""
        if self._failures:
            await self._clock.sleep(self._settings.backoff.delay_s(self._failures, self._random))
            return
        began = self._clock.monotonic()
        while (left_s := began + self._pause_s() - self._clock.monotonic()) > 0:
            if await self._bell.heard(within_s=min(left_s, self._settings.fast_s), clock=self._clock):
                return
