"""One pooled HTTP/1.1 client per host: gate, timeouts, one classification of failures, metrics.

Headers and bodies of calls are never logged, nor put into errors.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import random as uniform
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from polybot.polymarket.errors import Failure, FailureKind, RequestFailed, classify_exception, classify_response
from polybot.polymarket.limits import Group
from polybot.ports.telemetry import NoTelemetry, Telemetry
from polybot.utils.clock import Clock
from polybot.utils.rate_gate import RateGate
from polybot.utils.retry import Random, ReadRetry

Query = Sequence[tuple[str, str]]
Headers = Callable[[], Mapping[str, str]]
"""Made anew for every attempt: signatures carry the time."""


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """`pool_size` connections stay open for `keepalive_s` when idle, so that an order finds a warm one."""

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 10.0
    keepalive_s: float = 3600.0
    pool_size: int = 32
    user_agent: str = "polybot/0.1"


@dataclass(frozen=True, slots=True)
class Call:
    """What to ask: `name` labels metrics and errors, `path` has its ids filled in."""

    name: str
    group: Group
    method: str
    path: str
    query: Query = ()
    body: bytes | None = None
    headers: Headers | None = None
    priority: bool = False
    items: int = 1


_READ_RETRY = ReadRetry()


class HttpClient:
    """Talks to one host. `close` it, or use it as a context manager."""

    def __init__(
        self,
        base_url: str,
        *,
        gate: RateGate,
        clock: Clock,
        options: HttpOptions = HttpOptions(),
        retry: ReadRetry = _READ_RETRY,
        telemetry: Telemetry | None = None,
        random: Random = uniform,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._gate = gate
        self._clock = clock
        self._options = options
        self._retry = retry
        self._telemetry = telemetry or NoTelemetry()
        self._random = random
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def read(self, call: Call) -> bytes:
        """The body of a 200, retried by the policy. RequestFailed otherwise."""
        attempt = 0
        while True:
            try:
                return await self.write(call)
            except RequestFailed as failed:
                pause_s = self._pause_s(attempt, failed.failure)
                self._slow_down(call, failed.failure)
                if pause_s is None:
                    raise
            await self._clock.sleep(pause_s)
            attempt += 1

    async def find(self, call: Call) -> bytes | None:
        """Like `read`; None if the service answered, in its own words, that it does not know the thing."""
        try:
            return await self.read(call)
        except RequestFailed as failed:
            if failed.failure.kind is FailureKind.NOT_FOUND:
                return None
            raise

    async def write(self, call: Call) -> bytes:
        """Exactly one attempt. RequestFailed unless the answer is a 200."""
        await self._gate.claim(call.group, items=call.items, priority=call.priority)
        started_ns = self._clock.perf_ns()
        try:
            body = await self._attempt(call)
        except RequestFailed as failed:
            self._measure(call, failed.failure.kind, started_ns)
            raise
        self._measure(call, "ok", started_ns)
        return body

    async def warm_up(self, call: Call, *, connections: int) -> int:
        """Opens `connections` at once by asking `call`; returns how many answered."""
        results = await asyncio.gather(*(self._warm(call) for _ in range(connections)))
        return sum(results)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _warm(self, call: Call) -> bool:
        try:
            await self.write(call)
        except RequestFailed:
            return False
        return True

    async def _attempt(self, call: Call) -> bytes:
        url = URL(self._base + call.path, encoded=True)
        try:
            async with self._open().request(
                call.method,
                url.with_query(list(call.query)) if call.query else url,
                data=call.body,
                headers=self._headers(call),
                allow_redirects=False,
            ) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise RequestFailed(call.name, classify_exception(error)) from None
        if response.status == 200 and "html" not in response.content_type:
            return body
        failure = classify_response(
            status=response.status,
            content_type=response.content_type,
            body=body,
            retry_after=response.headers.get("Retry-After", ""),
            now_ns=self._clock.now_ns(),
        )
        raise RequestFailed(call.name, failure)

    def _headers(self, call: Call) -> dict[str, str]:
        headers = dict(call.headers()) if call.headers else {}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        return headers

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            options = self._options
            connector = aiohttp.TCPConnector(
                limit=options.pool_size, keepalive_timeout=options.keepalive_s, ttl_dns_cache=300
            )
            timeout = aiohttp.ClientTimeout(
                total=options.connect_timeout_s + 3 * options.read_timeout_s,
                connect=options.connect_timeout_s,
                sock_read=options.read_timeout_s,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                timeout=timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": options.user_agent, "Accept": "application/json"},
            )
            # aiohttp would send a GET or DELETE again, unseen, when the connection breaks; its own test client
            # switches that off the same way.
            self._session._retry_connection = False  # noqa: SLF001
        return self._session

    def _pause_s(self, attempt: int, failure: Failure) -> float | None:
        if not failure.transient:
            return None
        return self._retry.delay_s(attempt, retry_after_s=failure.retry_after_s, random=self._random)

    def _slow_down(self, call: Call, failure: Failure) -> None:
        """Told to slow down, the whole group waits; writes learn it from their own answer instead."""
        if failure.kind is FailureKind.RATE_LIMITED and failure.retry_after_s:
            self._gate.hold(call.group, seconds=min(failure.retry_after_s, self._retry.max_pause_s))

    def _measure(self, call: Call, outcome: str, started_ns: int) -> None:
        self._telemetry.count("http_requests", endpoint=call.name, outcome=outcome)
        self._telemetry.observe("http_seconds", (self._clock.perf_ns() - started_ns) / 1e9, endpoint=call.name)
