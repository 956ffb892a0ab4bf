"""How often one may ask: token buckets per signer, and Cloudflare's sliding windows per caller address.

Polymarket's docs, api-reference/trading-rate-limits and api-reference/rate-limits, as of November 2026.
"""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Middleware

from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.rest.catalogue import documented
from polybot.simulator.rest.clob_options import ClobOptions, Limiting
from polybot.simulator.rest.replies import Answer, Handler
from polybot.utils.clock import Clock

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Tier:
    """Tokens a second and at most, for orders and for cancels. `overdraft`: a cancel that finds any token goes
    through whatever it costs."""

    name: str
    orders_s: int
    orders_burst: int
    cancels_s: int
    cancels_burst: int
    overdraft: bool


TIERS = {
    tier.name: tier
    for tier in (
        Tier("Standard", 40, 60, 80, 120, overdraft=True),
        Tier("Copper", 60, 90, 120, 180, overdraft=True),
        Tier("Bronze", 80, 120, 160, 240, overdraft=True),
        Tier("Silver", 200, 300, 400, 600, overdraft=True),
        Tier("Gold", 400, 600, 800, 1200, overdraft=True),
        Tier("Platinum", 450, 675, 900, 1350, overdraft=False),
        Tier("Diamond", 525, 787, 1050, 1575, overdraft=False),
        Tier("Elite", 600, 900, 1200, 1800, overdraft=False),
    )
}


def tier_named(name: str) -> Tier:
    """LookupError if there is none."""
    if name not in TIERS:
        raise LookupError(f"tier {name!r} is not one of {', '.join(TIERS)}")
    return TIERS[name]


