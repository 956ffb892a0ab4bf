"""The connections of one bot: a client for each of Polymarket's services, on one rate gate."""

from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from polybot.app.pace import REAL_TIME, Pace
from polybot.config.models import Settings
from polybot.core.portfolio import Portfolio
from polybot.monitoring.market_data import LiveMarketData
from polybot.monitoring.market_loader import MarketLoader
from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.rest.clob import ClobClient
from polybot.polymarket.rest.data import DataClient
from polybot.polymarket.rest.gamma import GammaClient
from polybot.polymarket.rest.geoblock import GeoAnswer, fetch_geoblock
from polybot.polymarket.rest.http import HttpClient, HttpOptions
from polybot.polymarket.streams.market import MarketStream, MarketStreamOptions
from polybot.ports.telemetry import Telemetry
from polybot.utils.clock import Clock

_WARM_EVERY_S = 15.0
"""An idle connection is used again before a server or a proxy on the way would close it (60 s and more)."""
_WARM_CONNECTIONS = 4
"""Orders under way at the same moment that find one open."""


class Services:
    """Public reads; `async with` closes every connection."""

    def __init__(self, settings: Settings, *, clock: Clock, telemetry: Telemetry, pace: Pace = REAL_TIME) -> None:
        self._settings = settings
        self._clock = clock
        self.telemetry = telemetry
        self.pace = pace
        self._gate = polymarket_gate(clock)
        endpoints = settings.endpoints
        self.clob_http = self._http(endpoints.clob)
        self.data_http = self._http(endpoints.data)
        self.gamma_http = self._http(endpoints.gamma)
        self.geoblock_http = self._http(_origin(endpoints.geoblock))
        self.clob = ClobClient(self.clob_http, clock=clock)
        self.data = DataClient(self.data_http, clock=clock)
        self.gamma = GammaClient(self.gamma_http)
        self._more: list[HttpClient] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for http in (self.clob_http, self.data_http, self.gamma_http, self.geoblock_http, *self._more):
            await http.close()

    def market_data(self, portfolio: Portfolio) -> tuple[LiveMarketData, MarketStream]:
        """Warm markets, and the socket they are read from, for a supervisor to run."""
        stream = MarketStream(
            self._settings.endpoints.ws_market,
            clock=self._clock,
            options=MarketStreamOptions(socket=self.pace.socket),
            telemetry=self.telemetry,
        )
        loader = MarketLoader(clob=self.clob, gamma=self.gamma, telemetry=self.telemetry)
        market_data = LiveMarketData(
            feed=stream,
            loader=loader,
            held=portfolio.tokens,
            clock=self._clock,
            telemetry=self.telemetry,
            settings=self.pace.warm,
        )
        return market_data, stream

    async def keep_warm(self) -> None:
        """Opens connections to the CLOB before the first order, and keeps them open."""
        connections = min(_WARM_CONNECTIONS, self._settings.network.connection_pool_size)
        while True:
            await self.clob.warm_up(connections=connections)
            await self._clock.sleep(self.pace.stretched(_WARM_EVERY_S))

    async def geoblock(self) -> GeoAnswer:
        """RequestFailed without a usable answer."""
        return await fetch_geoblock(self.geoblock_http, path=urlsplit(self._settings.endpoints.geoblock).path or "/")

    def http_to(self, url: str, *, read_timeout_s: float | None = None) -> HttpClient:
        """A client of another service, closed with the rest."""
        http = self._http(url, read_timeout_s=read_timeout_s)
        self._more.append(http)
        return http

    def _http(self, url: str, *, read_timeout_s: float | None = None) -> HttpClient:
        network = self._settings.network
        options = HttpOptions(
            connect_timeout_s=min(5.0, network.api_timeout_s),
            read_timeout_s=read_timeout_s or network.api_timeout_s,
            keepalive_s=3600.0 if network.keep_alive else 0.0,
            pool_size=network.connection_pool_size,
        )
        return HttpClient(url, gate=self._gate, clock=self._clock, options=options, telemetry=self.telemetry)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
