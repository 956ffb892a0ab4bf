"""What wallets did, as the Data API's feeds and the activity socket write it. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Market, Side
from polybot.core.money import Shares, Usdc
from polybot.polymarket.wallets import checksum
from polybot.simulator.engine.moves import MoveLeg
from polybot.simulator.wire.markets import number

Wire = dict[str, Any]

NOT_ENRICHED = 999
COMBO_DIGITS = 62
"""Hex digits of a combo's condition id; a market's has 64."""
_TEN_DECIMALS = Decimal("0.0000000001")


@dataclass(frozen=True, slots=True)
class Row:
    """Something a wallet did. `sequence` is the Data API's: the block times 10^10 and the place inside it.

    `kind` is the Data API's. A TRADE has a side, and `usdc` without `fee`; everything else has no side, `usdc` is the
    change of the wallet's cash, `legs` what happened to its shares, and cash alone has no market.
    `late_ns`: how much later than other rows of its block it is seen.
    """

    kind: str
    wallet: Wallet
    market: Market | None
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
    late_ns: int = 0
    legs: tuple[MoveLeg, ...] = ()

    @property
    def at_s(self) -> int:
        return self.at_ns // 1_000_000_000

    @property
    def condition(self) -> ConditionId:
        return self.market.condition if self.market else ConditionId("")

    @property
    def is_combo(self) -> bool:
        return len(self.condition) == COMBO_DIGITS + 2

    @property
    def outcome_index(self) -> int:
        if self.side is None or self.market is None or self.is_combo:
            return NOT_ENRICHED
        return [outcome.token for outcome in self.market.outcomes].index(self.token)

    @property
    def outcome(self) -> str:
        return self.market.outcome(self.token).name if self.side and self.market else ""

    @property
    def shown_token(self) -> str:
        return self.token if self.side else ""

    @property
    def shown_side(self) -> str:
        """A tip went in or out."""
        if self.kind == "TIP":
            return "IN" if self.usdc.micro > 0 else "OUT"
        return self.side.value if self.side else ""

    @property
    def price(self) -> Decimal:
        """An average where the fill took several levels; 0 when it is no trade."""
        if self.kind != "TRADE" or not self.shares:
            return Decimal(0)
        return plain(Decimal(self.usdc.micro) / self.shares.micro, _TEN_DECIMALS)


@dataclass(frozen=True, slots=True)
class Blanks:
    """What of a young row is not filled in yet: always its outcome index and event, and perhaps more."""

    icon: bool = False
    title: bool = False


def plain(value: Decimal, grain: Decimal) -> Decimal:
    """Rounded half even to `grain`, without padding and exponent."""
    return Decimal(f"{value.quantize(grain).normalize():f}")


def activity_row(row: Row, *, blanks: Blanks | None = None, net_sales: bool = False) -> Wire:
    """GET /v2/activity. A taker BUY's `usdc_size` contains the fee, and with `net_sales` a SELL's lacks it."""
    paid = row.usdc
    if row.side is Side.BUY:
        paid += row.fee
    elif row.side is Side.SELL and net_sales:
        paid -= row.fee
    wire: Wire = {
        "proxy_wallet": row.wallet,
        "timestamp": row.at_s,
        "condition_id": row.condition,
        "type": row.kind,
        "size": number(row.shares),
        "usdc_size": abs(number(paid)),
        "transaction_hash": row.tx,
        "price": row.price,
        "token_id": row.shown_token,
        "side": row.shown_side,
        "outcome_index": NOT_ENRICHED if blanks else row.outcome_index,
        **_texts(row, blanks),
        "outcome": unquoted(row.outcome),
        **_profile(row.name),
    }
    if row.is_combo:
        wire["is_combo"] = True
    return wire


def trade_row(row: Row, *, blanks: Blanks | None = None) -> Wire:
    """GET /v2/trades."""
    return {
        "proxy_wallet": row.wallet,
        "side": row.shown_side,
        "token_id": row.token,
        "condition_id": row.condition,
        "size": number(row.shares),
        "price": row.price,
        "timestamp": row.at_s,
        **_texts(row, blanks),
        "outcome": unquoted(row.outcome),
        "outcome_index": NOT_ENRICHED if blanks else row.outcome_index,
        **_profile(row.name),
        "transaction_hash": row.tx,
    }


def activity_payload(row: Row) -> Wire:
    """The payload of the activity socket: camelCase, wallet in EIP-55 case, whole seconds."""
    payload: Wire = {
        "asset": row.token,
        "bio": "",
        "conditionId": row.condition,
        "eventSlug": row.event_slug,
        "icon": "",
        "name": row.name,
        "outcome": row.outcome,
        "outcomeIndex": row.outcome_index,
        "price": row.price,
        "profileImage": "",
        "proxyWallet": checksum(row.wallet),
        "pseudonym": "",
        "side": row.shown_side,
        "size": number(row.shares),
        "slug": row.market.slug if row.market else "",
        "timestamp": row.at_s,
        "title": row.market.question if row.market else "",
        "transactionHash": row.tx,
    }
    if row.fee:
        payload["fee"] = number(row.fee)
    return payload


def unquoted(outcome: str) -> str:
    """Version 2 of the Data API drops apostrophes from outcome names (seen 2026-09-30)."""
    return outcome.replace("'", "")


def icon_of(slug: str) -> str:
    """Where a market's picture would be."""
    return f"https://polymarket-upload.s3.us-east-2.amazonaws.com/{slug}.png" if slug else ""


def _texts(row: Row, blanks: Blanks | None) -> Wire:
    market = None if blanks and blanks.title else row.market
    return {
        "title": market.question if market else "",
        "slug": market.slug if market else "",
        "icon": icon_of(row.event_slug) if not (blanks and blanks.icon) else "",
        "event_slug": "" if blanks else row.event_slug,
    }


def _profile(name: str) -> Wire:
    return {"name": name, "pseudonym": "", "bio": "", "profile_image": "", "profile_image_optimized": ""}
