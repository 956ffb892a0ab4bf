"""The CLOB's wire, as sent. Unknown fields are ignored, wrong types refused, missing ones named.

Shapes: Polymarket's OpenAPI and the official Python client 0.14.0, both of autumn 2026.
"""

from decimal import Decimal
from typing import Annotated, Generic, Literal, TypeVar

from msgspec import Meta, Struct, field

T = TypeVar("T")

Loose = str | int | float | None
"""A number the venue sends as text, as a number, as "" or not at all."""


def loose_decimal(value: Loose) -> Decimal:
    """Zero for "" and null. ValueError if it is not a number."""
    if value is None or value == "":
        return Decimal(0)
    try:
        return Decimal(str(value))
    except ArithmeticError:
        raise ValueError(f"{value!r} is not a number") from None


def epoch_ns(value: Loose) -> int | None:
    """An epoch the venue sends in seconds or in milliseconds (from 10^11 on); None if it sends none."""
    number = loose_decimal(value)
    if number <= 0:
        return None
    return int(number * (1_000_000 if number >= 10**11 else 1_000_000_000))


# Fills are cut to hundredths of a share: an order can end MATCHED with up to that much unfilled (seen in 2026).
_DUST = Decimal("0.01")
_IMMEDIATE = ("FAK", "FOK")


class LevelFrame(Struct, frozen=True, gc=False):
    """One price level, text exactly as on the wire."""

    price: str
    size: str


class BookFrame(Struct, frozen=True):
    """A token's whole book, from REST or the market socket; every text exactly as on the wire, for hashing.

    Levels come worst first. `min_order_size` and `neg_risk` are sent by REST only; `last_trade_price` may be
    missing from later socket frames. `timestamp` is Unix milliseconds.
    """

    market: str
    asset_id: str
    timestamp: str
    hash: str
    bids: tuple[LevelFrame, ...]
    asks: tuple[LevelFrame, ...]
    tick_size: str
    last_trade_price: str = ""
    min_order_size: str | None = None
    neg_risk: bool | None = None


class CompactToken(Struct, frozen=True):
    token: str = field(name="t")
    outcome: str = field(name="o")


class CompactFee(Struct, frozen=True):
    rate: Decimal = field(name="r")
    exponent: int = field(name="e", default=1)
    taker_only: bool = field(name="to", default=True)


class CompactMarket(Struct, frozen=True):
    """GET /clob-markets/{condition}: neg-risk and fee are omitted when they do not apply."""

    condition: str = field(name="c")
    tokens: tuple[CompactToken, ...] = field(name="t")
    tick: Decimal = field(name="mts")
    min_order: Decimal = field(name="mos")
    neg_risk: bool = field(name="nr", default=False)
    fee: CompactFee | None = field(name="fd", default=None)
    accepting_orders: bool = field(name="ao", default=False)
    seconds_delay: int | None = field(name="sd", default=None)
    version: str | int | None = field(name="v", default=None)


class Version(Struct, frozen=True):
    version: int


class TickSize(Struct, frozen=True):
    minimum_tick_size: Decimal


class BaseFee(Struct, frozen=True):
    base_fee: int


class NegRisk(Struct, frozen=True):
    neg_risk: bool


class ClosedOnly(Struct, frozen=True):
    closed_only: bool


class ApiKeys(Struct, frozen=True):
    api_keys: tuple[str, ...] = field(name="apiKeys")


class MarketOfToken(Struct, frozen=True):
    """GET /markets-by-token/{token}."""

    condition_id: str
    primary_token_id: str
    secondary_token_id: str


class OrderAnswer(
    Struct, frozen=True, rename={"error_msg": "errorMsg", "order_id": "orderID", "trade_ids": "tradeIDs"}
):
    """POST /order, HTTP 200. A refusal can come with success true and no id."""

    success: bool
    status: str = ""
    error_msg: str | None = ""
    order_id: str | None = ""
    trade_ids: tuple[str, ...] | None = ()


class LedgerPage(Struct, Generic[T], frozen=True):
    """A page of orders or trades; `next_cursor` "LTE=" marks the last."""

    data: tuple[T, ...] = ()
    next_cursor: str = ""


class CancelAnswer(Struct, frozen=True):
    canceled: tuple[str, ...] = ()
    not_canceled: dict[str, str] = {}


class OrderType(Struct, frozen=True):
    """What the answer to an order has to be read against: one field of the body we send."""

    order_type: str = field(name="orderType")


class OrderRow(Struct, frozen=True):
    """An order of ours, from GET /data/order(s) or the user socket. Sizes are decimal shares.

    `status` may carry a sentence after "CANCELED_". `type` (PLACEMENT, UPDATE, CANCELLATION) is sent by the
    socket only.
    """

    id: str
    market: str
    asset_id: str
    side: Literal["BUY", "SELL"]
    original_size: Decimal
    price: Decimal
    size_matched: Loose
    status: str = ""
    owner: str = ""
    type: str = ""
    order_type: str = ""
    outcome: str = ""
    maker_address: str = ""
    associate_trades: tuple[str, ...] | None = None
    created_at: Loose = None
    expiration: Loose = None
    timestamp: Loose = None

    @property
    def matched(self) -> Decimal:
        return loose_decimal(self.size_matched)

    @property
    def open(self) -> bool:
        """Whether the rest can still fill, by its status; an unknown status counts as open."""
        word = self.status.removeprefix("ORDER_STATUS_")
        if word.startswith(("CANCELED", "INVALID")):
            return False
        return word != "MATCHED" or (self.order_type not in _IMMEDIATE and self.original_size - self.matched > _DUST)


class MakerRow(Struct, frozen=True):
    """One resting order inside a trade. Its token and side are its own, not the taker's."""

    order_id: str
    owner: str
    matched_amount: Decimal
    price: Decimal
    asset_id: str
    side: Literal["BUY", "SELL"]
    maker_address: str = ""
    outcome: str = ""
    fee_rate_bps: Loose = None


class TradeRow(Struct, frozen=True):
    """A trade of ours, from GET /data/trades or the user socket. The top level speaks for the taker.

    If `trader_side` is MAKER only the `maker_orders` entries with our API key as `owner` are ours.
    """

    id: str
    taker_order_id: str
    market: str
    asset_id: str
    side: Literal["BUY", "SELL"]
    size: Decimal
    price: Decimal
    status: str
    owner: str
    match_time: Loose = None
    matchtime: Loose = None
    last_update: Loose = None
    outcome: str = ""
    maker_address: str = ""
    transaction_hash: str | None = ""
    bucket_index: int | None = None
    trader_side: Literal["TAKER", "MAKER", ""] = ""
    fee_rate_bps: Loose = None
    maker_orders: tuple[MakerRow, ...] = ()

    @property
    def plain_status(self) -> str:
        """MATCHED, MINED, CONFIRMED, RETRYING, FAILED; not yet broadcast counts as MATCHED."""
        word = self.status.upper().removeprefix("TRADE_STATUS_")
        return "MATCHED" if word == "MATCHED_NOT_BROADCASTED" else word

    @property
    def matched_ns(self) -> int | None:
        return epoch_ns(self.match_time or self.matchtime)


class BalanceAllowance(Struct, frozen=True):
    """Micro-units as text; `allowances` by spender address."""

    balance: Annotated[str, Meta(pattern=r"^\d{1,30}$")]
    allowances: dict[str, str] = {}


class CredentialsAnswer(Struct, frozen=True):
    """Never printed: see __repr__."""

    api_key: str = field(name="apiKey")
    secret: str
    passphrase: str

    def __repr__(self) -> str:
        return "CredentialsAnswer(***)"
