"""Asks every service once: does it answer, how fast, and does its clock agree with ours."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import aiohttp

from polybot.app.services import Services
from polybot.config.credentials import rpc_urls
from polybot.config.fields import masked_url
from polybot.config.loader import LoadedConfig
from polybot.polymarket.chain.rpc import RpcClient, RpcError
from polybot.polymarket.contracts import DEPOSIT_FACTORY, POLYGON
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.polymarket.relayer.client import RelayerClient
from polybot.polymarket.relayer.payloads import DepositBatch
from polybot.polymarket.streams.socket import SocketOptions
from polybot.polymarket.wallets import checksum
from polybot.ports.telemetry import NoTelemetry
from polybot.utils.clock import Clock, SystemClock

_SKEW_WARN_MS = 5_000
"""Signed requests carry our time; how far it may be off is not documented."""


@dataclass(frozen=True, slots=True)
class ServiceCheck:
    """`latency_ms` is from connecting to the whole answer; `clock_skew_ms` is the service's time less ours where it
    tells it (to 1 s)."""

    name: str
    url: str
    ok: bool
    latency_ms: float | None
    clock_skew_ms: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class _Found:
    detail: str
    ok: bool = True
    clock_skew_ms: int | None = None


async def check(config: LoadedConfig, *, clock: Clock | None = None) -> list[ServiceCheck]:
    """Never raises for what a service does."""
    clock = clock or SystemClock()
    endpoints = config.settings.endpoints
    async with Services(config.settings, clock=clock, telemetry=NoTelemetry()) as services:
        probes: list[tuple[str, str, Callable[[], Awaitable[_Found]]]] = [
            ("clob", endpoints.clob, lambda: _clob(services, clock)),
            ("data", endpoints.data, lambda: _data(services)),
            ("gamma", endpoints.gamma, lambda: _gamma(services)),
            ("geoblock", endpoints.geoblock, lambda: _geoblock(services)),
            ("ws_market", endpoints.ws_market, lambda: _socket(endpoints.ws_market)),
            ("ws_user", endpoints.ws_user, lambda: _socket(endpoints.ws_user)),
            ("ws_activity", endpoints.ws_activity, lambda: _socket(endpoints.ws_activity)),
            ("relayer", endpoints.relayer, lambda: _relayer(services, endpoints.relayer, clock)),
        ]
        nodes = [secret.get_secret_value() for secret in rpc_urls(config)]
        probes += [("rpc", masked_url(url), partial(_node, services, url)) for url in nodes]
        return [await _timed(name, url, probe, clock) for name, url, probe in probes]


async def _timed(name: str, url: str, probe: Callable[[], Awaitable[_Found]], clock: Clock) -> ServiceCheck:
    started_ns = clock.perf_ns()
    try:
        found = await probe()
    except (RequestFailed, RpcError, UnexpectedShape, aiohttp.ClientError, OSError, TimeoutError) as failed:
        return ServiceCheck(
            name, url, ok=False, latency_ms=None, clock_skew_ms=None, detail=str(failed) or repr(failed)
        )
    latency_ms = (clock.perf_ns() - started_ns) / 1e6
    return ServiceCheck(name, url, found.ok, round(latency_ms, 1), found.clock_skew_ms, found.detail)


async def _clob(services: Services, clock: Clock) -> _Found:
    server_s = await services.clob.server_time_s()
    skew_ms = server_s * 1000 - clock.now_ns() // 1_000_000
    if abs(skew_ms) > _SKEW_WARN_MS:
        return _Found(
            f"our clock is {abs(skew_ms) / 1000:.0f} s off; synchronise it (NTP) before trading",
            ok=False,
            clock_skew_ms=skew_ms,
        )
    return _Found(f"order format {await services.clob.version()}", clock_skew_ms=skew_ms)


async def _data(services: Services) -> _Found:
    status = await services.data.status()
    return _Found(f"serving lag {status.serving.lag_seconds} s")


async def _gamma(services: Services) -> _Found:
    await services.gamma.search_profiles("polymarket", limit=1)
    return _Found("answers")


async def _geoblock(services: Services) -> _Found:
    answer = await services.geoblock()
    where = "-".join(part for part in (answer.country, answer.region) if part) or "unknown region"
    if answer.blocked:
        return _Found(f"trading is restricted here ({where}): polybot opens no position", ok=False)
    return _Found(f"trading is allowed here ({where})")


async def _relayer(services: Services, url: str, clock: Clock) -> _Found:
    relayer = RelayerClient(services.http_to(url), clock=clock, auth=None)
    await relayer.deployed(checksum(DEPOSIT_FACTORY), DepositBatch.kind)
    return _Found("answers")


async def _node(services: Services, url: str) -> _Found:
    if not url.startswith("http"):
        return await _socket(url)
    chain = await RpcClient(services.http_to(url)).chain_id()
    if chain != POLYGON:
        return _Found(f"a node of chain {chain}, not of Polygon ({POLYGON})", ok=False)
    return _Found("a node of Polygon")


async def _socket(url: str) -> _Found:
    timeout = aiohttp.ClientTimeout(total=10)
    headers = {"User-Agent": SocketOptions().user_agent}  # some default ones are turned away
    async with aiohttp.ClientSession(timeout=timeout, headers=headers) as session, session.ws_connect(url) as socket:
        await socket.close()
    return _Found("connects")
