"""A WebSocket that reconnects: keep-alive, liveness, back-off and a bounded, honest queue."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from random import random as uniform

import aiohttp

from polybot.ports.telemetry import NoTelemetry, Telemetry
from polybot.utils.clock import Clock
from polybot.utils.retry import Backoff, Random

PING, PONG = "PING", "PONG"
INBOX_SIZE = 50_000
_CLOSE_WAIT_S = 0.5


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """PING is sent every `ping_every_s`. A connection is given up after `pong_stale_s` without a PONG or
    `data_stale_s` without data, and renewed in any case after `renew_after_s` (None: never). The back-off starts
    anew once a connection lived `settled_s`."""

    ping_every_s: float | None = 10.0
    pong_stale_s: float | None = 30.0
    data_stale_s: float | None = None
    renew_after_s: float | None = None
    connect_timeout_s: float = 5.0
    settled_s: float = 10.0
    max_frame_bytes: int = 16 * 2**20
    user_agent: str = "polybot/0.1"
    backoff: Backoff = Backoff(base_s=0.25, cap_s=30.0)


@dataclass(frozen=True, slots=True)
class Frame:
    """One text frame; times taken when it was read: wall clock and `Clock.perf_ns`."""

    data: str
    seen_ns: int
    seen_mono_ns: int


@dataclass(frozen=True, slots=True)
class Up:
    """Connected and subscribed. `number` counts connections from 1."""

    number: int


@dataclass(frozen=True, slots=True)
class Down:
    """Frames may be missing from here on."""

    reason: str


Item = Frame | Up | Down


class Inbox:
    """Where sockets put what they read, each under its name; one consumer iterates.

    Frames are refused when `size` items wait; Up and Down always enter.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[tuple[str, Item]] = deque()
        self._filled = asyncio.Event()

    def put(self, name: str, item: Item) -> bool:
        """False: full, and the frame is lost."""
        if isinstance(item, Frame) and len(self._items) >= self._size:
            return False
        self._items.append((name, item))
        self._filled.set()
        return True

    async def stream(self) -> AsyncIterator[tuple[str, Item]]:
        while True:
            while not self._items:
                self._filled.clear()
                await self._filled.wait()
            yield self._items.popleft()


