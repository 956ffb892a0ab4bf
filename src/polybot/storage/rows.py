"""The domain's nouns as rows and back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from polybot.core.fills import ObservedFill, SourceKind, TargetFill, TargetOrder
from polybot.core.ids import ConditionId, DecisionId, FillKey, IntentId, OrderId, TokenId, TradeId, Wallet
from polybot.core.ledger import Position, Settlement, cash_change
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import Amounts, Intent, OrderTerms, OurFill, TimeInForce, TradeStatus

Values = dict[str, Any]
AnyRow = Row[Any]


def target_fill_values(fill: TargetFill, *, decision: DecisionId, number: int) -> Values:
    seen = fill.seen
    return {
        "key": fill.key,
        "decision": decision,
        "number": number,
        "occurrence": fill.occurrence,
        "source": seen.source.value,
        "wallet": seen.wallet,
        "token": seen.token,
        "condition": seen.condition,
        "side": seen.side.value,
        "shares_micro": seen.shares.micro,
        "price_micro": seen.price.micro,
        "tx": seen.tx,
        "timestamp_s": seen.timestamp_s,
        "seen_ns": seen.seen_ns,
        "seen_mono_ns": seen.seen_mono_ns,
        "published_ns": seen.published_ns,
        "slug": seen.slug,
        "title": seen.title,
        "outcome": seen.outcome,
    }


def target_fill(row: AnyRow) -> TargetFill:
    seen = ObservedFill(
        source=SourceKind(row.source),
        wallet=Wallet(row.wallet),
        token=TokenId(row.token),
        condition=ConditionId(row.condition),
        side=Side(row.side),
        shares=Shares(row.shares_micro),
        price=Price(row.price_micro),
        tx=row.tx,
        timestamp_s=row.timestamp_s,
        seen_ns=row.seen_ns,
        seen_mono_ns=row.seen_mono_ns,
        published_ns=row.published_ns,
        slug=row.slug,
        title=row.title,
        outcome=row.outcome,
    )
    return TargetFill(key=FillKey(row.key), occurrence=row.occurrence, seen=seen)


def target_order_values(order: TargetOrder) -> Values:
    return {
        "id": order.id,
        "target": order.target,
        "token": order.token,
        "condition": order.condition,
        "side": order.side.value,
        "shares_micro": order.shares.micro,
        "price_micro": order.price.micro,
        "held_before_micro": order.held_before.micro,
        "change": order.change.value,
        "fill_time_s": order.timestamp_s,
    }


def intent_values(intent: Intent) -> Values:
    terms = intent.terms
    return {
        "intent": intent.id,
        "decision": intent.decision,
        "leg": intent.leg,
        "account": intent.account,
        "target": intent.target,
        "token": terms.token,
        "condition": terms.condition,
        "side": terms.side.value,
        "limit_micro": terms.limit.micro,
        "making": terms.amounts.making,
        "taking": terms.amounts.taking,
        "tif": terms.tif.value,
        "expiration_s": terms.expiration_s,
        "post_only": terms.post_only,
        "reserve_micro": intent.reserve_usdc.micro,
    }


def terms(row: AnyRow) -> OrderTerms:
    return OrderTerms(
        token=TokenId(row.token),
        condition=ConditionId(row.condition),
        side=Side(row.side),
        limit=Price(row.limit_micro),
        amounts=Amounts(making=row.making, taking=row.taking),
        tif=TimeInForce(row.tif),
        expiration_s=row.expiration_s,
        post_only=row.post_only,
    )


def intent(row: AnyRow) -> Intent:
    return Intent(
        id=IntentId(row.intent),
        decision=DecisionId(row.decision),
        account=Wallet(row.account),
        target=Wallet(row.target),
        leg=row.leg,
        terms=terms(row),
        reserve_usdc=Usdc(row.reserve_micro),
    )


def our_fill_values(fill: OurFill) -> Values:
    return {
        "trade": fill.trade,
        "order_id": fill.order,
        "token": fill.token,
        "condition": fill.condition,
        "side": fill.side.value,
        "shares_micro": fill.shares.micro,
        "usdc_micro": fill.usdc.micro,
        "fee_micro": fill.fee.micro,
        "cash_micro": cash_change(fill).micro,
        "status": fill.status.value,
        "matched_ns": fill.matched_ns,
        "tx": fill.tx,
        "maker": fill.maker,
    }


def our_fill(row: AnyRow) -> OurFill:
    return OurFill(
        trade=TradeId(row.trade),
        order=OrderId(row.order_id),
        token=TokenId(row.token),
        condition=ConditionId(row.condition),
        side=Side(row.side),
        shares=Shares(row.shares_micro),
        usdc=Usdc(row.usdc_micro),
        fee=Usdc(row.fee_micro),
        status=TradeStatus(row.status),
        matched_ns=row.matched_ns,
        tx=row.tx,
        maker=row.maker,
    )


def settlement(row: AnyRow) -> Settlement:
    return Settlement(
        condition=ConditionId(row.condition),
        token=TokenId(row.token),
        payout=Usdc(row.payout_micro),
        resolved_ns=row.resolved_ns,
    )


def position_values(position: Position) -> Values:
    return {
        "target": position.target,
        "token": position.token,
        "condition": position.condition,
        "shares_micro": position.shares.micro,
        "cost_micro": position.cost.micro,
        "realized_micro": position.realized.micro,
        "fees_micro": position.fees.micro,
        "bought_micro": position.bought.micro,
        "sold_micro": position.sold.micro,
        "settled_micro": position.settled.micro,
    }


def position(row: AnyRow) -> Position:
    return Position(
        target=Wallet(row.target),
        token=TokenId(row.token),
        condition=ConditionId(row.condition),
        shares=Shares(row.shares_micro),
        cost=Usdc(row.cost_micro),
        realized=Usdc(row.realized_micro),
        fees=Usdc(row.fees_micro),
        bought=Shares(row.bought_micro),
        sold=Shares(row.sold_micro),
        settled=Shares(row.settled_micro),
    )


def bound(values: Mapping[str, Any]) -> Values:
    """Parameter names that cannot collide with the columns an UPDATE sets."""
    return {f"the_{name}": value for name, value in values.items()}
