"""Fills and positions as the Data API and the activity socket write them. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from polybot.core.ids import TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.money import Price, Shares, Usdc
from polybot.polymarket.wallets import checksum
from polybot.simulator.wire.markets import iso, number

Wire = dict[str, Any]

NOT_ENRICHED = 999
_TEN_DECIMALS = Decimal("0.0000000001")
_FOUR_DECIMALS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Row:
    """Something a wallet did. `usdc` is without `fee`; `sequence` orders rows of one second and is unique.

    `kind` is the Data API's: TRADE, or REDEEM (side None, usdc the payout; its token is not shown).
    """

    kind: str
    wallet: Wallet
    market: Market
    event_slug: str
    token: TokenId
    side: Side | None
    shares: Shares
    usdc: Usdc
    fee: Usdc
    tx: str
    at_ns: int
    sequence: int
    taker: bool
    name: str = ""

    @property
    def at_s(self) -> int:
        return self.at_ns // 1_000_000_000

    @property
    def outcome_index(self) -> int:
        tokens = [outcome.token for outcome in self.market.outcomes]
        return tokens.index(self.token) if self.side else NOT_ENRICHED

    @property
    def outcome(self) -> str:
        return self.market.outcome(self.token).name if self.side else ""

    @property
    def shown_token(self) -> str:
        return self.token if self.side else ""

    @property
    def price(self) -> Decimal:
        """An average where the fill took several levels; 0 when it is no trade."""
        if self.kind != "TRADE" or not self.shares:
            return Decimal(0)
        return plain(Decimal(self.usdc.micro) / self.shares.micro, _TEN_DECIMALS)


def plain(value: Decimal, grain: Decimal) -> Decimal:
    """Rounded half even to `grain`, without padding and exponent."""
    return Decimal(f"{value.quantize(grain).normalize():f}")


def activity_row(row: Row) -> Wire:
    """GET /v2/activity. A taker BUY's `usdc_size` contains the fee."""
    paid = row.usdc + row.fee if row.side is Side.BUY else row.usdc
    return {
        "proxy_wallet": row.wallet,
        "timestamp": row.at_s,
        "condition_id": row.market.condition,
        "type": row.kind,
        "size": number(row.shares),
        "usdc_size": number(paid),
        "transaction_hash": row.tx,
        "price": row.price,
        "token_id": row.shown_token,
        "side": row.side.value if row.side else "",
        "outcome_index": row.outcome_index,
        **_texts(row),
        "outcome": row.outcome,
        **_profile(row.name),
    }


def trade_row(row: Row) -> Wire:
    """GET /v2/trades."""
    return {
        "proxy_wallet": row.wallet,
        "side": row.side.value if row.side else "",
        "token_id": row.token,
        "condition_id": row.market.condition,
        "size": number(row.shares),
        "price": row.price,
        "timestamp": row.at_s,
        **_texts(row),
        "outcome": row.outcome,
        "outcome_index": row.outcome_index,
        **_profile(row.name),
        "transaction_hash": row.tx,
    }


def activity_payload(row: Row) -> Wire:
    """The payload of the activity socket: camelCase, wallet in EIP-55 case, whole seconds."""
    payload: Wire = {
        "asset": row.token,
        "bio": "",
        "conditionId": row.market.condition,
        "eventSlug": row.event_slug,
        "icon": "",
        "name": row.name,
        "outcome": row.outcome,
        "outcomeIndex": row.outcome_index,
        "price": row.price,
        "profileImage": "",
        "proxyWallet": checksum(row.wallet),
        "pseudonym": "",
        "side": row.side.value if row.side else "",
        "size": number(row.shares),
        "slug": row.market.slug,
        "timestamp": row.at_s,
        "title": row.market.question,
        "transactionHash": row.tx,
    }
    if row.fee:
        payload["fee"] = number(row.fee)
    return payload


@dataclass(frozen=True, slots=True)
class Holding:
    """What a wallet has of a token; `bought` and `bought_usdc` over its life, `price` what it is worth now."""

    wallet: Wallet
    market: Market
    event_slug: str
    token: TokenId
    shares: Shares
    bought: Shares
    bought_usdc: Usdc
    fees: Usdc
    realized: Usdc
    price: Price
    first_ns: int
    last_ns: int
    name: str = ""

    @property
    def value(self) -> Decimal:
        return number(self.shares) * number(self.price)

    @property
    def status(self) -> str:
        if not self.shares:
            return "CLOSED"
        return "REDEEMABLE" if self.market.winner else "OPEN"


def position_row(held: Holding) -> Wire:
    """GET /v2/positions; figures rounded to four decimals as served."""
    average = number(held.bought_usdc) / number(held.bought) if held.bought else Decimal(0)
    entry = average * number(held.shares)
    unrealized = held.value - entry if held.shares else Decimal(0)
    realized = number(held.realized)
    opposite = held.market.outcome(held.market.complement(held.token))
    return {
        "proxy_wallet": held.wallet,
        "token_id": held.token,
        "condition_id": held.market.condition,
        "current_size": number(held.shares),
        "avg_price": _four(average),
        "entry_cost_usdc": _four(entry),
        "entry_fees_usdc": number(held.fees),
        "total_cost_usdc": _four(entry + number(held.fees)),
        "current_price": number(held.price),
        "current_value": _four(held.value),
        "total_size": number(held.bought),
        "realized_pnl": _four(realized),
        "unrealized_pnl": _four(unrealized),
        "total_pnl": _four(realized + unrealized),
        "percent_pnl": _percent(unrealized, of=entry),
        "percent_realized_pnl": _percent(realized, of=number(held.bought_usdc)),
        "status": held.status,
        "redeemable": held.status == "REDEEMABLE",
        "mergeable": False,
        "negative_risk": held.market.neg_risk,
        "archived": False,
        "title": held.market.question,
        "slug": held.market.slug,
        "icon": "",
        "event_id": "",
        "event_slug": held.event_slug,
        "outcome": held.market.outcome(held.token).name,
        "outcome_index": [outcome.token for outcome in held.market.outcomes].index(held.token),
        "opposite_outcome": opposite.name,
        "opposite_token_id": opposite.token,
        "end_date": iso(held.market.end_ns)[:10],
        "last_event_at": held.last_ns // 1_000_000_000,
        "first_entry_at": held.first_ns // 1_000_000_000,
        "name": held.name,
        "profile_image": "",
        "verified": False,
    }


def _texts(row: Row) -> Wire:
    return {"title": row.market.question, "slug": row.market.slug, "icon": "", "event_slug": row.event_slug}


def _profile(name: str) -> Wire:
    return {"name": name, "pseudonym": "", "bio": "", "profile_image": "", "profile_image_optimized": ""}


def _four(value: Decimal) -> Decimal:
    return plain(value, _FOUR_DECIMALS)


def _percent(part: Decimal, *, of: Decimal) -> Decimal:
    return _four(100 * part / of) if of else Decimal(0)
