"""Small, valid nouns for storage tests: every number can be given, every other is plausible."""

import hashlib

from polybot.core.book import BookView, Level
from polybot.core.fills import ObservedFill, SourceKind, TargetFill, TargetOrder, position_change
from polybot.core.ids import (
    ConditionId,
    DecisionId,
    OrderId,
    TokenId,
    TradeId,
    Wallet,
    decision_id,
    fill_key,
    intent_id,
)
from polybot.core.market import NO_FEE, Market, MarketVersion, Outcome, Side
from polybot.core.money import ZERO_USDC, Price, Ratio, Shares, Usdc, cost_ceil
from polybot.core.orders import Amounts, Intent, OrderTerms, OurFill, TimeInForce, TradeStatus
from polybot.core.trading import TradingMode
from polybot.decision.model import Check, Copy, Decision, Policy, Skip, Snapshot
from polybot.ports.store import Store
from polybot.ports.venue import PreparedOrder

NOW_NS = 1_795_000_000_000_000_000
ACCOUNT = Wallet("0x" + "aa" * 20)
LEADER = Wallet("0x" + "11" * 20)
OTHER = Wallet("0x" + "22" * 20)
CONDITION = ConditionId("0x" + "cc" * 32)
YES, NO = TokenId("1001"), TokenId("1002")

POLICY = Policy(
    ratio=Ratio.parse("0.5"),
    max_position=Usdc.parse("100"),
    min_position=Usdc.parse("1"),
    slippage=Ratio.parse("0.02"),
    exit_slippage=Ratio.parse("0.05"),
)
MARKET = Market(
    condition=CONDITION,
    slug="will-it-rain",
    question="Will it rain?",
    version=MarketVersion.V1,
    neg_risk=False,
    outcomes=(Outcome(YES, "Yes"), Outcome(NO, "No")),
    tick=Price.parse("0.01"),
    min_order=Shares.parse("5"),
    fee=NO_FEE,
    accepting_orders=True,
    closed=False,
)


def target_fill(
    *, number: int = 0, target: Wallet = LEADER, token: TokenId = YES, side: Side = Side.BUY, shares: str = "20"
) -> TargetFill:
    tx = "0x" + hashlib.sha256(str(number).encode()).hexdigest()
    seen = ObservedFill(
        source=SourceKind.ACTIVITY_STREAM,
        wallet=target,
        token=token,
        condition=CONDITION,
        side=side,
        shares=Shares.parse(shares),
        price=Price.parse("0.5"),
        tx=tx,
        timestamp_s=1_795_000_000 + number,
        seen_ns=NOW_NS + number,
        seen_mono_ns=number,
        slug="will-it-rain",
        title="Will it rain?",
        outcome="Yes",
    )
    key = fill_key(tx=tx, wallet=target, token=token, side=side, shares=seen.shares, occurrence=1)
    return TargetFill(key=key, occurrence=1, seen=seen)


def target_order(*fills: TargetFill, held_before: str = "0") -> TargetOrder:
    first, held = fills[0].seen, Shares.parse(held_before)
    shares = sum((fill.seen.shares for fill in fills), Shares(0))
    return TargetOrder(
        id=decision_id(*(fill.key for fill in fills)),
        target=first.wallet,
        fills=fills,
        token=first.token,
        condition=first.condition,
        side=first.side,
        shares=shares,
        price=first.price,
        held_before=held,
        change=position_change(held_before=held, side=first.side, shares=shares),
    )


def snapshot(token: TokenId, *, levels: int = 2) -> Snapshot:
    bids = tuple(Level(Price(490_000 - n * 10_000), Shares.parse("100")) for n in range(levels))
    asks = tuple(Level(Price(510_000 + n * 10_000), Shares.parse("7.25")) for n in range(levels))
    return Snapshot(
        taken_ns=NOW_NS,
        started_ns=NOW_NS - 10**9,
        mode=TradingMode.RUNNING,
        locks=(),
        market=MARKET,
        book=BookView(token=token, bids=bids, asks=asks, hash="ab"),
        book_age_ms=12,
        cash_free=Usdc.parse("250"),
        exposure=ZERO_USDC,
        inventory=Shares(0),
        open_positions=0,
    )


CHECKS = (Check(rule="slippage", value="0.51", limit="0.52", binding=True), Check("depth", value="7.25", limit="5"))


def copying(order: TargetOrder, *, shares: str = "10", levels: int = 2) -> Decision:
    wanted, limit = Shares.parse(shares), Price.parse("0.52")
    verdict = Copy(
        side=order.side,
        limit=limit,
        shares=wanted,
        spend=cost_ceil(wanted, limit),
        tif=TimeInForce.FAK,
        ttl_s=0,
        fee_bound=ZERO_USDC,
        reference=order.price,
        checks=CHECKS,
    )
    return Decision(order=order, snapshot=snapshot(order.token, levels=levels), policy=POLICY, verdict=verdict)


def skipping(order: TargetOrder, *, rule: str = "slippage") -> Decision:
    verdict = Skip(rule=rule, detail="ask 0.60 above 0.52", checks=CHECKS)
    return Decision(order=order, snapshot=snapshot(order.token), policy=POLICY, verdict=verdict)


def intent(
    decision: DecisionId,
    *,
    leg: int = 0,
    target: Wallet = LEADER,
    token: TokenId = YES,
    side: Side = Side.BUY,
    shares: str = "10",
    reserve: str = "5.3",
) -> Intent:
    size, limit = Shares.parse(shares).micro, Price.parse("0.52")
    usdc = cost_ceil(Shares(size), limit).micro
    terms = OrderTerms(
        token=token,
        condition=CONDITION,
        side=side,
        limit=limit,
        amounts=Amounts(making=usdc, taking=size) if side is Side.BUY else Amounts(making=size, taking=usdc),
        tif=TimeInForce.FAK,
    )
    return Intent(
        id=intent_id(decision, account=ACCOUNT, leg=leg),
        decision=decision,
        account=ACCOUNT,
        target=target,
        leg=leg,
        terms=terms,
        reserve_usdc=Usdc.parse(reserve) if side is Side.BUY else ZERO_USDC,
    )


def prepared(intent: Intent) -> PreparedOrder:
    order = OrderId("0x" + hashlib.sha256(intent.id.encode()).hexdigest())
    return PreparedOrder(id=order, intent=intent.id, wire=b'{"order":"' + intent.id.encode() + b'"}')


async def copied(
    store: Store,
    *,
    number: int = 0,
    target: Wallet = LEADER,
    token: TokenId = YES,
    side: Side = Side.BUY,
    now_ns: int = NOW_NS,
) -> OrderId:
    """A committed copy of one target fill: 10 shares, 5.3 USDC reserved if it buys."""
    order = target_order(target_fill(number=number, target=target, token=token, side=side))
    will = intent(order.id, target=target, token=token, side=side)
    signed = prepared(will)
    assert await store.commit_copy(order, copying(order), will, signed, now_ns=now_ns)
    return signed.id


def our_fill(
    order: OrderId,
    *,
    trade: str = "t1",
    token: TokenId = YES,
    side: Side = Side.BUY,
    shares: str = "10",
    usdc: str = "5.1",
    fee: str = "0.05",
    status: TradeStatus = TradeStatus.MATCHED,
    matched_ns: int = NOW_NS,
) -> OurFill:
    return OurFill(
        trade=TradeId(trade),
        order=order,
        token=token,
        condition=CONDITION,
        side=side,
        shares=Shares.parse(shares),
        usdc=Usdc.parse(usdc),
        fee=Usdc.parse(fee),
        status=status,
        matched_ns=matched_ns,
    )
