"""Gamma's filters, orders and pages. Array filters are repeated keys."""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from aiohttp import web

from polybot.core.market import Market, MarketVersion
from polybot.simulator.rest.replies import Refusal

Wire = dict[str, Any]
Query = Mapping[str, Sequence[str]]

MOST = 100
"""Longest page of markets and of events; more is clamped (seen 2026-09-23)."""
USUAL = 20
MAX_OFFSET = 2000
_NUMERIC_TWINS = {"liquidity": "liquidityNum"}
"""`volume` has one too, but is sorted as the text it is."""
_RANGES = {
    "volume_num": "volumeNum", "liquidity_num": "liquidityNum", "volume": "volume", "liquidity": "liquidity",
    "start_date": "startDate", "end_date": "endDate",
}  # fmt: skip


class Cursor(msgspec.Struct):
    """The last object of a page and its place; the place counts where the object is gone."""

    id: str
    n: int


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a keyset list."""

    items: Sequence[Wire]
    next_cursor: str = ""


def invalid(text: str) -> Refusal:
    return Refusal(422, {"type": "validation error", "error": text})


def query_of(request: web.Request) -> Query:
    return {name: request.query.getall(name) for name in request.query}


def could_match(market: Market, query: Query, *, shown_closed: bool) -> bool:
    """By what is known of a market without looking at its prices. Closed ones are listed only on request."""
    tokens = {outcome.token for outcome in market.outcomes}
    is_v2 = market.version is MarketVersion.V2
    conditions = [condition.lower().ljust(66, "0") for condition in query.get("condition_ids", ())]
    ctf, positions = query.get("clob_token_ids", ()), query.get("position_ids", ())
    return (
        shown_closed is (_last(query, "closed") == "true")
        and (not conditions or market.condition in conditions)
        and (not ctf or (not is_v2 and not tokens.isdisjoint(ctf)))
        and (not positions or (is_v2 and not tokens.isdisjoint(positions)))
        and market.slug in query.get("slug", (market.slug,))
        and market.version.value in query.get("version", (market.version.value,))
    )


def market_matches(wire: Wire, query: Query) -> bool:
    """The filters that `could_match` leaves."""
    same = {
        "id": "id", "question_ids": "questionID", "request_ids": "requestId", "onchain_event_ids": "onchainEventId",
        "resolution_status": "resolutionStatus", "uma_resolution_status": "umaResolutionStatus",
        "sports_market_types": "sportsMarketType", "market_maker_address": "marketMakerAddress",
    }  # fmt: skip
    return (
        all(str(wire.get(field, "")) in query[name] for name, field in same.items() if name in query)
        and _tagged(wire, query)
        and _in_ranges(wire, query)
        and wire["rewardsMinSize"] >= _number(query, "rewards_min_size", Decimal(0))
        and _flags_match(wire, query, ("cyom", "archived", "active"))
    )


def event_matches(wire: Wire, query: Query) -> bool:
    text = (_last(query, "title_search") or "").lower()
    series = {str(one["id"]) for one in wire.get("series", ())}
    versions = {market["version"] for market in wire["markets"]}
    return (
        wire["id"] in query.get("id", (wire["id"],))
        and wire["slug"] in query.get("slug", (wire["slug"],))
        and text in str(wire["title"]).lower()
        and ("closed" not in query or wire["closed"] is (_last(query, "closed") == "true"))
        and ("series_id" not in query or not series.isdisjoint(query["series_id"]))
        and ("version" not in query or not versions.isdisjoint(query["version"]))
        and _tagged(wire, query)
        and _in_ranges(wire, query)
        and _flags_match(wire, query, ("cyom", "archived", "active", "featured"))
    )


def ordered(wires: list[Wire], query: Query) -> list[Wire]:
    """By id unless told otherwise. Texts are sorted as texts, even those that hold numbers."""
    fields = [_NUMERIC_TWINS.get(name, name) for name in (_last(query, "order") or "").split(",") if name]
    for name in fields:
        if wires and not any(isinstance(wire.get(name), str | int | float | Decimal) for wire in wires):
            raise invalid(f"order: {name} is not a field to order by")
    falling = _last(query, "ascending") == "false"
    return sorted(wires, key=lambda wire: (*(_rank(wire.get(f)) for f in fields), int(wire["id"])), reverse=falling)


def offset_page(wires: Sequence[Wire], query: Query, *, kind: str, most: int = MOST) -> Sequence[Wire]:
    offset, limit = _whole(query, "offset", 0), _limit(query, most=most)
    if offset > MAX_OFFSET:
        raise invalid(f"offset too large, use /{kind}/keyset with after_cursor to page further")
    return wires[offset : offset + limit]


def keyset_page(wires: Sequence[Wire], query: Query) -> Slice:
    if "offset" in query:
        raise invalid("offset is not supported, use after_cursor")
    start, limit = _start(wires, _last(query, "after_cursor") or ""), _limit(query, most=MOST)
    page = wires[start : start + limit]
    if len(wires) <= start + limit:
        return Slice(page)
    raw = msgspec.json.encode(Cursor(page[-1]["id"], start + limit))
    return Slice(page, base64.urlsafe_b64encode(raw).decode().rstrip("="))


def _start(wires: Sequence[Wire], text: str) -> int:
    if not text:
        return 0
    try:
        cursor = msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
    except ValueError:
        raise invalid("after_cursor is invalid") from None
    ids = [wire["id"] for wire in wires]
    return ids.index(cursor.id) + 1 if cursor.id in ids else cursor.n


def _tagged(wire: Wire, query: Query) -> bool:
    tags = wire.get("tags") or ()
    ids, slugs = {str(tag["id"]) for tag in tags}, {tag.get("slug") for tag in tags}
    wanted = set(query.get("tag_id", ()))
    found = wanted <= ids if _last(query, "tag_match") == "all" else not wanted or bool(wanted & ids)
    return found and ids.isdisjoint(query.get("exclude_tag_id", ())) and (_last(query, "tag_slug") in {None, *slugs})


def _in_ranges(wire: Wire, query: Query) -> bool:
    for name, field in _RANGES.items():
        for end, sign in (("min", 1), ("max", -1)):
            if (text := _last(query, f"{name}_{end}")) is None or field not in wire:
                continue
            dates = "date" in name
            value = _moment(str(wire[field])) if dates else Decimal(str(wire[field]))
            bound = _moment(text) if dates else _number(query, f"{name}_{end}", Decimal(0))
            if sign * value < sign * bound:
                return False
    return True


def _flags_match(wire: Wire, query: Query, names: Sequence[str]) -> bool:
    return all(bool(wire.get(name)) is (_last(query, name) == "true") for name in names if name in query)


def _moment(text: str) -> Decimal:
    try:
        at = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
    except ValueError:
        raise invalid(f"not a time: {text}") from None
    return Decimal(int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()))


def _number(query: Query, name: str, default: Decimal) -> Decimal:
    try:
        return Decimal(_last(query, name) or default)
    except InvalidOperation:
        raise invalid(f"not a number: {_last(query, name)}") from None


def _rank(value: object) -> tuple[bool, Any]:
    """What is missing comes first; flags are numbers."""
    known = isinstance(value, str | int | float | Decimal)
    return known, (value if known else 0)


def _limit(query: Query, *, most: int) -> int:
    return min(_whole(query, "limit", USUAL), most)


def _whole(query: Query, name: str, default: int) -> int:
    text = _last(query, name)
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,9}", text):
        raise invalid(f"not a number: {text}")
    return int(text)


def page_of(query: Query) -> tuple[int, int]:
    """Number of the page, from 1, and its length: how search is paged."""
    return max(1, _whole(query, "page", 1)), _whole(query, "limit_per_type", 10)


def _last(query: Query, name: str) -> str | None:
    values = query.get(name)
    return values[-1] if values else None
