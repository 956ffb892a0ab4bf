"""Gamma: what is traded here, and who is who; and the website's geoblock."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from aiohttp import web

from polybot.core.market import Market
from polybot.simulator.indexing.dials import Dials
from polybot.simulator.records import Records
from polybot.simulator.rest.data_errors import DATA_ERRORS
from polybot.simulator.rest.gamma_board import GammaBoard
from polybot.simulator.rest.gamma_query import (
    Query,
    Wire,
    could_match,
    event_matches,
    keyset_page,
    market_matches,
    offset_page,
    ordered,
    page_of,
    query_of,
)
from polybot.simulator.rest.replies import Answer, Refusal, reply
from polybot.simulator.wire.gamma import profile

Handler = Callable[[web.Request], Awaitable[Answer]]

_DEFAULT_AGENTS = re.compile(r"(python|aiohttp|curl|wget|go-http-client|java|okhttp|node-fetch|axios)\b", re.IGNORECASE)
_MOST_TAGS, _MOST_SERIES = 100, 50


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

    def __init__(self, records: Records, dials: Dials) -> None:
        self._records = records
        self._dials = dials
        self._board = GammaBoard(records, dials)

    def routes(self) -> list[web.RouteDef]:
        found: dict[str, Callable[[web.Request], object]] = {
            "/status": lambda _: "OK",
            "/markets": lambda request: offset_page(self._markets(request), query_of(request), kind="markets"),
            "/markets/keyset": lambda request: self._keyset("markets", self._markets(request), request),
            "/markets/slug/{slug}": lambda request: self._board.market(self._market(request)),
            "/markets/{id}": lambda request: self._board.market(self._market(request)),
            "/markets/{id}/tags": lambda request: self._board.market(self._market(request))["tags"],
            "/events": lambda request: offset_page(self._events(request), query_of(request), kind="events"),
            "/events/keyset": lambda request: self._keyset("events", self._events(request), request),
            "/events/slug/{slug}": self._event,
            "/events/{id}": self._event,
            "/events/{id}/tags": lambda request: self._event(request)["tags"],
            "/tags": lambda request: self._listed(self._tags(), request, most=_MOST_TAGS),
            "/tags/slug/{slug}": lambda request: _one(self._tags(), request),
            "/tags/{id}": lambda request: _one(self._tags(), request),
            "/tags/{id}/related-tags": lambda _: [],
            "/tags/{id}/related-tags/tags": lambda _: [],
            "/tags/slug/{slug}/related-tags": lambda _: [],
            "/tags/slug/{slug}/related-tags/tags": lambda _: [],
            "/series": lambda request: self._listed(self._series(), request, most=_MOST_SERIES),
            "/series/{id}": lambda request: _one(self._series(), request),
            "/teams": lambda _: [],
            "/sports": lambda _: [],
            "/sports/market-types": lambda _: {"marketTypes": ["moneyline", "spreads", "totals"]},
            "/comments": lambda _: [],
            "/comments/keyset": lambda _: {"comments": []},
            "/comments/{id}": lambda _: [],
            "/comments/user_address/{address}": lambda _: [],
            "/public-search": self._search,
            "/public-profile": lambda request: self._profile(request.query.get("address", "")),
            "/profiles/user_address/{address}": lambda request: self._profile(request.match_info["address"]),
        }
        return [web.get(path, self._answering(find)) for path, find in found.items()]

    def _answering(self, find: Callable[[web.Request], object]) -> Handler:
        async def answer(request: web.Request) -> Answer:
            agent = request.headers.get("User-Agent", "")
            if self._dials.options.refuse_default_agents and (not agent or _DEFAULT_AGENTS.match(agent)):
                return DATA_ERRORS["firewalled"].answer("")
            return reply(find(request))

        return answer

    # markets

    def _markets(self, request: web.Request) -> list[Wire]:
        query = query_of(request)
        wires = [
            self._board.market(market)
            for market in self._records.markets()
            if could_match(market, query, shown_closed=self._board.shown(market).closed)
        ]
        return ordered([wire for wire in wires if market_matches(wire, query)], query)

    def _keyset(self, name: str, wires: Sequence[Wire], request: web.Request) -> Wire:
        page = keyset_page(wires, query_of(request))
        return {name: page.items, "next_cursor": page.next_cursor} if page.next_cursor else {name: page.items}

    def _market(self, request: web.Request) -> Market:
        """Open or closed."""
        slug, number = request.match_info.get("slug"), request.match_info.get("id")
        for market in self._records.markets():
            if market.slug == slug or (number and self._board.market(market)["id"] == number):
                return market
        raise _unknown()

    # events

    def _events(self, request: web.Request) -> list[Wire]:
        query = query_of(request)
        wires = [self._board.event(slug, markets) for slug, markets in self._board.grouped().items()]
        found = ordered([wire for wire in wires if event_matches(wire, query)], query)
        if request.query.get("include_markets") == "false":
            return [{name: value for name, value in wire.items() if name != "markets"} for wire in found]
        return found

    def _event(self, request: web.Request) -> Wire:
        slug, number = request.match_info.get("slug"), request.match_info.get("id")
        for name, markets in self._board.grouped().items():
            if name == slug or (number and str(self._records.event_id(markets[0])) == number):
                return self._board.event(name, markets)
        raise _unknown()

    # what events have in common

    def _tags(self) -> list[Wire]:
        tags = (tag for market in self._records.markets() for tag in self._board.market(market)["tags"])
        return list({str(tag["id"]): tag for tag in tags}.values())

    def _series(self) -> list[Wire]:
        """With their events, which do not name their series again."""
        found: dict[str, Wire] = {}
        for slug, markets in self._board.grouped().items():
            event = self._board.event(slug, markets)
            for series in event.pop("series"):
                found.setdefault(str(series["id"]), {**series, "events": []})["events"].append(event)
        return list(found.values())

    def _listed(self, wires: list[Wire], request: web.Request, *, most: int) -> Sequence[Wire]:
        query: Query = query_of(request)
        slugs = query.get("slug")
        wires = [wire for wire in wires if not slugs or wire["slug"] in slugs]
        return offset_page(ordered(wires, query), query, kind="markets", most=most)

    # people

    def _search(self, request: web.Request) -> Wire:
        """Lists that nobody asked for are null."""
        query, wanted = query_of(request), request.query.get("q", "").lower()
        number, limit = page_of(query)
        named = [(wallet, name) for wallet, name in self._records.names().items() if wanted in name.lower()]
        groups = self._board.grouped().items()
        events = [
            self._board.event(slug, markets)
            for slug, markets in groups
            if wanted in slug or any(wanted in market.question.lower() for market in markets)
        ]
        tags = [tag for tag in self._tags() if wanted in str(tag["slug"])]
        with_tags, with_people = (request.query.get(f"search_{kind}") == "true" for kind in ("tags", "profiles"))
        start, end = (number - 1) * limit, number * limit
        people: list[Wire | None] = [profile(wallet, name) for wallet, name in named[start:end]]
        if self._dials.options.null_profiles:
            people.append(None)
        total = len(events) + len(tags) * with_tags + len(named) * with_people
        longest = max(len(events), len(tags) * with_tags, len(named) * with_people)
        return {
            "events": events[start:end],
            "tags": tags[start:end] if with_tags else None,
            "profiles": people if with_people else None,
            "pagination": {"hasMore": longest > end, "totalResults": total},
        }

    def _profile(self, address: str) -> Wire:
        """By wallet or signing EOA; only those who have a name."""
        account = self._records.account(address.lower())
        if account is None or not account.name:
            raise Refusal(404, {"type": "not found error", "error": "profile not found"})
        return profile(account.wallet, account.name)


def _one(wires: Sequence[Wire], request: web.Request) -> Wire:
    slug, number = request.match_info.get("slug"), request.match_info.get("id")
    for wire in wires:
        if wire["slug"] == slug or str(wire["id"]) == number:
            return wire
    raise _unknown()


def _unknown() -> Refusal:
    return Refusal(404, {"type": "not found error", "error": "id not found"})
