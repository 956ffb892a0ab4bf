"""The feeds of fills: the public activity socket for all targets, and one poll of the Data API per target."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from polybot.core.fills import ObservedFill, SourceKind
from polybot.core.ids import Wallet
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.polymarket.observed import observed_fill
from polybot.polymarket.rest.data_models import ActivityRow, Page
from polybot.polymarket.streams.activity import FeedGap
from polybot.ports.telemetry import Telemetry
from polybot.utils.clock import Clock
from polybot.utils.feed import Doorbell
from polybot.utils.retry import Backoff, Random

log = structlog.get_logger(__name__)


class ActivityFeed(Protocol):
    """The activity socket, run elsewhere: the followed wallets' rows, and its own gaps."""

    def events(self) -> AsyncIterator[ObservedFill | FeedGap]: ...
    def healthy(self) -> bool: ...


class ActivityReader(Protocol):
    """GET /v2/activity; RequestFailed or UnexpectedShape if there is no usable answer."""

    async def activity(
        self, wallet: Wallet, *, start_s: int | None, oldest_first: bool, limit: int, cursor: str | None
    ) -> Page[ActivityRow]: ...


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
    page_rows: int = 500
    backoff: Backoff = Backoff(base_s=2.0, cap_s=60.0)


class ActivityPollSource:
    """Sweeps of one target's activity from its cursor to now; one batch per sweep.

    A failed sweep yields nothing, is counted and logged, and is tried again after a growing pause.
    """

    kind = SourceKind.ACTIVITY_POLL
    authoritative = True

    def __init__(
        self,
        wallet: Wallet,
        *,
        reader: ActivityReader,
        cursor: Callable[[Wallet], int],
        stream_healthy: Callable[[], bool],
        clock: Clock,
        random: Random,
        telemetry: Telemetry,
        settings: PollSettings = PollSettings(),
    ) -> None:
        self.name = f"{self.kind}:{wallet}"
        self.wallet = wallet
        self._reader = reader
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
            if not self._failures:
                log.warning("poll.failing", wallet=self.wallet, error=str(failure))
            self._failures += 1
            self._telemetry.count("poll_failed", wallet=self.wallet)
            return ()
        if self._failures:
            log.info("poll.recovered", wallet=self.wallet, failures=self._failures)
        self._failures = 0
        return batch

    async def _sweep(self) -> Sequence[ObservedFill]:
        start_s = self._cursor(self.wallet) - self._settings.overlap_s
        fills: list[ObservedFill] = []
        cursor: str | None = None
        while True:
            page = await self._reader.activity(
                self.wallet, start_s=start_s, oldest_first=True, limit=self._settings.page_rows, cursor=cursor
            )
            fills.extend(self._observed(page.rows))
            for _ in range(page.refused):
                self._telemetry.count("rows_ignored", source=self.kind, reason="shape")
            if page.next_cursor is None:
                return fills
            if page.next_cursor == cursor:  # its rows would count as equal fills
                raise UnexpectedShape(f"activity of {self.wallet}: page {cursor} names itself as the next one")
            cursor = page.next_cursor

    def _observed(self, rows: Sequence[ActivityRow]) -> list[ObservedFill]:
        now_ns, now_mono_ns = self._clock.now_ns(), self._clock.perf_ns()
        seen = (observed_fill(row, seen_ns=now_ns, seen_mono_ns=now_mono_ns, telemetry=self._telemetry) for row in rows)
        return [fill for fill in seen if fill is not None]

    def _pause_s(self) -> float:
        interval_s = self._settings.gentle_s if self._stream_healthy() else self._settings.fast_s
        return interval_s * (1 - self._settings.spread * self._random())

    async def _rest(self) -> None:
        """Until the next sweep is due or asked for; after failures a ring does not shorten the wait."""
        if self._failures:
            await self._clock.sleep(self._settings.backoff.delay_s(self._failures - 1, self._random))
            return
        began = self._clock.monotonic()
        while (left_s := began + self._pause_s() - self._clock.monotonic()) > 0:
            if await self._bell.heard(within_s=min(left_s, self._settings.fast_s), clock=self._clock):
                return


class ActivityStreamSource:
    """The targets' rows as the socket pushes them. May repeat rows and miss some; after a gap the polls are asked."""

    name = SourceKind.ACTIVITY_STREAM.value
    kind = SourceKind.ACTIVITY_STREAM
    authoritative = False

    def __init__(self, feed: ActivityFeed, *, polls: Sequence[ActivityPollSource]) -> None:
        self._feed = feed
        self._polls = polls

    async def batches(self) -> AsyncIterator[Sequence[ObservedFill]]:
        async for event in self._feed.events():
            if isinstance(event, FeedGap):
                for poll in self._polls:
                    poll.ask(poll.wallet)
            else:
                yield (event,)

    def healthy(self) -> bool:
        return self._feed.healthy()
