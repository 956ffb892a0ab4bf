"""A small Polymarket of fills for tests of detection: the truth, and fakes of the services that show it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

from polybot.core.fills import ObservedFill, SourceKind, TargetFill, TargetOrder
from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import Shares
from polybot.monitoring.cursors import Cursors
from polybot.monitoring.dedupe import Deduplicator
from polybot.monitoring.detector import Detector, DetectorSettings, Target
from polybot.monitoring.sources import ActivityPollSource, ActivityStreamSource, PollSettings
from polybot.monitoring.target_positions import TargetPositions
from polybot.polymarket.errors import Failure, FailureKind, RequestFailed
from polybot.polymarket.observed import observed_fill
from polybot.polymarket.rest.data_models import ActivityRow, Page, PositionRow
from polybot.polymarket.rest.gamma_models import Profile
from polybot.polymarket.streams.activity import FeedGap
from polybot.ports.store import Event
from polybot.ports.telemetry import NoTelemetry
from polybot.utils.clock import ManualClock
from polybot.utils.supervisor import Supervisor, TaskReport

ANN = Wallet("0x" + "a1" * 20)
BOB = Wallet("0x" + "b2" * 20)
YES, NO = TokenId("111"), TokenId("222")
DEFAULTS = DetectorSettings()
CONDITION = ConditionId("0x" + "c0" * 32)


def refused(endpoint: str) -> RequestFailed:
    return RequestFailed(endpoint, Failure("maybe", FailureKind.SERVER, "http_503", "service unavailable", status=503))


class FakeDataApi:
    """Activity and positions of wallets. `down` wallets answer 503; pages hold `page_rows` rows."""

    def __init__(self, *, page_rows: int = 500) -> None:
        self.rows: list[ActivityRow] = []
        self.held: dict[Wallet, dict[TokenId, str]] = {}
        self.redeemable: set[TokenId] = set()
        self.last_event_s = 0
        self.down: set[Wallet] = set()
        self.page_rows = page_rows
        self.breaks_at_cursor: str | None = None
        """The next request for this page fails, once."""
        self.calls: Counter[Wallet] = Counter()

    async def activity(
        self, wallet: Wallet, *, start_s: int | None, oldest_first: bool, limit: int, cursor: str | None
    ) -> Page[ActivityRow]:
        assert oldest_first
        self.calls[wallet] += 1
        if wallet in self.down:
            raise refused("data.activity")
        if cursor is not None and cursor == self.breaks_at_cursor:
            self.breaks_at_cursor = None
            raise refused("data.activity")
        mine = [row for row in self.rows if row.proxy_wallet == wallet and row.timestamp >= (start_s or 0)]
        mine.sort(key=lambda row: row.timestamp)
        first = int(cursor or 0)
        last = first + min(limit, self.page_rows)
        return Page(tuple(mine[first:last]), str(last) if last < len(mine) else None)

    async def positions(self, wallet: Wallet) -> list[PositionRow]:
        if wallet in self.down:
            raise refused("data.positions")
        return [
            PositionRow(
                proxy_wallet=wallet,
                token_id=token,
                condition_id=CONDITION,
                current_size=Decimal(size),
                avg_price=Decimal("0.5"),
                current_price=Decimal("0.5"),
                current_value=Decimal(1),
                status="OPEN",
                redeemable=token in self.redeemable,
                mergeable=False,
                negative_risk=False,
                last_event_at=self.last_event_s,
            )
            for token, size in self.held.get(wallet, {}).items()
        ]


class FakeProfiles:
    def __init__(self) -> None:
        self.known: dict[str, Profile] = {}

    async def profile(self, address: str) -> Profile | None:
        return self.known.get(address)


class FakeActivityFeed:
    """The activity socket: pushes what the test says; `alive` is its health."""

    def __init__(self) -> None:
        self.alive = True
        self._queue: asyncio.Queue[ObservedFill | FeedGap] = asyncio.Queue()

    def push(self, *events: ObservedFill | FeedGap) -> None:
        for event in events:
            self._queue.put_nowait(event)

    async def events(self) -> AsyncIterator[ObservedFill | FeedGap]:
        while True:
            yield await self._queue.get()

    def healthy(self) -> bool:
        return self.alive


class MemoryStore:
    """What the durable store keeps of detection, for as long as the test lives."""

    def __init__(self) -> None:
        self.fills: list[TargetFill] = []
        self.cursors: dict[Wallet, int] = {}
        self.positions: dict[Wallet, dict[TokenId, Shares]] = {}

    async def known_fills(self, *, since_s: int) -> Sequence[TargetFill]:
        return [fill for fill in self.fills if fill.seen.timestamp_s >= since_s]

    async def cursor(self, wallet: Wallet) -> int | None:
        return self.cursors.get(wallet)

    async def save_cursor(self, wallet: Wallet, second: int) -> None:
        self.cursors[wallet] = second

    async def target_positions(self, wallet: Wallet) -> Mapping[TokenId, Shares]:
        return self.positions.get(wallet, {})

    async def save_target_positions(
        self, wallet: Wallet, positions: Mapping[TokenId, tuple[ConditionId, Shares]], *, now_ns: int
    ) -> None:
        assert now_ns > 0
        self.positions[wallet] = {token: shares for token, (_, shares) in positions.items()}

    def commit(self, order: TargetOrder) -> None:
        """What the copier's commit stores of an order: its fills and the position they leave."""
        self.fills.extend(order.fills)
        signed = order.shares if order.side is Side.BUY else -order.shares
        self.positions.setdefault(order.target, {})[order.token] = max(order.held_before + signed, Shares(0))


