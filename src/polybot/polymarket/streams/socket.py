"""A WebSocket that reconnects: keep-alive, liveness, back-off and a bounded, honest queue."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from polybot.ports.telemetry import Telemetry
from polybot.utils.clock import Clock
from polybot.utils.retry import Backoff, Random


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """A connection is given up after `pong_stale_s` without a PONG or `data_stale_s` without data (None: never),
    and renewed in any case after `renew_after_s`."""

    ping_every_s: float = 10.0
    pong_stale_s: float | None = 30.0
    data_stale_s: float | None = None
    renew_after_s: float | None = None
    connect_timeout_s: float = 5.0
    queue_size: int = 50_000
    backoff: Backoff = Backoff(base_s=0.25, cap_s=30.0)


@dataclass(frozen=True, slots=True)
class Frame:
    """One text frame; times taken when it was read (wall and monotonic)."""

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


class ReconnectingSocket:
    """`run` keeps it connected until cancelled; `frames` is read by one consumer, at the same time.

    When the queue is full the newest frame is dropped and the connection given up ("overflow"), so that what
    is read is always a gapless run that ends in Down.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        hello: Callable[[], Sequence[str]],
        clock: Clock,
        options: SocketOptions = SocketOptions(),
        telemetry: Telemetry | None = None,
        random: Random | None = None,
    ) -> None:
        raise NotImplementedError

    async def run(self) -> None:
        raise NotImplementedError

    def frames(self) -> AsyncIterator[Frame | Up | Down]:
        raise NotImplementedError

    async def send(self, text: str) -> bool:
        """False if there is no connection: the next one starts with `hello` anyway."""
        raise NotImplementedError

    def renew(self, reason: str) -> None:
        """Give up the connection and make a new one."""
        raise NotImplementedError

    @property
    def connected(self) -> bool:
        raise NotImplementedError

    @property
    def dropped(self) -> int:
        raise NotImplementedError
