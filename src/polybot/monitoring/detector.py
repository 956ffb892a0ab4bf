"""From racing feeds to one ordered queue of targets' orders, each exactly once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from polybot.core.fills import ObservedFill, TargetFill, TargetOrder
from polybot.core.ids import TokenId, Wallet
from polybot.decision.orders import target_order
from polybot.monitoring.cursors import Cursors
from polybot.monitoring.dedupe import Deduplicator
from polybot.monitoring.target_positions import Notify, TargetPositions
from polybot.ports.feeds import FillSource, Witness
from polybot.ports.store import Event, Store
from polybot.ports.telemetry import NoTelemetry, Telemetry
from polybot.utils.clock import Clock
from polybot.utils.supervisor import Supervisor


ProxyOf = Callable[[Wallet], Awaitable[Wallet | None]]
"""The trading wallet that a public profile names for an address; None if there is no profile."""


@dataclass(frozen=True, slots=True)
class Target:
    """A followed wallet. `since_s`: venue second to copy from at the very first start; None = from now on."""

    wallet: Wallet
    name: str
    since_s: int | None = None


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    queue_limit: int = 1_000
    """Orders waiting for the copier at which the feeds are no longer read."""
    queue_alarm: int = 100
    save_every_s: float = 5.0
    positions_sync_interval_s: float = 300.0
    positions_retry_s: float = 15.0
    memory_s: int = 2 * 86_400
    overlap_s: int = 120
    """At least the overlap of the polls."""
    future_s: int = 300
    """Rows dated further ahead of our clock are refused."""


@dataclass(frozen=True, slots=True)
class DetectorStatus:
    """`sources`: health by task name. `waiting`: orders the copier has not taken yet."""

    sources: Mapping[str, bool]
    waiting: int
    fills: int


class Detector:
    """Runs the sources, and owns what is known of the targets.

    Per order of a target: `next_order`, decide, store, `acknowledge`. An order that is never acknowledged is
    seen again after a restart.
    """

    def __init__(
        self,
        *,
        targets: Sequence[Target],
        sources: Sequence[FillSource],
        witnesses: Sequence[Witness],
        cursors: Cursors,
        positions: TargetPositions,
        deduplicator: Deduplicator,
        store: Store,
        clock: Clock,
        notify: Notify,
        proxy_of: ProxyOf,
        telemetry: Telemetry = NoTelemetry(),
        settings: DetectorSettings = DetectorSettings(),
    ) -> None:
        self._targets = {target.wallet: target for target in targets}
        self._sources = sources
        self._witnesses = witnesses
        self._cursors = cursors
        self._positions = positions
        self._dedupe = deduplicator
        self._store = store
        self._clock = clock
        self._notify = notify
        self._proxy_of = proxy_of
        self._telemetry = telemetry
        self._settings = settings
        self._queue: asyncio.Queue[TargetOrder] = asyncio.Queue()
        self._room = asyncio.Event()
        self._fills = 0

    async def start(self, supervisor: Supervisor) -> None:
        """Load what is known, then read every source under `supervisor`. StoreFailed if the store is gone."""

    async def next_order(self) -> TargetOrder:
        """The oldest order not yet taken; waits for one."""
        raise NotImplementedError

    def acknowledge(self, order: TargetOrder) -> None:
        """The order's decision is stored, so the cursor may move past it. Safe to repeat."""
        self._cursors.acknowledged(order)

    def status(self) -> DetectorStatus:
        raise NotImplementedError

    async def save(self) -> None:
        """Store the cursors as they stand; also done every few seconds."""
        await self._cursors.save()