class _Bucket:
    """Tokens in billionths, so that a rate a second is as many a nanosecond; exact."""

    def __init__(self, *, rate: int, burst: int, now_ns: int) -> None:
        self._rate = rate
        self._burst = burst * NS
        self._tokens = self._burst
        self._at_ns = now_ns

    def refill(self, now_ns: int) -> None:
        self._tokens = min(self._burst, self._tokens + (now_ns - self._at_ns) * self._rate)
        self._at_ns = now_ns

    def has(self, tokens: int) -> bool:
        return self._tokens >= tokens * NS

    def take(self, tokens: int) -> None:
        self._tokens -= tokens * NS

    @property
    def whole(self) -> int:
        return self._tokens // NS

    def ready_ns(self, tokens: int) -> int:
        """When it has so many."""
        return self._at_ns + max(0, -(-(tokens * NS - self._tokens) // self._rate))


@dataclass(slots=True)
class _Signer:
    tier: Tier
    orders: _Bucket
    cancels: _Bucket


class SignerLimits:
    """Keyed by the signing address of the API credentials. A batch is admitted or refused as a whole."""

    def __init__(self, agenda: Agenda, options: ClobOptions) -> None:
        self.limiting = options.signer_limits
        self._agenda = agenda
        self._usual = tier_named(options.signer_tier)
        self._signers: dict[str, _Signer] = {}

    def tier(self, address: str) -> Tier:
        return self._signer(address).tier

    def set_tier(self, address: str, tier: Tier) -> None:
        """With full buckets."""
        now_ns = self._agenda.now_ns
        self._signers[address.lower()] = _Signer(
            tier,
            _Bucket(rate=tier.orders_s, burst=tier.orders_burst, now_ns=now_ns),
            _Bucket(rate=tier.cancels_s, burst=tier.cancels_burst, now_ns=now_ns),
        )

    def take_orders(self, address: str, count: int) -> Mapping[str, str]:
        """The headers of the answer; 429 if they are too many."""
        signer = self._signer(address)
        return self._take(signer, signer.orders, count, needed=count)

    def take_cancels(self, address: str, count: int) -> Mapping[str, str]:
        signer = self._signer(address)
        return self._take(signer, signer.cancels, count, needed=1 if signer.tier.overdraft else count)

    def _take(self, signer: _Signer, bucket: _Bucket, count: int, *, needed: int) -> Mapping[str, str]:
        if self.limiting is Limiting.OFF:
            return {}
        bucket.refill(self._agenda.now_ns)
        short = not bucket.has(needed)
        refused = short and self.limiting is Limiting.ENFORCED
        if not short:
            bucket.take(count)
        ready_ns = bucket.ready_ns(needed if short else 1)
        headers = {
            "Poly-RateLimit-Remaining": str(bucket.whole),
            "Poly-RateLimit-Reset": str(-(-ready_ns // NS)),
            "Poly-RateLimit-Tier": signer.tier.name,
        }
        if refused:
            wait_s = max(1, -(-(ready_ns - self._agenda.now_ns) // NS))
            raise documented("rate_limited", headers={**headers, "Retry-After": str(wait_s)})
        return {**headers, "Poly-RateLimit-Warning": "true"} if short else headers

    def _signer(self, address: str) -> _Signer:
        if address.lower() not in self._signers:
            self.set_tier(address, self._usual)
        return self._signers[address.lower()]


@dataclass(frozen=True, slots=True)
class Window:
    """`most` requests in `span_s` to paths of one service that match."""

    service: str
    methods: str
    paths: str
    most: int
    span_s: int = 10

    def covers(self, service: str, method: str, path: str) -> bool:
        return service == self.service and method in self.methods.split() and re.fullmatch(self.paths, path) is not None


_ANY = "GET POST DELETE PUT PATCH HEAD OPTIONS"
_LEDGER = r"/(data/)?(trades|orders?)(/.*)?|/notifications|/data/pre-migration-orders"
WINDOWS = (
    Window("clob", _ANY, ".*", 9000),
    Window("clob", "POST", "/order", 5000),
    Window("clob", "POST", "/order", 120_000, 600),
    Window("clob", "DELETE", "/order", 5000),
    Window("clob", "DELETE", "/order", 120_000, 600),
    Window("clob", "POST", "/orders", 2000),
    Window("clob", "POST", "/orders", 21_000, 600),
    Window("clob", "DELETE", "/orders", 2000),
    Window("clob", "DELETE", "/orders", 15_000, 600),
    Window("clob", "DELETE", "/cancel-all", 250),
    Window("clob", "DELETE", "/cancel-all", 6000, 600),
    Window("clob", "DELETE", "/cancel-market-orders", 1500),
    Window("clob", "DELETE", "/cancel-market-orders", 21_000, 600),
    Window("clob", "GET", "/data/orders", 500),
    Window("clob", "GET", "/data/trades", 500),
    Window("clob", "GET", _LEDGER, 900),
    Window("clob", "GET DELETE", "/notifications", 125),
    Window("clob", "GET", "/balance-allowance", 200),
    Window("clob", "GET", "/balance-allowance/update", 50),
    Window("clob", _ANY, "/auth/.*", 100),
    Window("clob", "GET", "/book", 1500),
    Window("clob", "GET", "/price", 1500),
    Window("clob", "GET", "/midpoint", 1500),
    Window("clob", "POST", "/books", 500),
    Window("clob", "POST", "/prices", 500),
    Window("clob", "POST", "/midpoints", 500),
    Window("clob", "GET POST", "/(batch-)?prices-history", 1000),
    Window("clob", "GET", "/tick-size(/.*)?", 200),
    Window("clob", "GET", "/ok", 100),
    Window("data", _ANY, "/v2/.*", 800),
    Window("data", _ANY, "/v2/trades", 300),
    Window("data", _ANY, "/v2/positions(/combos)?", 200),
    Window("data", _ANY, "/v2/activity(/combos)?", 200),
    Window("data", _ANY, "/v2/prices-history", 200),
    Window("data", _ANY, "/v2/status", 100),
    Window("data", _ANY, "/(?!v2/).*", 1000),
    Window("data", _ANY, "/trades", 200),
    Window("data", _ANY, "/(closed-)?positions", 150),
    Window("gamma", _ANY, ".*", 4000),
    Window("gamma", _ANY, "/events(/.*)?", 500),
    Window("gamma", _ANY, "/markets(/.*)?", 300),
    Window("gamma", _ANY, "/(events|markets)(/keyset)?", 900),
    Window("gamma", _ANY, "/(comments|tags)(/.*)?", 200),
    Window("gamma", _ANY, "/public-search", 350),
    Window("relayer", "POST", "/submit", 25, 60),
)
PATIENCE_S = 10.0
"""Whoever would have to wait longer is refused. Cloudflare's own figure is not published."""
_PAGE = b"<!DOCTYPE html><title>Access denied</title><h1>Error 1015</h1><p>You are being rate limited</p>"


class IpLimits:
    """Over the limit a request is held back until there is room; only a long queue is refused, as an HTML page."""

    def __init__(self, clock: Clock, *, enforced: bool, windows: tuple[Window, ...] = WINDOWS) -> None:
        self.enforced = enforced
        self._clock = clock
        self._windows = windows
        self._queues: dict[tuple[str, Window], _Queue] = {}
        self._covering: dict[tuple[str, str, str], tuple[Window, ...]] = {}

    def around(self, service: str) -> Middleware:
        @web.middleware
        async def hold(request: web.Request, handler: Handler) -> Answer:
            held = await self._held(service, request) if self.enforced else None
            return held or await handler(request)

        return hold

    async def _held(self, service: str, request: web.Request) -> Answer | None:
        """None once the request may go on, else the answer it gets instead."""
        now = self._clock.monotonic()
        queues = [self._queue(request.remote or "", window) for window in self._covers(service, request)]
        turn = max((queue.turn for queue in queues), default=now)
        if turn - now > PATIENCE_S:
            return _too_many(turn - now)
        for queue in queues:
            queue.passed.append(max(now, turn))
        if turn > now:
            await self._clock.sleep(turn - now)
        return None

    def _queue(self, remote: str, window: Window) -> "_Queue":
        return self._queues.setdefault((remote, window), _Queue(window.span_s, deque(maxlen=window.most)))

    def _covers(self, service: str, request: web.Request) -> tuple[Window, ...]:
        asked = (service, request.method, request.path)
        if asked not in self._covering:
            if len(self._covering) > 10_000:
                self._covering.clear()
            self._covering[asked] = tuple(window for window in self._windows if window.covers(*asked))
        return self._covering[asked]


@dataclass(frozen=True, slots=True)
class _Queue:
    """When requests passed or will, oldest first."""

    span_s: int
    passed: deque[float]

    @property
    def turn(self) -> float:
        """When the next may pass; 0 if at once."""
        return self.passed[0] + self.span_s if len(self.passed) == self.passed.maxlen else 0.0


def _too_many(wait_s: float) -> Answer:
    headers = {"Server": "cloudflare", "Retry-After": str(int(wait_s) + 1)}
    return web.Response(status=429, body=_PAGE, content_type="text/html", headers=headers)
