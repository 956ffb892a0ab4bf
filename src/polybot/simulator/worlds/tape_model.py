"""What a line of a tape says, as Polymarket wrote it: unknown fields ignored, wrong types refused."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from polybot.core.market import Side

Number = Annotated[str, msgspec.Meta(pattern=r"^\d{1,15}(\.\d{1,30})?$")]


class Line(msgspec.Struct):
    at_ms: Annotated[int, msgspec.Meta(ge=0)]
    feed: Literal["meta", "gamma", "market", "activity", "resolution"]
    body: msgspec.Raw


class MetaBody(msgspec.Struct):
    name: str
    recorded_from: datetime
    wallets: list[str]


class FeeBody(msgspec.Struct):
    rate: Decimal
    exponent: int = 1


class EventBody(msgspec.Struct):
    slug: str = ""


class GammaBody(msgspec.Struct, rename="camel"):
    condition_id: str
    slug: str
    question: str
    version: Literal["v1", "v2"]
    outcomes: str
    order_price_min_tick_size: Decimal
    order_min_size: Decimal
    fees_enabled: bool
    neg_risk: bool = False
    clob_token_ids: str | None = None
    position_ids: list[str] = []
    fee_schedule: FeeBody | None = None
    seconds_delay: int | None = None
    end_date: datetime | None = None
    events: list[EventBody] = []


class WireLevel(msgspec.Struct, gc=False):
    price: Number
    size: Number


class BookBody(msgspec.Struct, tag_field="event_type", tag="book"):
    market: str
    asset_id: str
    bids: list[WireLevel]
    asks: list[WireLevel]


class ChangeBody(msgspec.Struct):
    asset_id: str
    price: Number
    size: Number
    side: Side


class ChangesBody(msgspec.Struct, tag_field="event_type", tag="price_change"):
    market: str
    price_changes: list[ChangeBody]


class TickBody(msgspec.Struct, tag_field="event_type", tag="tick_size_change"):
    market: str
    asset_id: str
    new_tick_size: Number


class LastTradeBody(msgspec.Struct, tag_field="event_type", tag="last_trade_price"):
    """Follows from the fills; carried by some tapes, used by none."""

    market: str
    asset_id: str


class BestBody(msgspec.Struct, tag_field="event_type", tag="best_bid_ask"):
    """Follows from the books."""

    market: str
    asset_id: str


MarketBody = BookBody | ChangesBody | TickBody | LastTradeBody | BestBody


class FillBody(msgspec.Struct, rename="camel"):
    proxy_wallet: str
    asset: str
    condition_id: str
    side: Side
    price: Decimal
    size: Decimal
    transaction_hash: str
    name: str = ""


class ResolutionBody(msgspec.Struct):
    market: str
    winning_asset_id: str
