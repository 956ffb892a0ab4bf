"""Markets as the CLOB writes them. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from polybot.core.market import Market
from polybot.core.money import Price, Ratio, Shares, Usdc

Wire = dict[str, Any]

_NO_END = "1970-01-01T00:00:00Z"
BASE_FEE_BPS = 1000
"""What the old bps fields say in every market; the fee charged is in `fd`."""


def number(value: Price | Ratio | Shares | Usdc) -> Decimal:
    """The JSON number of a quantity, exact."""
    return Decimal(str(value))


def iso(at_ns: int | None) -> str:
    if at_ns is None:
        return _NO_END
    return datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compact_market(market: Market) -> Wire:
    """GET /clob-markets/{condition}: `nr`, `fd`, `sd`, `itode` and `gst` are left out where they do not apply."""
    wire: Wire = {
        "c": market.condition,
        "t": [{"t": outcome.token, "o": outcome.name} for outcome in market.outcomes],
        "mos": number(market.min_order),
        "mts": number(market.tick),
        "mbf": BASE_FEE_BPS,
        "tbf": BASE_FEE_BPS,
        "ao": market.accepting_orders,
        "cbos": True,
        "v": market.version.value,
    }
    if market.neg_risk:
        wire["nr"] = True
    if market.fee.rate:
        wire["fd"] = {"r": number(market.fee.rate), "e": market.fee.exponent, "to": True}
    if market.seconds_delay:
        wire["sd"] = market.seconds_delay
    if market.taker_delay_ms:
        wire["itode"] = True
    if market.game_start_ns is not None:
        wire["gst"] = iso(market.game_start_ns)
    return wire


def long_market(market: Market, prices: Sequence[Price]) -> Wire:
    """GET /markets/{condition}. `prices`: one per outcome."""
    return {
        "enable_order_book": not market.closed,
        "active": True,
        "closed": market.closed,
        "archived": False,
        "accepting_orders": market.accepting_orders,
        "minimum_order_size": number(market.min_order),
        "minimum_tick_size": number(market.tick),
        "condition_id": market.condition,
        "question_id": "",
        "question": market.question,
        "market_slug": market.slug,
        "end_date_iso": iso(market.end_ns),
        "game_start_time": None,
        "seconds_delay": market.seconds_delay,
        "fpmm": "",
        "maker_base_fee": BASE_FEE_BPS,
        "taker_base_fee": BASE_FEE_BPS,
        "neg_risk": market.neg_risk,
        "neg_risk_market_id": "",
        "neg_risk_request_id": "",
        "is_50_50_outcome": False,
        "version": market.version.value,
        "tokens": [
            {
                "token_id": outcome.token,
                "outcome": outcome.name,
                "price": number(price),
                "winner": outcome.token == market.winner,
            }
            for outcome, price in zip(market.outcomes, prices, strict=True)
        ],
        "rewards": {"rates": None, "min_size": 0, "max_spread": 0},
        "tags": [],
    }


def gamma_id(market: Market) -> str:
    """A number as text, the same in every run."""
    return str(int(market.condition, 0) % 9_999_991)