class World:
    """The venue, the clock and the store: they outlive the bot."""

    def __init__(self, *, page_rows: int = 500) -> None:
        self.clock = ManualClock()
        self.data = FakeDataApi(page_rows=page_rows)
        self.feed = FakeActivityFeed()
        self.profiles = FakeProfiles()
        self.store = MemoryStore()
        self.events: list[Event] = []
        self.failures: list[TaskReport] = []

    def now_s(self) -> int:
        return self.clock.now_ns() // 1_000_000_000

    def trade(
        self,
        *,
        tx: str,
        wallet: Wallet = ANN,
        token: TokenId = YES,
        side: str = "BUY",
        size: str = "10",
        ago_s: int = 0,
        kind: str = "TRADE",
    ) -> ActivityRow:
        """A fill happens, and the Data API shows it."""
        row = ActivityRow(
            proxy_wallet=wallet,
            timestamp=self.now_s() - ago_s,
            condition_id=CONDITION,
            type=kind,
            size=Decimal(size),
            usdc_size=Decimal(1),
            transaction_hash=tx,
            price=Decimal("0.4200000039"),
            token_id=token,
            side=side,
        )
        self.data.rows.append(row)
        return row

    def pushed(self, row: ActivityRow) -> ObservedFill:
        """The row as the socket shows it."""
        fill = observed_fill(
            row, seen_ns=self.clock.now_ns(), seen_mono_ns=0, telemetry=NoTelemetry(), source=SourceKind.ACTIVITY_STREAM
        )
        assert fill is not None
        return replace(fill, timestamp_s=fill.timestamp_s - 1)

    @asynccontextmanager
    async def bot(self, *targets: Target, settings: DetectorSettings = DEFAULTS) -> AsyncIterator["Bot"]:
        """One life of the bot."""
        bot = Bot(self, targets or (Target(ANN, "ann"), Target(BOB, "bob")), settings)
        async with Supervisor(clock=self.clock, report=self.failures.append, jitter=lambda: 1.0) as supervisor:
            await bot.detector.start(supervisor)
            # A pushed row is dated a second early: one of the very first second is left to the poll.
            await self.clock.advance(1)
            yield bot


class Bot:
    def __init__(self, world: World, targets: Sequence[Target], settings: DetectorSettings) -> None:
        self._world = world
        cursors = Cursors(world.store)
        polls = [
            ActivityPollSource(
                target.wallet,
                reader=world.data,
                cursor=cursors.of,
                stream_healthy=world.feed.healthy,
                clock=world.clock,
                random=lambda: 0.5,
                telemetry=NoTelemetry(),
                settings=PollSettings(fast_s=2, gentle_s=20, spread=0),
            )
            for target in targets
        ]
        self.detector = Detector(
            targets=targets,
            sources=[ActivityStreamSource(world.feed, polls=polls), *polls],
            witnesses=polls,
            cursors=cursors,
            positions=TargetPositions(
                reader=world.data, store=world.store, clock=world.clock, notify=world.events.append
            ),
            deduplicator=Deduplicator(),
            store=world.store,
            clock=world.clock,
            notify=world.events.append,
            profiles=world.profiles,
            telemetry=NoTelemetry(),
            settings=settings,
        )

    async def copy(self) -> list[TargetOrder]:
        """Take, store and acknowledge every order that waits."""
        orders = await self.take()
        for order in orders:
            self._world.store.commit(order)
            self.detector.acknowledge(order)
        return orders

    async def take(self) -> list[TargetOrder]:
        """Take every order that waits, and store nothing."""
        await self._world.clock.advance(0)
        return [await self.detector.next_order() for _ in range(self.detector.status().waiting)]
