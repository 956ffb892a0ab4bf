"""Gamma: what is traded here, and who is who; and the website's geoblock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from polybot.core.ids import Wallet
from polybot.core.market import Market, MarketVersion
from polybot.core.money import Price
from polybot.polymarket.wallets import checksum
from polybot.simulator.rest.replies import Answer, Refusal, reply
from polybot.simulator.wire.markets import gamma_event, gamma_market

Wire = dict[str, Any]
MAX_MARKETS = 100
MAX_OFFSET = 2000


class Catalogue(Protocol):
    def markets(self) -> Sequence[Market]: ...

    def prices(self, market: Market) -> tuple[Price, Price]:
        """What each outcome is worth now: last trade or middle, 0 or 1 once resolved."""
        ...

    def recorded(self, market: Market) -> Mapping[str, Any]:
        """The Gamma object it was made from, empty if there was none."""
        ...

    def event_slug(self, market: Market) -> str: ...

    def names(self) -> Mapping[Wallet, str]:
        """Public profiles."""
        ...


@dataclass(slots=True)
class Geoblock:
    """The answer to where a caller trades from."""

    blocked: bool = False
    ip: str = "127.0.0.1"
    country: str = "IS"
    region: str = ""

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/geoblock", self._get)]

    async def _get(self, _request: web.Request) -> Answer:
        return reply({"blocked": self.blocked, "ip": self.ip, "country": self.country, "region": self.region})


class GammaApi:
    """Closed markets are listed only when asked for, and only then."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/markets", self._markets),
            web.get("/markets/keyset", self._keyset),
            web.get("/markets/slug/{slug}", self._by_slug),
            web.get("/markets/{id}", self._by_id),
            web.get("/events", self._events),
            web.get("/events/slug/{slug}", self._event),
            web.get("/public-search", self._search),
            web.get("/public-profile", self._profile),
        ]

    def _wire(self, market: Market) -> Wire:
        known = self._catalogue.recorded(market)
        wire = gamma_market(market, self._catalogue.prices(market), known=known)
        slug = self._catalogue.event_slug(market)
        wire.setdefault("events", [{"id": wire["id"], "ticker": slug, "slug": slug, "title": market.question}])
        return wire

    def _found(self, request: web.Request) -> list[Wire]:
        return [self._wire(market) for market in self._catalogue.markets() if _matches(market, request)]

    async def _markets(self, request: web.Request) -> Answer:
        offset, limit = _paging(request)
        if offset > MAX_OFFSET:
            text = "offset too large, use /markets/keyset"
            raise Refusal(422, {"type": "validation error", "error": text})
        return reply(self._found(request)[offset : offset + limit])

    async def _keyset(self, request: web.Request) -> Answer:
        if "offset" in request.query:
            raise Refusal(422, {"type": "validation error", "error": "offset is not supported, use after_cursor"})
        start, limit = _number(request.query.get("after_cursor", "0")), _paging(request)[1]
        found = self._found(request)
        page: Wire = {"markets": found[start : start + limit]}
        if len(found) > start + limit:
            page["next_cursor"] = str(start + limit)
        return reply(page)

    async def _by_slug(self, request: web.Request) -> Answer:
        return self._one(lambda market: market.slug == request.match_info["slug"])

    async def _by_id(self, request: web.Request) -> Answer:
        return self._one(lambda market: bool(self._wire(market)["id"] == request.match_info["id"]))

    def _one(self, is_wanted: Callable[[Market], bool]) -> Answer:
        for market in self._catalogue.markets():
            if is_wanted(market):
                return reply(self._wire(market))
        raise Refusal(404, {"type": "not found error", "error": "id not found"})

    def _grouped(self) -> dict[str, list[Wire]]:
        groups: dict[str, list[Wire]] = {}
        for market in self._catalogue.markets():
            groups.setdefault(self._catalogue.event_slug(market), []).append(self._wire(market))
        return groups

    async def _events(self, request: web.Request) -> Answer:
        offset, limit = _paging(request)
        slugs, closed = request.query.getall("slug", []), request.query.get("closed")
        events = [gamma_event(slug, markets) for slug, markets in self._grouped().items()]
        events = [event for event in events if not slugs or event["slug"] in slugs]
        events = [event for event in events if closed is None or event["closed"] is (closed == "true")]
        return reply(events[offset : offset + limit])

    async def _event(self, request: web.Request) -> Answer:
        slug = request.match_info["slug"]
        markets = self._grouped().get(slug)
        if markets is None:
            raise Refusal(404, {"type": "not found error", "error": "id not found"})
        return reply(gamma_event(slug, markets))

    async def _search(self, request: web.Request) -> Answer:
        wanted = request.query.get("q", "").lower()
        people = [_profile(wallet, name) for wallet, name in self._catalogue.names().items() if wanted in name.lower()]
        events = [
            gamma_event(slug, markets)
            for slug, markets in self._grouped().items()
            if wanted in slug or any(wanted in market["question"].lower() for market in markets)
        ]
        limit = _number(request.query.get("limit_per_type", "10"))
        paging = {"hasMore": len(people) > limit or len(events) > limit, "totalResults": len(people) + len(events)}
        return reply({"events": events[:limit], "tags": None, "profiles": people[:limit], "pagination": paging})

    async def _profile(self, request: web.Request) -> Answer:
        wallet = Wallet(request.query.get("address", "").lower())
        name = self._catalogue.names().get(wallet)
        if name is None:
            raise Refusal(404, {"type": "not found error", "error": "profile not found"})
        return reply(_profile(wallet, name))


def _profile(wallet: Wallet, name: str) -> Wire:
    return {
        "name": name,
        "pseudonym": name,
        "displayUsernamePublic": True,
        "proxyWallet": checksum(wallet),
        "profileImage": "",
        "bio": "",
    }


def _matches(market: Market, request: web.Request) -> bool:
    """Array filters are repeated keys; lists without `closed` show open markets only."""
    query = request.query
    tokens = {outcome.token for outcome in market.outcomes}
    ctf, positions = query.getall("clob_token_ids", []), query.getall("position_ids", [])
    conditions = [condition.lower() for condition in query.getall("condition_ids", [])]
    is_v2 = market.version is MarketVersion.V2
    return (
        (not conditions or market.condition in conditions)
        and (not ctf or (not is_v2 and not tokens.isdisjoint(ctf)))
        and (not positions or (is_v2 and not tokens.isdisjoint(positions)))
        and (not query.getall("slug", []) or market.slug in query.getall("slug"))
        and market.version.value in query.getall("version", [market.version.value])
        and market.closed is (query.get("closed", "false") == "true")
    )


def _paging(request: web.Request) -> tuple[int, int]:
    limit = min(_number(request.query.get("limit", str(MAX_MARKETS))), MAX_MARKETS)
    return _number(request.query.get("offset", "0")), limit


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise Refusal(422, {"type": "validation error", "error": f"not a number: {text}"})
    return int(text)
