"""The ports of a simulator: one origin per service, as Polymarket has one host per service."""

from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from polybot.simulator.rest.replies import RequestLog, in_words

SERVICES = ("clob", "data", "gamma", "geoblock", "streams", "activity", "relayer", "control", "rpc")
"""In the order of their ports when they are not ephemeral."""
MAX_BODY = 4 * 1024 * 1024


class Sites:
    """Listens for each service; `addresses` are known once it is open. `around` stand between the door of a service
    and its routes, the first one outermost."""

    def __init__(
        self, routes: dict[str, list[web.RouteDef]], log: RequestLog, *around: Callable[[str], Middleware]
    ) -> None:
        self.addresses: dict[str, str] = {}
        self._runners = {
            service: web.AppRunner(
                _app(routes[service], log.door(service), *(wall(service) for wall in around), in_words),
                access_log=None,
                shutdown_timeout=1.0,
            )
            for service in SERVICES
        }

    async def open(self, host: str, port: int) -> None:
        """Port 0: each service gets a free port; else `port` and those above it."""
        for number, (service, runner) in enumerate(self._runners.items()):
            await runner.setup()
            site = web.TCPSite(runner, host, port + number if port else 0)
            await site.start()
            self.addresses[service] = f"{host}:{runner.addresses[0][1]}"

    async def close(self) -> None:
        for runner in self._runners.values():
            await runner.cleanup()


def _app(routes: list[web.RouteDef], *middlewares: Middleware) -> web.Application:
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BODY)
    app.add_routes(routes)
    return app
