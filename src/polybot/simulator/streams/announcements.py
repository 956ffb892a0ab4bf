"""What the market socket tells of markets that come and go. Pure."""

from typing import Any

from polybot.core.ids import TokenId
from polybot.core.market import Market
from polybot.simulator.wire.markets import BASE_FEE_BPS, gamma_id

Wire = dict[str, Any]


def new_market_event(market: Market, *, event_slug: str, at_ms: int) -> Wire:
    tokens = [outcome.token for outcome in market.outcomes]
    charged = bool(market.fee.rate)
    return {
        "id": gamma_id(market),
        "question": market.question,
        "market": market.condition,
        "slug": market.slug,
        "description": "",
        "assets_ids": tokens,
        "outcomes": [outcome.name for outcome in market.outcomes],
        "event_message": {"id": "", "ticker": event_slug, "slug": event_slug, "title": "", "description": ""},
        "timestamp": str(at_ms),
        "event_type": "new_market",
        "tags": [],
        "condition_id": market.condition,
        "active": not market.closed,
        "clob_token_ids": tokens,
        "sports_market_type": "",
        "line": "",
        "game_start_time": "",
        "order_price_min_tick_size": str(market.tick),
        "group_item_title": "",
        "taker_base_fee": str(BASE_FEE_BPS if charged else 0),
        "fees_enabled": charged,
        "fee_schedule": {
            "exponent": str(market.fee.exponent),
            "rate": str(market.fee.rate),
            "taker_only": True,
            "rebate_rate": "0",
        },
    }


def market_resolved_event(market: Market, *, winner: TokenId | None, at_ms: int) -> Wire:
    """`winner` None: both outcomes are worth a half."""
    return {
        "id": gamma_id(market),
        "market": market.condition,
        "assets_ids": [outcome.token for outcome in market.outcomes],
        "winning_asset_id": winner or "",
        "winning_outcome": market.outcome(winner).name if winner else "",
        "timestamp": str(at_ms),
        "tags": [],
        "event_type": "market_resolved",
    }
