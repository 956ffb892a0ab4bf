"""Markets, events and people as Gamma writes them. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from polybot.core.market import Market, MarketVersion
from polybot.core.money import Price, Usdc
from polybot.polymarket.wallets import checksum
from polybot.simulator.indexing.catalogue import Question
from polybot.simulator.wire.markets import BASE_FEE_BPS, gamma_id, iso, number

Wire = dict[str, Any]

_ORACLE = "0x2F5e3684cb1F318ec51b00Edba38d79Ac2c0aA9d"


@dataclass(frozen=True, slots=True)
class Quote:
    """What Gamma last took down of a market's prices: one per outcome, and of the first one's book."""

    prices: tuple[Price, Price]
    bid: Price | None = None
    ask: Price | None = None
    last: Price | None = None
    volume: Usdc = Usdc(0)
    liquidity: Usdc = Usdc(0)


@dataclass(frozen=True, slots=True)
class Listed:
    """A market as Gamma shows it; `known` is the object it was recorded as, below what is true now.

    `bookless` are position ids that a v1 market shows though nothing trades under them.
    """

    market: Market
    question: Question
    quote: Quote
    event_slug: str
    event_id: int
    started_ns: int
    closed_ns: int | None = None
    bookless: tuple[str, ...] = ()
    known: Mapping[str, Any] = field(default_factory=dict)


def gamma_market(listed: Listed) -> Wire:
    """Arrays travel inside strings, but position ids do not."""
    market = listed.market
    wire: Wire = {**_head(listed), **_figures(listed.quote), **_ids(listed), **_rules(listed)}
    wire = {**wire, **listed.known, **_true_now(listed)}
    if market.closed:
        wire["closedTime"] = _spaced(listed.closed_ns)
        if market.version is MarketVersion.V1:
            wire["umaResolutionStatus"] = "resolved"
    else:
        wire.pop("umaResolutionStatus", None)
    if market.game_start_ns:
        wire["gameStartTime"] = _spaced(market.game_start_ns)
    return wire


def _head(listed: Listed) -> Wire:
    market, started = listed.market, iso(listed.started_ns)
    return {
        "id": gamma_id(market),
        "question": market.question,
        "conditionId": market.condition,
        "slug": market.slug,
        "resolutionSource": "",
        "endDate": iso(market.end_ns),
        "liquidity": str(listed.quote.liquidity),
        "startDate": started,
        "image": "",
        "icon": "",
        "description": f"This market will resolve to the outcome that comes true: {market.question}",
        "outcomes": "",
        "outcomePrices": "",
        "volume": str(listed.quote.volume),
        "active": True,
        "closed": False,
        "marketMakerAddress": "",
        "createdAt": started,
        "updatedAt": started,
        "new": False,
        "featured": False,
        "archived": False,
        "resolvedBy": _ORACLE,
        "restricted": True,
        "groupItemTitle": market.question if listed.question.group else "",
        "groupItemThreshold": "0",
        "questionID": listed.question.id,
        "enableOrderBook": True,
        "orderPriceMinTickSize": number(market.tick),
        "orderMinSize": number(market.min_order),
    }


def _figures(quote: Quote) -> Wire:
    return {
        "volumeNum": number(quote.volume),
        "liquidityNum": number(quote.liquidity),
        "endDateIso": "",
        "startDateIso": "",
        "hasReviewedDates": True,
        "volume24hr": number(quote.volume),
        "volume1wk": number(quote.volume),
        "volume1mo": number(quote.volume),
        "volume1yr": number(quote.volume),
        "clobTokenIds": "",
        "umaBond": "500",
        "umaReward": "5",
        "volumeClob": number(quote.volume),
        "liquidityClob": number(quote.liquidity),
        "makerBaseFee": BASE_FEE_BPS,
        "takerBaseFee": BASE_FEE_BPS,
        "customLiveness": 0,
        "acceptingOrders": True,
    }


def _ids(listed: Listed) -> Wire:
    question = listed.question
    wire: Wire = {"negRisk": bool(question.group)}
    if question.group:
        wire["negRiskMarketID"] = question.group
    return {**wire, "negRiskRequestID": question.request}


def _rules(listed: Listed) -> Wire:
    return {
        "ready": False,
        "funded": False,
        "acceptingOrdersTimestamp": iso(listed.started_ns),
        "cyom": False,
        "competitive": 0.8,
        "pagerDutyNotificationEnabled": False,
        "approved": True,
        "rewardsMinSize": 0,
        "rewardsMaxSpread": 0,
        "automaticallyActive": True,
        "clearBookOnStart": True,
        "showGmpSeries": False,
        "showGmpOutcome": False,
        "manualActivation": False,
        "negRiskOther": False,
        "umaResolutionStatuses": "[]",
        "pendingDeployment": False,
        "deploying": False,
        "rfqEnabled": False,
        "holdingRewardsEnabled": False,
        "requiresTranslation": False,
        "feeType": None,
    }


def _true_now(listed: Listed) -> Wire:
    """Whatever was recorded."""
    market, quote = listed.market, listed.quote
    v2, tokens = market.version is MarketVersion.V2, [outcome.token for outcome in market.outcomes]
    wire: Wire = {
        "version": market.version.value,
        "conditionId": market.condition,
        "slug": market.slug,
        "question": market.question,
        "questionID": listed.question.id,
        "outcomes": json.dumps([outcome.name for outcome in market.outcomes]),
        "outcomePrices": json.dumps([str(price) for price in quote.prices]),
        "clobTokenIds": "[]" if v2 else json.dumps(tokens),
        "negRisk": market.neg_risk,
        "orderPriceMinTickSize": number(market.tick),
        "orderMinSize": number(market.min_order),
        "secondsDelay": market.seconds_delay,
        "feesEnabled": bool(market.fee.rate),
        "closed": market.closed,
        "acceptingOrders": market.accepting_orders,
        "endDate": iso(market.end_ns),
        "endDateIso": iso(market.end_ns)[:10],
        "startDateIso": iso(listed.started_ns)[:10],
        "spread": number(Price(quote.ask.micro - quote.bid.micro)) if quote.bid and quote.ask else 1,
        "lastTradePrice": number(quote.last) if quote.last else 0,
        "bestBid": number(quote.bid) if quote.bid else 0,
        "bestAsk": number(quote.ask) if quote.ask else 1,
    }
    if ids := tokens if v2 else list(listed.bookless):
        wire["positionIds"] = ids
    if v2:
        wire["resolutionStatus"] = "resolved" if market.closed else "active"
    if market.fee.rate:
        wire["feeSchedule"] = _fee_schedule(market)
    return wire


def _fee_schedule(market: Market) -> Wire:
    return {
        "exponent": market.fee.exponent,
        "rate": number(market.fee.rate),
        "takerOnly": True,
        "rebateRate": Decimal("0.25"),
    }


def gamma_event(slug: str, event_id: int, markets: Sequence[Wire], *, known: Mapping[str, Any]) -> Wire:
    """An event around its markets; `known` is what was recorded of it."""
    first = markets[0]
    neg_risk = bool(first["negRisk"])
    wire: Wire = {
        **event_stub(slug, event_id, str(first["question"])),
        "description": first["description"],
        "resolutionSource": "",
        "startDate": first["startDate"],
        "creationDate": first["createdAt"],
        "endDate": first["endDate"],
        "image": first["image"],
        "icon": first["icon"],
        "active": True,
        "closed": all(market["closed"] for market in markets),
        "archived": False,
        "new": False,
        "featured": False,
        "restricted": True,
        "liquidity": sum((market["liquidityNum"] for market in markets), Decimal(0)),
        "volume": sum((market["volumeNum"] for market in markets), Decimal(0)),
        "createdAt": first["createdAt"],
        "updatedAt": first["updatedAt"],
        "enableOrderBook": True,
        "negRisk": neg_risk,
        "commentCount": 0,
        "cyom": False,
        "enableNegRisk": neg_risk,
        "automaticallyActive": True,
        "negRiskAugmented": False,
        "pendingDeployment": False,
        "deploying": False,
        "requiresTranslation": False,
    }
    if neg_risk and "negRiskMarketID" in first:
        wire["negRiskMarketID"] = first["negRiskMarketID"]
    true_now = {name: wire[name] for name in ("slug", "closed", "volume", "liquidity", "negRisk", "endDate")}
    return {**wire, **known, **true_now, "id": wire["id"], "markets": list(markets)}


def event_stub(slug: str, event_id: int, title: str) -> Wire:
    """How a market names its event."""
    return {"id": str(event_id), "ticker": slug, "slug": slug, "title": title}


def profile(wallet: str, name: str) -> Wire:
    return {
        "name": name,
        "pseudonym": name,
        "displayUsernamePublic": True,
        "proxyWallet": checksum(wallet),
        "profileImage": "",
        "bio": "",
    }


def _spaced(at_ns: int | None) -> str:
    """2026-11-22 11:19:42+00, as Gamma writes some of its times."""
    return datetime.fromtimestamp((at_ns or 0) // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S+00")
