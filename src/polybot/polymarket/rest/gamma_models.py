"""Gamma on the wire. Some arrays come as JSON inside a string."""

from decimal import Decimal

from msgspec import Struct, field


class FeeFrame(Struct, frozen=True, rename="camel"):
    rate: Decimal
    exponent: int = 1
    taker_only: bool = True


class GammaMarket(Struct, frozen=True, rename="camel"):
    """`outcomes`, `outcome_prices` and `clob_token_ids` are JSON in a string, aligned by index.

    `position_ids` may be present on v1 markets where they have no book: `version` decides which ids trade.
    """

    id: str
    condition_id: str
    slug: str
    question: str
    outcomes: str
    clob_token_ids: str = ""
    outcome_prices: str = ""
    position_ids: tuple[str, ...] | None = None
    version: str = "v1"
    neg_risk: bool = False
    order_price_min_tick_size: Decimal | None = None
    order_min_size: Decimal | None = None
    seconds_delay: int | None = None
    fee_schedule: FeeFrame | None = None
    fees_enabled: bool | None = None
    active: bool = False
    closed: bool = False
    accepting_orders: bool | None = None
    enable_order_book: bool | None = None
    end_date: str | None = None
    uma_resolution_status: str | None = None
    resolution_status: str | None = None


class GammaEvent(Struct, frozen=True, rename="camel"):
    id: str
    slug: str
    title: str
    closed: bool = False
    neg_risk: bool = False
    markets: tuple[GammaMarket, ...] = ()


class Profile(Struct, frozen=True, rename="camel"):
    """A public profile; `proxy_wallet` is what trades, whatever address was asked for."""

    name: str | None = None
    pseudonym: str | None = None
    wallet: str | None = None
    proxy: str | None = field(name="proxyWallet", default=None)

    @property
    def proxy_wallet(self) -> str | None:
        return self.proxy or self.wallet


class MarketsPage(Struct, frozen=True):
    markets: tuple[GammaMarket, ...]
    next_cursor: str | None = None


class SearchAnswer(Struct, frozen=True):
    """GET /public-search: lists may be null or contain null."""

    profiles: tuple[Profile | None, ...] | None = None
