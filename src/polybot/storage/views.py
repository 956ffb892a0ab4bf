"""Rows of the Queries port."""

from collections.abc import Mapping

from polybot.core.ids import ConditionId, DecisionId, IntentId, OrderId, TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc, price_ceil
from polybot.ports.queries import DecisionRow, OrderRow, PnlRow, PositionRow, TradeRow
from polybot.ports.store import Run
from polybot.storage.rows import AnyRow, position


def run(row: AnyRow) -> Run:
    return Run(id=row.id, mode=row.mode, account=Wallet(row.account), started_ns=row.started_ns)


def decision_row(row: AnyRow) -> DecisionRow:
    return DecisionRow(
        id=DecisionId(row.id),
        target=Wallet(row.target),
        target_name=row.target_name,
        decided_ns=row.decided_ns,
        fill_time_s=row.fill_time_s,
        token=TokenId(row.token),
        market_slug=row.slug,
        outcome=row.outcome,
        side=row.side,
        shares=Shares(row.shares_micro),
        price=Price(row.price_micro),
        change=row.change,
        rule=row.rule,
        detail=row.detail,
    )


def order_row(row: AnyRow) -> OrderRow:
    nominal = row.taking if Side(row.side) is Side.BUY else row.making
    return OrderRow(
        order=OrderId(row.id),
        intent=IntentId(row.intent),
        leg=row.leg,
        side=row.side,
        limit=Price(row.limit_micro),
        shares=Shares(nominal),
        tif=row.tif,
        state=row.state,
        reason=row.reason,
        filled_shares=Shares(int(row.filled_shares_micro)),
        filled_usdc=Usdc(int(row.filled_usdc_micro)),
        fees=Usdc(int(row.filled_fee_micro)),
        created_ns=row.created_ns,
        answered_ns=row.answered_ns,
    )


def trade_row(row: AnyRow) -> TradeRow:
    shares, usdc, side = Shares(row.shares_micro), Usdc(row.usdc_micro), Side(row.side)
    target_price = Price(row.target_price_micro)
    return TradeRow(
        trade=row.trade,
        order=OrderId(row.order_id),
        decision=DecisionId(row.decision),
        target=Wallet(row.target),
        target_name=row.target_name,
        condition=ConditionId(row.condition),
        token=TokenId(row.token),
        market_slug=row.slug,
        outcome=row.outcome,
        side=row.side,
        shares=shares,
        usdc=usdc,
        fee=Usdc(row.fee_micro),
        price=_average(side, shares, usdc),
        target_price=target_price,
        slippage_bps=slippage_bps(side=side, shares=shares, usdc=usdc, reference=target_price),
        status=row.status,
        matched_ns=row.matched_ns,
    )


def position_row(row: AnyRow) -> PositionRow:
    return PositionRow(
        position=position(row),
        target_name=row.target_name,
        market_slug=row.slug,
        outcome=row.outcome,
        target_shares=Shares(row.target_shares_micro),
    )


def pnl_row(row: AnyRow) -> PnlRow:
    realized, fees = Usdc(int(row.realized_micro or 0)), Usdc(int(row.fees_micro or 0))
    return PnlRow(
        target=Wallet(row.wallet),
        target_name=row.target_name,
        invested=Usdc(int(row.cost_micro or 0)),
        realized=realized,
        fees=fees,
        net=realized - fees,
        fills=row.fills or 0,
    )


def fill_texts(row: AnyRow) -> Mapping[str, str]:
    return {
        "key": row.key,
        "source": row.source,
        "side": row.side,
        "shares": str(Shares(row.shares_micro)),
        "price": str(Price(row.price_micro)),
        "tx": row.tx,
        "timestamp_s": str(row.timestamp_s),
        "seen_ns": str(row.seen_ns),
        "published_ns": "" if row.published_ns is None else str(row.published_ns),
        "slug": row.slug,
        "title": row.title,
        "outcome": row.outcome,
    }


def slippage_bps(*, side: Side, shares: Shares, usdc: Usdc, reference: Price) -> int:
    """How far what we got is from `reference`, positive against us, rounded against us; 0 if there is none.

    From the amounts themselves, not from the rounded average price.
    """
    ideal = shares.micro * reference.micro
    if not ideal:
        return 0
    worse = usdc.micro * 1_000_000 - ideal
    return -(-(worse if side is Side.BUY else -worse) * 10_000 // ideal)


def _average(side: Side, shares: Shares, usdc: Usdc) -> Price:
    if not shares:
        return Price(0)
    return price_ceil(usdc, shares) if side is Side.BUY else Price(usdc.micro * 1_000_000 // shares.micro)
