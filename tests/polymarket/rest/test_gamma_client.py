"""Gamma: v1 and v2 markets, open and closed, and profiles."""

import json

import msgspec
import pytest
from wire_service import client_of, reply, serving

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import MarketVersion
from polybot.core.money import Price, Ratio, Shares
from polybot.polymarket.errors import UnexpectedShape
from polybot.polymarket.rest.gamma import GammaClient, market_of
from polybot.polymarket.rest.gamma_models import GammaMarket
from polybot.polymarket.rest.geoblock import fetch_geoblock

MARKET = {
    "id": "1",
    "conditionId": "0xAB",
    "slug": "will-it",
    "question": "Will it?",
    "outcomes": '["Yes", "No"]',
    "outcomePrices": '["0.5", "0.5"]',
    "clobTokenIds": '["71", "52"]',
    "positionIds": ["9", "8"],
    "orderPriceMinTickSize": 0.0025,
    "orderMinSize": 5,
    "feesEnabled": True,
    "feeSchedule": {"exponent": 1, "rate": 0.072, "takerOnly": True, "rebateRate": 0.2},
    "acceptingOrders": True,
    "closed": False,
    "endDate": "2026-12-31T12:00:00Z",
    "volume": "17",
}


def wire(**changes: object) -> GammaMarket:
    return msgspec.json.decode(json.dumps(MARKET | changes), type=GammaMarket)


def test_a_v1_market_trades_by_its_clob_tokens_even_if_it_has_position_ids() -> None:
    market = market_of(wire())
    assert [outcome.token for outcome in market.outcomes] == ["71", "52"]
    assert (market.version, market.tick, market.min_order) == (MarketVersion.V1, Price(2_500), Shares(5_000_000))
    assert (market.fee.rate, market.fee.exponent, market.winner) == (Ratio(72_000), 1, None)
    assert (market.condition, market.end_ns) == ("0xab", 1_798_718_400 * 10**9)


def test_a_v2_market_trades_by_its_position_ids() -> None:
    market = market_of(wire(version="v2"))
    assert [outcome.token for outcome in market.outcomes] == ["9", "8"]


def test_a_market_without_schedule_is_free() -> None:
    assert market_of(wire(feeSchedule=None)).fee.rate == Ratio(0)
    assert market_of(wire(feesEnabled=False)).fee.rate == Ratio(0)


def test_a_closed_market_accepts_no_orders_whatever_it_says() -> None:
    market = market_of(wire(closed=True))
    assert (market.closed, market.accepting_orders) == (True, False)


@pytest.mark.parametrize(
    ("prices", "winner"), [('["1", "0"]', "71"), ('["0", "1"]', "52"), ('["0.5", "0.5"]', None), ('["0", "0"]', None)]
)
def test_the_winner_is_known_once_it_is_resolved(prices: str, winner: str | None) -> None:
    assert market_of(wire(closed=True, umaResolutionStatus="resolved", outcomePrices=prices)).winner == winner
    assert market_of(wire(closed=True, umaResolutionStatus="proposed", outcomePrices=prices)).winner is None


@pytest.mark.parametrize(
    ("changes", "tied"),
    [
        ({"umaResolutionStatus": "resolved"}, True),
        ({"version": "v2", "resolutionStatus": "resolved"}, True),
        ({"umaResolutionStatus": "proposed"}, False),
        ({}, False),
        ({"umaResolutionStatus": "resolved", "closed": False}, False),
        ({"umaResolutionStatus": "resolved", "outcomePrices": '["0", "0"]'}, False),
        ({"umaResolutionStatus": "resolved", "outcomePrices": '["0.58", "0.42"]'}, False),
        ({"umaResolutionStatus": "resolved", "outcomePrices": '["1", "0"]'}, False),
    ],
)
def test_a_tie_is_a_market_resolved_at_half_and_half(changes: dict[str, object], tied: bool) -> None:
    market = market_of(wire(**{"closed": True, **changes}))
    assert market.tied is tied
    assert market.resolved is (tied or market.winner is not None)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"orderPriceMinTickSize": None}, "orderPriceMinTickSize"),
        ({"outcomes": '["a","b","c"]'}, "3 outcomes"),
        ({"clobTokenIds": "not json"}, "clobTokenIds"),
        ({"orderPriceMinTickSize": 0.00000001}, "finer than one micro-unit"),
        ({"orderMinSize": "1e999999999"}, "no usable number"),
        ({"version": "v9"}, "v9"),
        ({"version": "v2", "positionIds": None}, "0 token ids"),
    ],
)
def test_a_market_that_cannot_be_traded_is_refused_by_name(changes: dict[str, object], named: str) -> None:
    with pytest.raises(UnexpectedShape, match=named):
        market_of(wire(**changes))


def listing(*markets: object) -> str:
    return json.dumps({"markets": markets})


async def test_open_and_closed_markets_of_both_versions_are_asked_for() -> None:
    async with serving(reply(listing()), reply(listing(MARKET))) as service, client_of(service.url) as http:
        found = await GammaClient(http).market_by_condition(ConditionId("0xab"))
    assert found is not None
    assert [dict(seen.query)["closed"] for seen in service.seen] == ["false", "true"]
    assert [value for name, value in service.seen[0].query if name == "version"] == ["v1", "v2"]


@pytest.mark.parametrize(("token", "key"), [("7" * 77, "clob_token_ids"), (str(1 << 248), "position_ids")])
async def test_a_token_is_looked_up_under_the_name_its_shape_tells(token: str, key: str) -> None:
    async with serving(reply(listing())) as service, client_of(service.url) as http:
        assert await GammaClient(http).market_by_token(TokenId(token)) is None
    assert dict(service.seen[0].query)[key] == token


async def test_an_event_brings_its_markets() -> None:
    event = {"id": "7", "slug": "e", "title": "E", "markets": [MARKET], "negRisk": True}
    missing = reply('{"type":"not found error","error":"slug not found"}', 404)
    async with serving(reply(json.dumps(event)), missing) as service, client_of(service.url) as http:
        found = await GammaClient(http).event_by_slug("e")
        assert await GammaClient(http).event_by_slug("a/b") is None
    assert found is not None
    assert [seen.path for seen in service.seen] == ["/events/slug/e", "/events/slug/a/b"]
    assert (found.neg_risk, found.markets[0].slug) == (True, "will-it")


async def test_profiles() -> None:
    proxy = "0x" + "ab" * 20
    answers = [
        reply(json.dumps({"name": "Car", "proxyWallet": proxy, "new": 1})),
        reply('{"type":"not found error","error":"profile not found"}', 404),
        reply(json.dumps({"events": None, "profiles": [None, {"name": "Car", "proxyWallet": proxy}]})),
        reply('{"profiles":null}'),
    ]
    async with serving(*answers) as service, client_of(service.url) as http:
        gamma = GammaClient(http)
        found = await gamma.profile("0x1")
        assert found is not None
        assert found.proxy_wallet == proxy
        assert await gamma.profile("0x2") is None
        assert [profile.name for profile in await gamma.search_profiles("Car")] == ["Car"]
        assert await gamma.search_profiles("nobody") == []


async def test_geoblock() -> None:
    body = '{"blocked":true,"ip":"1.2.3.4","country":"US","region":"NY"}'
    async with serving(reply(body)) as service, client_of(service.url) as http:
        answer = await fetch_geoblock(http)
    assert (answer.blocked, answer.country, service.seen[0].path) == (True, "US", "/api/geoblock")
