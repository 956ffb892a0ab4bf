"""The real venue (or a simulator of its wire): signed orders out, reports in."""

from collections.abc import AsyncIterator, Sequence
from typing import assert_never

import structlog

from polybot.core.ids import OrderId, TokenId, Wallet, intent_salt
from polybot.core.market import FeeSchedule
from polybot.core.money import Shares, Usdc
from polybot.core.orders import Intent, OurFill, SignatureType
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.polymarket.order_body import OrderFactory
from polybot.polymarket.rest.account import ClobAccount
from polybot.polymarket.rest.data import DataClient
from polybot.polymarket.rest.models import OrderRow, TradeRow
from polybot.polymarket.streams.frames import Unrecognised
from polybot.polymarket.streams.user import Disconnected, Reconnected, UserStream
from polybot.ports.market_data import MarketData
from polybot.ports.telemetry import Telemetry
from polybot.ports.venue import (
    Absent,
    Cancelled,
    Holding,
    LookUp,
    NoAnswer,
    OrderReport,
    PreparedOrder,
    Report,
    StreamGap,
    SubmitOutcome,
)
from polybot.utils.clock import Clock
from polybot.venues.trade_fills import our_fills

log = structlog.get_logger(__name__)


class LiveVenue:
    """One account on Polymarket's CLOB."""

    def __init__(
        self,
        *,
        account: ClobAccount,
        data: DataClient,
        stream: UserStream,
        factory: OrderFactory,
        market_data: MarketData,
        wallet: Wallet,
        signature_type: SignatureType,
        api_key: str,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._account = account
        self._data = data
        self._stream = stream
        self._factory = factory
        self._market_data = market_data
        self._wallet = wallet
        self._signature_type = signature_type
        self._api_key = api_key
        self._clock = clock
        self._telemetry = telemetry
        self._unread: dict[str, frozenset[str]] = {}
        """Trades that could not be read yet, with the orders they name."""

    def prepare(self, intent: Intent, *, now_ns: int) -> PreparedOrder:
        market = self._market_data.market(intent.terms.token)
        if market is None:
            raise ValueError(f"token {intent.terms.token}: its market is not loaded, so its exchange is not known")
        signed = self._factory.build(
            intent.terms, neg_risk=market.neg_risk, salt=intent_salt(intent.id), timestamp_ms=now_ns // 1_000_000
        )
        return PreparedOrder(signed.id, intent.id, signed.body)

    async def submit(self, order: PreparedOrder) -> SubmitOutcome:
        return await self._account.submit(order)

    async def cancel(self, orders: Sequence[OrderId]) -> Cancelled | NoAnswer:
        return await self._account.cancel(orders)

    async def look_up(self, order: OrderId) -> LookUp:
        try:
            row = await self._account.order(order)
            if row:
                return _report(row)
        except (RequestFailed, ValueError) as failed:
            return NoAnswer(str(failed))
        if any(order in named for named in self._unread.values()):
            return NoAnswer("the venue shows a trade of it that could not be read")
        return Absent()

    async def fills(self, *, since_s: int) -> Sequence[OurFill] | NoAnswer:
        try:
            rows = await self._account.trades(after_s=since_s)
        except (RequestFailed, UnexpectedShape) as failed:
            return NoAnswer(str(failed))
        return [fill for row in rows for fill in self._fills_of(row)]

    async def balance(self) -> Usdc | NoAnswer:
        try:
            answer = await self._account.collateral(self._signature_type)
            return Usdc(int(answer.balance))
        except (RequestFailed, ValueError) as failed:
            return NoAnswer(str(failed))

    async def holdings(self) -> Sequence[Holding] | NoAnswer:
        try:
            rows = await self._data.positions(self._wallet)
        except (RequestFailed, UnexpectedShape) as failed:
            return NoAnswer(str(failed))
        return [Holding(TokenId(row.token_id), Shares.nearest(row.current_size), row.redeemable) for row in rows]

    async def reports(self) -> AsyncIterator[Report]:
        async for event in self._stream.events():
            match event:
                case OrderRow():
                    yield self._read_order(event)
                case TradeRow():
                    for fill in self._fills_of(event):
                        yield fill
                case Reconnected() | Disconnected():
                    yield StreamGap(event.reason)
                case Unrecognised():
                    log.warning("user_event.unrecognised", detail=event.detail)
                case never:
                    assert_never(never)

    def _read_order(self, row: OrderRow) -> Report:
        try:
            return _report(row)
        except ValueError as error:
            return StreamGap(f"order {row.id} could not be read: {error}")

    def _fills_of(self, row: TradeRow) -> list[OurFill]:
        try:
            fills = our_fills(row, api_key=self._api_key, fee_of=self._fee_of, now_ns=self._clock.now_ns())
        except ValueError as error:
            log.warning("trade.unread", trade=row.id, status=row.status, error=str(error))
            self._telemetry.count("trades.unread")
            named = (row.taker_order_id, *(maker.order_id for maker in row.maker_orders))
            self._unread[row.id] = frozenset(order.lower() for order in named)
            return []
        self._unread.pop(row.id, None)
        return fills

    def _fee_of(self, token: TokenId) -> FeeSchedule:
        market = self._market_data.market(token)
        if market is None:
            raise ValueError(f"token {token}: its market is not loaded, so the fee is not known")
        return market.fee


def _report(row: OrderRow) -> OrderReport:
    """Nothing of a FAK or FOK rests, so MATCHED ends it however little that was."""
    at_once = row.order_type in {"FAK", "FOK"} and row.status.removeprefix("ORDER_STATUS_") == "MATCHED"
    ended = at_once or row.type == "CANCELLATION"
    matched = Shares.nearest(row.matched)
    return OrderReport(OrderId(row.id.lower()), open=row.open and not ended, matched=matched, status=row.status)
