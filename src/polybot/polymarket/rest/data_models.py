"""Data API v2 on the wire. Addresses come lower case, sizes in shares, `*_usdc` in USD, times in Unix seconds."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from msgspec import Struct

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """`next_cursor` None: nothing follows. A cursor remembers the page size, not the filters: send those again."""

    rows: tuple[Row, ...]
    next_cursor: str | None
    refused: int = 0
    """Rows that were not of their shape and are left out."""


class Pagination(Struct, frozen=True):
    has_more: bool
    next_cursor: str | None = None


class Listing(Struct, Generic[Row], frozen=True):
    """A miss is an empty or null `data`, not an error."""

    data: tuple[Row, ...] | None
    pagination: Pagination | None = None


class One(Struct, Generic[Row], frozen=True):
    data: Row


class ActivityRow(Struct, frozen=True):
    """One thing a wallet did. `price` is an average with up to ten decimals; `token_id` is "" and `side` "" for
    what is not a trade. `usdc_size` includes the fee on a taker's BUY."""

    proxy_wallet: str
    timestamp: int
    condition_id: str
    type: str
    size: Decimal
    usdc_size: Decimal
    transaction_hash: str
    price: Decimal
    token_id: str
    side: str
    title: str = ""
    slug: str = ""
    outcome: str = ""
    is_combo: bool = False


class FeedTrade(Struct, frozen=True):
    """A row of /v2/trades: an activity row without type and usdc_size."""

    proxy_wallet: str
    side: str
    token_id: str
    condition_id: str
    size: Decimal
    price: Decimal
    timestamp: int
    transaction_hash: str
    title: str = ""
    slug: str = ""
    outcome: str = ""


class PositionRow(Struct, frozen=True):
    """`redeemable` is true for losers too. Numbers are rounded by the service to 4 or 5 decimals."""

    proxy_wallet: str
    token_id: str
    condition_id: str
    current_size: Decimal
    avg_price: Decimal
    current_price: Decimal
    current_value: Decimal
    status: str
    redeemable: bool
    mergeable: bool
    negative_risk: bool
    opposite_token_id: str = ""
    title: str = ""
    slug: str = ""
    outcome: str = ""
    last_event_at: int = 0


class ValueRow(Struct, frozen=True):
    proxy_wallet: str
    value: Decimal


class Serving(Struct, frozen=True):
    lag_seconds: int
    worst: str = ""


class Ingestion(Struct, frozen=True):
    max_synced_block: int
    min_synced_block: int


class ServiceStatus(Struct, frozen=True):
    """GET /v2/status: how far behind the chain the service is. A lag of about 4 s is normal."""

    computed_at: str
    age_seconds: int
    serving: Serving
    ingestion: Ingestion
