"""The CLOB's private side: what our API key may do and see."""

from collections.abc import Sequence

from polybot.core.ids import ConditionId, OrderId, TokenId
from polybot.core.orders import SignatureType
from polybot.polymarket.auth import L2Auth
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.rest.models import BalanceAllowance, OrderRow, TradeRow
from polybot.ports.venue import Cancelled, NoAnswer, PreparedOrder, SubmitOutcome
from polybot.utils.clock import Clock


class ClobAccount:
    """Orders, trades and balances of one API key. Reads raise RequestFailed; `submit` and `cancel` never raise it."""

    def __init__(self, http: HttpClient, *, auth: L2Auth, clock: Clock) -> None:
        raise NotImplementedError

    async def submit(self, order: PreparedOrder) -> SubmitOutcome:
        """One POST /order of exactly `order.wire`."""
        raise NotImplementedError

    async def cancel(self, orders: Sequence[OrderId]) -> Cancelled | NoAnswer:
        """At most 1000 orders in one attempt (ValueError beyond)."""
        raise NotImplementedError

    async def order(self, order: OrderId) -> OrderRow | None:
        """None: the venue answered and does not know it (finished orders may be unknown too)."""
        raise NotImplementedError

    async def open_orders(
        self, *, order: OrderId | None = None, market: ConditionId | None = None, token: TokenId | None = None
    ) -> list[OrderRow]:
        """All pages."""
        raise NotImplementedError

    async def trades(
        self,
        *,
        trade: str | None = None,
        maker_address: str | None = None,
        market: ConditionId | None = None,
        token: TokenId | None = None,
        after_s: int | None = None,
        before_s: int | None = None,
    ) -> list[TradeRow]:
        """All pages."""
        raise NotImplementedError

    async def collateral(self, signature_type: SignatureType) -> BalanceAllowance:
        raise NotImplementedError

    async def token_balance(self, token: TokenId, signature_type: SignatureType) -> BalanceAllowance:
        raise NotImplementedError

    async def refresh_collateral(self, signature_type: SignatureType) -> None:
        """Makes the venue read our balance and allowances from the chain again."""
        raise NotImplementedError

    async def refresh_token(self, token: TokenId, signature_type: SignatureType) -> None:
        raise NotImplementedError

    async def closed_only(self) -> bool:
        """True: only orders that reduce a position are taken from this address."""
        raise NotImplementedError

    async def api_keys(self) -> tuple[str, ...]:
        raise NotImplementedError
