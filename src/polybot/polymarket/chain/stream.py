"""Fills as they are mined, pushed by a node: log and head subscriptions over one WebSocket.

A node may acknowledge a subscription and serve nothing, or lose logs: whoever consumes this compares it with
`ChainReader.fills` now and then, and after every `Reconnected`.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from random import random as uniform
from typing import assert_never

import msgspec

from polybot.core.ids import Wallet
from polybot.polymarket.chain.events import EXCHANGES
from polybot.polymarket.chain.fills import ChainFill, decode_fill
from polybot.polymarket.chain.hexes import quantity
from polybot.polymarket.chain.pending import PendingFill, PendingTransaction, decode_match
from polybot.polymarket.chain.reader import fill_topics
from polybot.polymarket.chain.rpc import Log
from polybot.polymarket.streams.socket import INBOX_SIZE, Down, Frame, Inbox, ReconnectingSocket, SocketOptions, Up
from polybot.polymarket.streams.user import Disconnected, Reconnected
from polybot.ports.telemetry import NoTelemetry, Telemetry
from polybot.utils.clock import Clock
from polybot.utils.retry import Random

_OPTIONS = SocketOptions(ping_every_s=None, pong_stale_s=None, data_stale_s=15.0)
"""Heads come every 1.5 s: a connection without any for ten blocks is dead."""


class Wish(IntEnum):
    """What is subscribed to; its number is the call's id."""

    HEADS = 1
    LOGS = 2
    PENDING = 3


@dataclass(frozen=True, slots=True)
class FillMined:
    """Of a followed wallet; `seen_ns`, `seen_mono_ns` when its frame arrived."""

    fill: ChainFill
    seen_ns: int
    seen_mono_ns: int


@dataclass(frozen=True, slots=True)
class FillWithdrawn:
    """Its block was replaced. The same transaction may be mined again in another block, or never."""

    fill: ChainFill


@dataclass(frozen=True, slots=True)
class FillPending:
    """A hint: the match was sent, not yet mined."""

    fill: PendingFill
    seen_ns: int
    seen_mono_ns: int


@dataclass(frozen=True, slots=True)
class NewHead:
    number: int


@dataclass(frozen=True, slots=True)
class SubscriptionRefused:
    """The node will not serve it: another one is needed."""

    what: Wish
    message: str


ChainEvent = FillMined | FillWithdrawn | FillPending | NewHead | SubscriptionRefused | Reconnected | Disconnected


class _Head(msgspec.Struct, frozen=True):
    number: str


class _Problem(msgspec.Struct, frozen=True):
    message: str = ""


class _Pushed(msgspec.Struct, frozen=True):
    subscription: str
    result: msgspec.Raw


class _Message(msgspec.Struct, frozen=True):
    id: int | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _Problem | None = None
    params: _Pushed | None = None


class ChainStream:
    """`run` (supervised) keeps the connection; one consumer reads `events`. `pending` asks for matches in the
    mempool, too."""

    def __init__(
        self,
        url: str,
        *,
        wallets: Sequence[Wallet],
        clock: Clock,
        pending: bool = False,
        options: SocketOptions = _OPTIONS,
        telemetry: Telemetry | None = None,
        random: Random = uniform,
    ) -> None:
        self._wallets = frozenset(wallets)
        self._pending = pending
        self._telemetry = telemetry or NoTelemetry()
        self._inbox = Inbox(INBOX_SIZE)
        self._subscriptions: dict[str, Wish] = {}
        self._socket = ReconnectingSocket(
            url,
            name="chain",
            inbox=self._inbox,
            hello=self._hello,
            clock=clock,
            options=options,
            telemetry=self._telemetry,
            random=random,
        )

    @property
    def connected(self) -> bool:
        return self._socket.connected

    async def run(self) -> None:
        await self._socket.run()

    def renew(self, reason: str) -> None:
        """For a consumer that found it deaf."""
        self._socket.renew(reason)

    async def events(self) -> AsyncIterator[ChainEvent]:
        reason = "connected"
        async for _, item in self._inbox.stream():
            match item:
                case Frame():
                    for event in self._read(item):
                        yield event
                case Up():
                    self._subscriptions.clear()
                    yield Reconnected(reason)
                case Down(reason):
                    yield Disconnected(reason)
                case never:
                    assert_never(never)

    def _hello(self) -> list[str]:
        wanted: list[tuple[Wish, list[object]]] = [
            (Wish.HEADS, ["newHeads"]),
            (Wish.LOGS, ["logs", {"address": EXCHANGES, "topics": fill_topics(sorted(self._wallets))}]),
        ]
        if self._pending:
            wanted.append((Wish.PENDING, ["newPendingTransactions", True]))
        calls = [{"jsonrpc": "2.0", "id": n, "method": "eth_subscribe", "params": params} for n, params in wanted]
        return [msgspec.json.encode(call).decode() for call in calls]

    def _read(self, frame: Frame) -> Iterator[ChainEvent]:
        """Counts what it cannot read (`frames_refused{stream, reason}`)."""
        try:
            message = msgspec.json.decode(frame.data, type=_Message)
            events = self._pushed(message.params, frame) if message.params else self._answered(message)
        except (msgspec.DecodeError, ValueError, RecursionError):
            self._telemetry.count("frames_refused", stream="chain", reason="unreadable")
            return
        yield from events

    def _answered(self, message: _Message) -> list[ChainEvent]:
        wish = Wish(message.id or 0)
        if message.error is not None:
            return [SubscriptionRefused(wish, message.error.message)]
        self._subscriptions[msgspec.json.decode(message.result, type=str)] = wish
        return []

    def _pushed(self, pushed: _Pushed, frame: Frame) -> list[ChainEvent]:
        match self._subscriptions.get(pushed.subscription):
            case Wish.HEADS:
                return [NewHead(quantity(msgspec.json.decode(pushed.result, type=_Head).number))]
            case Wish.LOGS:
                return self._mined(msgspec.json.decode(pushed.result, type=Log), frame)
            case Wish.PENDING:
                return self._sent(msgspec.json.decode(pushed.result, type=PendingTransaction), frame)
            case _:
                return []

    def _mined(self, log: Log, frame: Frame) -> list[ChainEvent]:
        fill = decode_fill(log)
        if fill is None or fill.wallet not in self._wallets:
            return []
        return [FillWithdrawn(fill) if fill.removed else FillMined(fill, frame.seen_ns, frame.seen_mono_ns)]

    def _sent(self, transaction: PendingTransaction, frame: Frame) -> list[ChainEvent]:
        ours = [fill for fill in decode_match(transaction) if fill.wallet in self._wallets]
        return [FillPending(fill, frame.seen_ns, frame.seen_mono_ns) for fill in ours]