class _GivenUp(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ReconnectingSocket:
    """`run` keeps it connected until cancelled and fills the inbox.

    When the inbox is full the newest frame is dropped and the connection given up ("overflow"), so that what
    is read is always a gapless run that ends in Down.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        inbox: Inbox,
        hello: Callable[[], Sequence[str]],
        clock: Clock,
        options: SocketOptions = SocketOptions(),
        telemetry: Telemetry | None = None,
        random: Random = uniform,
    ) -> None:
        """`hello` makes the first frames of every connection from the state of that moment."""
        self._url = url
        self._name = name
        self._inbox = inbox
        self._hello = hello
        self._clock = clock
        self._options = options
        self._telemetry = telemetry or NoTelemetry()
        self._random = random
        self._renew = asyncio.Event()
        self._renew_reason = ""
        self._ws: aiohttp.ClientWebSocketResponse | None = None
        self._connections = 0
        self._dropped = 0
        self._last_pong_s = self._last_data_s = 0.0
        self._up_s: float | None = None

    @property
    def connected(self) -> bool:
        return self._ws is not None

    @property
    def connections(self) -> int:
        return self._connections

    @property
    def dropped(self) -> int:
        """Frames lost to a full queue."""
        return self._dropped

    @property
    def silent_s(self) -> float | None:
        """Since the last data (or the connection, if none came); None while there is no connection."""
        return self._clock.monotonic() - self._last_data_s if self._ws else None

    async def run(self) -> None:
        attempt = 0
        async with aiohttp.ClientSession(headers={"User-Agent": self._options.user_agent}) as session:
            while True:
                reason = await self._live(session)
                lived_s = 0.0 if self._up_s is None else self._clock.monotonic() - self._up_s
                attempt = 0 if lived_s >= self._options.settled_s else attempt + 1
                self._telemetry.count("socket_down", socket=self._name, reason=reason)
                await self._clock.sleep(self._options.backoff.delay_s(attempt, self._random))

    async def send(self, text: str) -> bool:
        """False if there is no connection: the next one starts with `hello` anyway."""
        ws = self._ws
        if ws is None:
            return False
        try:
            await ws.send_str(text)
        except (ConnectionError, aiohttp.ClientError):
            return False
        return True

    def renew(self, reason: str) -> None:
        """Give up the connection and make a new one."""
        self._renew_reason = reason
        self._renew.set()

    async def _live(self, session: aiohttp.ClientSession) -> str:
        """One connection from start to end; returns why it ended."""
        self._up_s = None
        try:
            ws = await self._connect(session)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return type(error).__name__
        reason = "cancelled"
        try:
            await self._greet(ws)
            await self._serve(ws)
        except* _GivenUp as group:
            reason = str(group.exceptions[0])
        except* (aiohttp.ClientError, ConnectionError) as group:
            reason = type(group.exceptions[0]).__name__
        finally:
            was_up, self._ws = self.connected, None
            if was_up:
                self._inbox.put(self._name, Down(reason))
            await ws.close()
        return reason

    async def _connect(self, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
        async with asyncio.timeout(self._options.connect_timeout_s):
            return await session.ws_connect(
                self._url,
                max_msg_size=self._options.max_frame_bytes,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_WAIT_S),
            )

    async def _greet(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self._renew.clear()
        self._up_s = self._last_pong_s = self._last_data_s = self._clock.monotonic()
        self._connections += 1
        self._ws = ws  # before hello, so that what is sent from now on is not lost between the two
        for text in self._hello():
            await ws.send_str(text)
        self._telemetry.count("socket_up", socket=self._name)
        self._inbox.put(self._name, Up(self._connections))

    async def _serve(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        """Ends by _GivenUp from whichever part sees the end first."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(ws), name=f"{self._name}.read")
            group.create_task(self._ping(ws), name=f"{self._name}.ping")
            group.create_task(self._watch(), name=f"{self._name}.watch")
            group.create_task(self._await_renewal(), name=f"{self._name}.renew")

    async def _read(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        async for message in ws:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._receive(message.data)
            else:
                self._telemetry.count("socket_garbage", socket=self._name, reason=message.type.name.lower())
        raise _GivenUp(f"closed {ws.close_code}")

    def _receive(self, text: str) -> None:
        now_s = self._clock.monotonic()
        if text == PONG:
            self._last_pong_s = now_s
            return
        if not text:
            return
        self._last_data_s = now_s
        if not self._inbox.put(self._name, Frame(text, self._clock.now_ns(), self._clock.perf_ns())):
            self._dropped += 1
            self._telemetry.count("socket_dropped", socket=self._name)
            raise _GivenUp("overflow")

    async def _ping(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        while (pause_s := self._options.ping_every_s) is not None:
            await self._clock.sleep(pause_s)
            await ws.send_str(PING)

    async def _watch(self) -> None:
        limits = self._options
        up_s = self._clock.monotonic()
        while True:
            due_s = min(
                self._left(self._last_pong_s, limits.pong_stale_s, "no pong"),
                self._left(self._last_data_s, limits.data_stale_s, "no data"),
                self._left(up_s, limits.renew_after_s, "planned"),
            )
            await self._clock.sleep(due_s)

    def _left(self, since_s: float, limit_s: float | None, reason: str) -> float:
        """Seconds until the limit is reached; _GivenUp if it is."""
        if limit_s is None:
            return 3600.0
        left_s = since_s + limit_s - self._clock.monotonic()
        if left_s <= 0:
            raise _GivenUp(reason)
        return left_s

    async def _await_renewal(self) -> None:
        await self._renew.wait()
        raise _GivenUp(self._renew_reason)
