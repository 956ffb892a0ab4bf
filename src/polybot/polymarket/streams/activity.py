"""RTDS activity: everybody's fills, pushed; the followed wallets' are picked out here."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from decimal import Decimal
from random import random as uniform
from typing import assert_never

import msgspec
from msgspec import Struct

from polybot.core.fills import ObservedFill, SourceKind
from polybot.core.ids import Wallet
from polybot.polymarket.observed import observed_fill
from polybot.polymarket.rest.data_models import ActivityRow
from polybot.polymarket.streams.socket import (
    INBOX_SIZE,
    Down,
    Frame,
    Inbox,
    ReconnectingSocket,
    SocketOptions,
    Up,
)
from polybot.ports.telemetry import NoTelemetry, Telemetry
from polybot.utils.clock import Clock
from polybot.utils.retry import Backoff, Random

_HELLO = '{"action":"subscribe","subscriptions":[{"topic":"activity","type":"trades"}]}'
_MILLI = 1_000_000


class _Who(Struct, rename="camel", gc=False):
    proxy_wallet: str = ""
    timestamp: int = 0


class _Probe(Struct, gc=False):
    """What has to be read of every message of the firehose: whose, and how old."""

    payload: _Who


class ActivityPayload(Struct, frozen=True, rename="camel"):
    """One filled order. The wallet comes with checksum capitals; `price` and `size` are JSON numbers."""

    asset: str
    condition_id: str
    price: Decimal
    proxy_wallet: str
    side: str
    size: Decimal
    timestamp: int
    transaction_hash: str
    outcome: str = ""
    slug: str = ""
    title: str = ""


class ActivityFrame(Struct, frozen=True):
    """The envelope; its `timestamp` is Unix milliseconds of publication."""

    topic: str
    type: str
    timestamp: int
    payload: ActivityPayload

    def row(self) -> ActivityRow:
        """In the words of the Data API, so that both feeds become fills in one place."""
        fill = self.payload
        return ActivityRow(
            proxy_wallet=fill.proxy_wallet,
            timestamp=fill.timestamp,
            condition_id=fill.condition_id,
            type="TRADE" if (self.topic, self.type) == ("activity", "trades") else f"{self.topic}/{self.type}",
            size=fill.size,
            usdc_size=Decimal(0),
            transaction_hash=fill.transaction_hash,
            price=fill.price,
            token_id=fill.asset,
            side=fill.side,
            title=fill.title,
            slug=fill.slug,
            outcome=fill.outcome,
        )


@dataclass(frozen=True, slots=True)
class ActivityStreamOptions:
    """The feed is stale when nothing came for `socket.data_stale_s` or when rows are older than `max_row_age_s`."""

    max_row_age_s: float = 30.0
    inbox_size: int = INBOX_SIZE
    socket: SocketOptions = SocketOptions(
        ping_every_s=5.0, pong_stale_s=None, data_stale_s=20.0, renew_after_s=3600.0, backoff=Backoff(cap_s=15.0)
    )


@dataclass(frozen=True, slots=True)
class FeedGap:
    """Connected anew; fills before this may have been missed: read the followed wallets' activity."""

    reason: str


@dataclass(frozen=True, slots=True)
class ActivityHealth:
    """`silent_s` since the last data, None while not connected; `row_age_s` from the venue's second of the newest
    row to its arrival, None before the first one of this connection."""

    connected: bool
    silent_s: float | None
    row_age_s: float | None
    rows: int
    connections: int
    dropped: int


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
        random: Random = uniform,
    ) -> None:
        self._wallets = frozenset(wallets)
        self._options = options
        self._telemetry = telemetry or NoTelemetry()
        self._inbox = Inbox(options.inbox_size)
        self._probe = msgspec.json.Decoder(_Probe)
        self._frame = msgspec.json.Decoder(ActivityFrame)
        self._rows = 0
        self._age_s: float | None = None
        self._connection = 0
        self._socket = ReconnectingSocket(
            url,
            name="activity",
            inbox=self._inbox,
            hello=lambda: [_HELLO],
            clock=clock,
            options=options.socket,
            telemetry=self._telemetry,
            random=random,
        )

    async def run(self) -> None:
        await self._socket.run()

    def follow(self, wallets: Iterable[Wallet]) -> None:
        """Replaces the followed wallets."""
        self._wallets = frozenset(wallets)

    def health(self) -> ActivityHealth:
        socket = self._socket
        return ActivityHealth(
            connected=socket.connected,
            silent_s=socket.silent_s,
            row_age_s=self._row_age_s(),
            rows=self._rows,
            connections=socket.connections,
            dropped=socket.dropped,
        )

    def healthy(self) -> bool:
        """Connected, not silent, and its rows are young; not before the first row."""
        silent_s, age_s = self._socket.silent_s, self._row_age_s()
        limit_s = self._options.socket.data_stale_s
        if silent_s is None or age_s is None:
            return False
        return age_s <= self._options.max_row_age_s and (limit_s is None or silent_s <= limit_s)

    async def events(self) -> AsyncIterator[ObservedFill | FeedGap]:
        reason = "connected"
        async for _, item in self._inbox.stream():
            match item:
                case Frame():
                    if fill := self._fill(item):
                        yield fill
                case Up(number):
                    self._connection, self._age_s = number, None
                    yield FeedGap(reason)
                case Down(reason):
                    self._age_s = None
                case never:
                    assert_never(never)

    def _row_age_s(self) -> float | None:
        """None while what is read still belongs to an earlier connection."""
        return self._age_s if self._connection == self._socket.connections else None

    def _fill(self, frame: Frame) -> ObservedFill | None:
        """None for everybody else's, which are most: only their wallet and second are decoded."""
        try:
            who = self._probe.decode(frame.data).payload
            if who.timestamp:
                self._rows += 1
                self._age_s = frame.seen_ns / 1e9 - who.timestamp
            if who.proxy_wallet.lower() not in self._wallets:
                return None
            full = self._frame.decode(frame.data)
        except (msgspec.DecodeError, RecursionError) as error:
            kind = "shape" if isinstance(error, msgspec.ValidationError) else "not_json"
            self._telemetry.count("frames_refused", stream="activity", reason=kind)
            return None
        return observed_fill(
            full.row(),
            seen_ns=frame.seen_ns,
            seen_mono_ns=frame.seen_mono_ns,
            telemetry=self._telemetry,
            source=SourceKind.ACTIVITY_STREAM,
            published_ns=full.timestamp * _MILLI,
        )
