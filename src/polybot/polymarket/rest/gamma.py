"""Gamma: names and facts of markets, and who is behind a wallet."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar
from urllib.parse import quote

import msgspec

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import NO_FEE, FeeSchedule, Market, MarketVersion, Outcome
from polybot.core.money import Price, Ratio, Shares
from polybot.polymarket.errors import UnexpectedShape
from polybot.polymarket.limits import Group
from polybot.polymarket.rest.decode import decode, exact
from polybot.polymarket.rest.gamma_models import (
    GammaEvent,
    GammaMarket,
    MarketsPage,
    Profile,
    SearchAnswer,
)
from polybot.polymarket.rest.http import Call, HttpClient, Query
from polybot.polymarket.token_ids import has_v2_shape, parse_token

T = TypeVar("T")

_NANO = 1_000_000_000
_RESOLVED = {"resolved", "settled"}


def market_of(wire: GammaMarket) -> Market:
    """UnexpectedShape if it is not a two-outcome market with a book."""
    first, second = _outcomes(wire)
    winner, tied = _result(wire, (first, second))
    tick, size = "orderPriceMinTickSize", "orderMinSize"
    return Market(
        condition=ConditionId(wire.condition_id.lower()),
        slug=wire.slug,
        question=wire.question,
        version=_version(wire),
        neg_risk=wire.neg_risk,
        outcomes=(first, second),
        tick=exact(Price, _need(wire, tick, wire.order_price_min_tick_size), field=f"market {wire.slug!r}: {tick}"),
        min_order=exact(Shares, _need(wire, size, wire.order_min_size), field=f"market {wire.slug!r}: {size}"),
        fee=_fee(wire),
        # Closed markets were seen that still say they accept orders.
        accepting_orders=bool(wire.accepting_orders) and not wire.closed,
        closed=wire.closed,
        seconds_delay=wire.seconds_delay or 0,
        end_ns=_epoch_ns(wire.end_date),
        winner=winner,
        tied=tied,
    )


def _need(wire: GammaMarket, name: str, value: Decimal | None) -> Decimal:
    if value is None:
        raise UnexpectedShape(f"market {wire.slug!r}: {name} is missing, so it has no order book")
    return value


def _version(wire: GammaMarket) -> MarketVersion:
    try:
        return MarketVersion(wire.version)
    except ValueError:
        raise UnexpectedShape(f"market {wire.slug!r}: version {wire.version!r} is not known (v1, v2)") from None


def _outcomes(wire: GammaMarket) -> tuple[Outcome, Outcome]:
    names = _inner_list(wire, "outcomes", wire.outcomes)
    if _version(wire) is MarketVersion.V2:
        tokens = wire.position_ids or ()
    else:
        tokens = _inner_list(wire, "clobTokenIds", wire.clob_token_ids)
    if len(names) != 2 or len(tokens) != 2:
        raise UnexpectedShape(
            f"market {wire.slug!r}: {len(names)} outcomes and {len(tokens)} token ids, expected 2 and 2"
        )
    first, second = (Outcome(token=TokenId(token), name=name) for token, name in zip(tokens, names, strict=True))
    return first, second


def _inner_list(wire: GammaMarket, name: str, text: str) -> tuple[str, ...]:
    if not text:
        return ()
    try:
        return msgspec.json.decode(text, type=tuple[str, ...])
    except msgspec.DecodeError as error:
        raise UnexpectedShape(f"market {wire.slug!r}: {name} is not a JSON list of texts: {error}") from None


def _fee(wire: GammaMarket) -> FeeSchedule:
    schedule = wire.fee_schedule
    if schedule is None or wire.fees_enabled is False:
        return NO_FEE
    rate = exact(Ratio, schedule.rate, field=f"market {wire.slug!r}: feeSchedule.rate")
    return FeeSchedule(rate=rate, exponent=schedule.exponent)


def _result(wire: GammaMarket, outcomes: tuple[Outcome, Outcome]) -> tuple[TokenId | None, bool]:
    """The winner, and whether it is a tie (50-50): by the final prices of a closed market, unless it says that its
    resolution is still open.

    Markets that closed early were seen without a status. Half and half is also the price of what nobody traded, so a
    tie needs one. Old markets with 0/0 prove nothing.
    """
    said = {status for status in (wire.uma_resolution_status, wire.resolution_status) if status}
    if not wire.closed or said - _RESOLVED:
        return None, False
    match _inner_list(wire, "outcomePrices", wire.outcome_prices):
        case ("1", "0"):
            return outcomes[0].token, False
        case ("0", "1"):
            return outcomes[1].token, False
        case prices:
            return None, bool(said) and prices == ("0.5", "0.5")


def _epoch_ns(text: str | None) -> int | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()) * _NANO


class GammaClient:
    """None means: Gamma does not know it. RequestFailed: no usable answer. UnexpectedShape: it cannot be traded."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def market_by_condition(self, condition: ConditionId) -> Market | None:
        """Open or closed, v1 or v2."""
        return await self._market("condition_ids", condition)

    async def market_by_token(self, token: TokenId) -> Market | None:
        return await self._market("position_ids" if has_v2_shape(parse_token(token)) else "clob_token_ids", token)

    async def market_by_slug(self, slug: str) -> Market | None:
        return await self._market("slug", slug)

    async def event_by_slug(self, slug: str) -> GammaEvent | None:
        """Open or closed; still finds expired short-lived markets that the market listing no longer shows."""
        return await self._find("gamma.event", Group.GAMMA_EVENTS, f"/events/slug/{quote(slug, safe='')}", GammaEvent)

    async def profile(self, address: str) -> Profile | None:
        """None: nobody with this address. Its `proxy_wallet` differs from `address` if that is a signing EOA."""
        query = (("address", address),)
        return await self._find("gamma.profile", Group.GAMMA_OTHER, "/public-profile", Profile, query=query)

    async def search_profiles(self, name: str, *, limit: int = 10) -> list[Profile]:
        query = (("q", name), ("limit_per_type", str(limit)), ("search_profiles", "true"))
        call = Call("gamma.search", Group.GAMMA_SEARCH, "GET", "/public-search", query=query)
        found = decode(await self._http.read(call), SearchAnswer, endpoint=call.name)
        return [profile for profile in found.profiles or () if profile]

    async def _find(self, name: str, group: Group, path: str, shape: type[T], *, query: Query = ()) -> T | None:
        body = await self._http.find(Call(name, group, "GET", path, query=query))
        return None if body is None else decode(body, shape, endpoint=name)

    async def _market(self, key: str, value: str) -> Market | None:
        """Closed markets are listed only on request, so both lists are asked, the open ones first."""
        for closed in _OPEN_FIRST:
            query = ((key, value), ("closed", closed), *_BOTH)
            call = Call("gamma.markets", Group.GAMMA_MARKETS, "GET", "/markets/keyset", query=query)
            page = decode(await self._http.read(call), MarketsPage, endpoint=call.name)
            if page.markets:
                return market_of(page.markets[0])
        return None


_OPEN_FIRST = ("false", "true")
_BOTH = (("version", "v1"), ("version", "v2"))
