"""From racing feeds to one ordered queue of targets' orders, each exactly once."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from polybot.core.fills import ObservedFill, TargetFill, TargetOrder
from polybot.core.ids import Wallet
from polybot.decision.policy import target_order
from polybot.monitoring.cursors import Cursors, DetectionStore
from polybot.monitoring.dedupe import Deduplicator
from polybot.monitoring.positions import Drift
from polybot.monitoring.target_positions import Notify, TargetPositions
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.polymarket.rest.gamma_models import Profile
from polybot.ports.feeds import FillSource, Witness
from polybot.ports.store import Event
from polybot.ports.telemetry import Telemetry
from polybot.utils.clock import Clock
from polybot.utils.supervisor import Supervisor


class Profiles(Protocol):
    """Who is behind an address; None: nobody known."""

    async def profile(self, address: str) -> Profile | None: ...


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
    clock_slack_s: int = 20
    """How far our clock may be ahead of the venue's without a fill made after the start going unseen."""
    future_s: int = 300
    """Rows dated further ahead of our clock are refused."""


@dataclass(frozen=True, slots=True)
class DetectorStatus:
    """`sources`: health by name. `waiting`: orders the copier has not taken yet."""

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
        store: DetectionStore,
        clock: Clock,
        notify: Notify,
        profiles: Profiles,
        telemetry: Telemetry,
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
        self._profiles = profiles
        self._telemetry = telemetry
        self._settings = settings
        self._queue: asyncio.Queue[TargetOrder] = asyncio.Queue()
        self._room = asyncio.Event()
        self._fills = 0
        self._alarmed = False

    async def start(self, supervisor: Supervisor) -> None:
        """Load what is known, then read every source under `supervisor`. StoreFailed if the store is gone."""
        new = [wallet for wallet in self._targets if await self._cursors.load(wallet) is None]
        resumed = [wallet for wallet in self._targets if wallet not in new]
        for wallet in resumed:
            await self._positions.restore(wallet)
        loaded = await self._load_positions(new)
        await self._remember(new)
        for source in self._sources:
            supervisor.keep(source.name, partial(self._read, source))
        for wallet, target in self._targets.items():
            supervisor.keep(
                f"positions:{target.name}", partial(self._watch_positions, wallet, soon=wallet not in loaded)
            )
            supervisor.once(f"profile:{target.name}", partial(self._explain_signer, target))
        supervisor.keep("cursors", self._keep_saving)

    async def next_order(self) -> TargetOrder:
        """The oldest order not yet taken; waits for one."""
        order = await self._queue.get()
        if self._queue.qsize() < self._settings.queue_limit:
            self._room.set()
        return order

    def acknowledge(self, order: TargetOrder) -> None:
        """The order's decision is stored, so the cursor may move past it. Safe to repeat."""
        self._cursors.acknowledged(order)

    def status(self) -> DetectorStatus:
        sources = {source.name: source.healthy() for source in self._sources}
        return DetectorStatus(sources, self._queue.qsize(), self._fills)

    async def save(self) -> None:
        """Store the cursors as they stand; also done every few seconds."""
        await self._cursors.save()

    async def _load_positions(self, wallets: Sequence[Wallet]) -> set[Wallet]:
        """All at once, because each is a call to the venue; returns those that could be read."""
        async with asyncio.TaskGroup() as group:
            tasks = {w: group.create_task(self._positions.load(w), name=f"load-positions:{w}") for w in wallets}
        loaded = {wallet for wallet, task in tasks.items() if task.result()}
        for wallet in loaded:
            await self._positions.save(wallet)
        return loaded

    async def _remember(self, new: Sequence[Wallet]) -> None:
        """Seed the memory, and set how far back a row may lie: not before we followed the wallet."""
        for wallet in new:
            since_s = self._targets[wallet].since_s
            self._cursors.begin(wallet, self._now_s() - self._settings.clock_slack_s if since_s is None else since_s)
        cursors = {wallet: self._cursors.of(wallet) for wallet in self._targets}
        known = await self._store.known_fills(since_s=min(cursors.values(), default=0) - self._settings.memory_s)
        followed_s = dict(cursors)
        for fill in known:
            wallet, second = fill.seen.wallet, fill.seen.timestamp_s
            if wallet in followed_s:
                followed_s[wallet] = min(followed_s[wallet], second)
        for wallet, second in cursors.items():
            self._dedupe.begin(wallet, floor_s=max(followed_s[wallet], second - self._settings.overlap_s))
        self._dedupe.seed(known)

    async def _read(self, source: FillSource) -> None:
        async for rows in source.batches():
            self._absorb(source, [row for row in rows if self._plausible(row)])
            await self._wait_for_room()

    def _plausible(self, row: ObservedFill) -> bool:
        if row.wallet not in self._targets:
            return False
        if row.timestamp_s > self._now_s() + self._settings.future_s:
            self._telemetry.count("row_refused", reason="future", source=row.source)
            return False
        return True

    def _absorb(self, source: FillSource, rows: Sequence[ObservedFill]) -> None:
        """No await in here: what is accepted is in the queue and holds the cursor back before anyone else runs."""
        accept = self._dedupe.accept_sweep if source.authoritative else self._dedupe.accept_glimpse
        screened = accept(rows)
        for fill in screened.fresh:
            self._hand_over(fill)
        for wallet in screened.doubtful:
            self._telemetry.count("repeated_row", source=source.kind)
            self._ask(wallet)
        if source.authoritative:
            for row in rows:
                self._cursors.swept(row.wallet, min(row.timestamp_s, self._now_s()))

    def _hand_over(self, fill: TargetFill) -> None:
        order = target_order(fill, held_before=self._positions.apply(fill.seen))
        self._cursors.handed_over(order)
        self._queue.put_nowait(order)
        self._fills += 1
        self._telemetry.count("fill_detected", source=fill.seen.source)
        lag_ms = fill.seen.seen_ns / 1e6 - fill.seen.timestamp_s * 1e3
        self._telemetry.observe("detection_ms", lag_ms, source=fill.seen.source)

    async def _wait_for_room(self) -> None:
        """Backpressure: nothing is dropped, the feeds wait."""
        waiting = self._queue.qsize()
        if waiting >= self._settings.queue_alarm and not self._alarmed:
            self._notify(Event("queue_long", "warning", f"{waiting} orders of targets wait to be decided"))
        self._alarmed = waiting >= self._settings.queue_alarm
        while self._queue.qsize() >= self._settings.queue_limit:
            self._room.clear()
            await self._room.wait()

    def _ask(self, wallet: Wallet) -> None:
        for witness in self._witnesses:
            witness.ask(wallet)

    async def _watch_positions(self, wallet: Wallet, *, soon: bool) -> None:
        pause_s = self._settings.positions_retry_s if soon else self._settings.positions_sync_interval_s
        while True:
            await self._clock.sleep(pause_s)
            pause_s = self._settings.positions_sync_interval_s
            try:
                drifts = await self._positions.sync(wallet, settled=lambda: self._cursors.settled(wallet))
            except (RequestFailed, UnexpectedShape):
                self._telemetry.count("positions_unread", wallet=wallet)
                pause_s = self._settings.positions_retry_s
            else:
                self._report_drifts(wallet, drifts)

    def _report_drifts(self, wallet: Wallet, drifts: Sequence[Drift]) -> None:
        """Positions of ended markets vanish when they are redeemed: that is no news."""
        name = self._targets[wallet].name
        surprising = [drift for drift in drifts if drift.live]
        for drift in surprising:
            message = f"{name} holds {drift.reported} of token {drift.token}, we had counted {drift.tracked}: corrected"
            data = {
                "wallet": wallet,
                "token": drift.token,
                "tracked": str(drift.tracked),
                "reported": str(drift.reported),
            }
            self._notify(Event("position_drift", "warning", message, data))
        if surprising:
            self._ask(wallet)

    async def _explain_signer(self, target: Target) -> None:
        try:
            profile = await self._profiles.profile(target.wallet)
        except (RequestFailed, UnexpectedShape):
            return
        proxy = (profile.proxy_wallet or "").lower() if profile else ""
        if proxy and proxy != target.wallet:
            message = f"{target.name}: {target.wallet} only signs; its trades happen in {proxy}. Follow that address."
            self._notify(Event("target_is_signer", "error", message, {"wallet": target.wallet, "proxy_wallet": proxy}))

    async def _keep_saving(self) -> None:
        while True:
            await self._clock.sleep(self._settings.save_every_s)
            await self.save()
            for wallet in self._targets:
                asked_from_s = self._cursors.of(wallet) - self._settings.overlap_s
                self._dedupe.forget(wallet, before_s=asked_from_s - self._settings.memory_s)

    def _now_s(self) -> int:
        return self._clock.now_ns() // 1_000_000_000
