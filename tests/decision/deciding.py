"""A market at 0.50, a target that trades 100 shares in it, and a policy: what each test changes one thing of."""

from dataclasses import replace
from typing import Any

from polybot.core.book import BookView, Level
from polybot.core.fills import ObservedFill, SourceKind, TargetFill, TargetOrder
from polybot.core.ids import ConditionId, FillKey, TokenId, Wallet
from polybot.core.market import FeeSchedule, Market, MarketVersion, Outcome, Side
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.core.trading import TradingMode
from polybot.decision.model import Policy, Snapshot
from polybot.decision.policy import target_order

NOW_S = 1_795_000_000
YES, NO = TokenId("1" * 76), TokenId("2" * 76)
TARGET = Wallet("0x" + "ab" * 20)

MARKET = Market(
    condition=ConditionId("0x" + "cd" * 32),
    slug="will-it-rain",
    question="Will it rain?",
    version=MarketVersion.V1,
    neg_risk=False,
    outcomes=(Outcome(YES, "Yes"), Outcome(NO, "No")),
    tick=Price.parse("0.01"),
    min_order=Shares.parse("5"),
    fee=FeeSchedule(rate=Ratio.parse("0.05")),
    accepting_orders=True,
    closed=False,
)
POLICY = Policy(
    ratio=Ratio.parse("0.5"),
    max_position=Usdc.parse("100"),
    min_position=Usdc.parse("5"),
    slippage=Ratio.parse("0.05"),
    exit_slippage=Ratio.parse("0.1"),
)


def levels(*pairs: tuple[str, str]) -> tuple[Level, ...]:
    return tuple(Level(Price.parse(price), Shares.parse(size)) for price, size in pairs)


def book(*, bids: tuple[Level, ...] = (), asks: tuple[Level, ...] = ()) -> BookView:
    return BookView(YES, bids, asks)


BOOK = book(
    bids=levels(("0.49", "200"), ("0.45", "500"), ("0.3", "1000")),
    asks=levels(("0.5", "30"), ("0.51", "200"), ("0.6", "1000")),
)
SNAPSHOT = Snapshot(
    taken_ns=NOW_S * 10**9,
    started_ns=(NOW_S - 3600) * 10**9,
    mode=TradingMode.RUNNING,
    locks=(),
    market=MARKET,
    book=BOOK,
    book_age_ms=100,
    cash_free=Usdc.parse("1000"),
    exposure=Usdc(0),
    inventory=Shares(0),
    open_positions=0,
)


def target_fill(*, side: Side, shares: str, price: str, age_s: int = 2) -> TargetFill:
    seen = ObservedFill(
        source=SourceKind.ACTIVITY_STREAM,
        wallet=TARGET,
        token=YES,
        condition=MARKET.condition,
        side=side,
        shares=Shares.parse(shares),
        price=Price.parse(price),
        tx="0x" + "ef" * 32,
        timestamp_s=NOW_S - age_s,
        seen_ns=NOW_S * 10**9,
        seen_mono_ns=0,
    )
    return TargetFill(FillKey("k1"), 0, seen)


def bought(*, shares: str = "100", price: str = "0.5", age_s: int = 2) -> TargetOrder:
    fill = target_fill(side=Side.BUY, shares=shares, price=price, age_s=age_s)
    return target_order(fill, held_before=Shares(0))


def sold(*, shares: str = "50", price: str = "0.5", held: str = "100", age_s: int = 2) -> TargetOrder:
    fill = target_fill(side=Side.SELL, shares=shares, price=price, age_s=age_s)
    return target_order(fill, held_before=Shares.parse(held))


def snapshot(**changes: Any) -> Snapshot:
    return replace(SNAPSHOT, **changes)


def policy(**changes: Any) -> Policy:
    return replace(POLICY, **changes)


def market(**changes: Any) -> Market:
    return replace(MARKET, **changes)
