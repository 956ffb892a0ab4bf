"""What a target holds when its market has ended, and when its trades are heard of out of order."""

from polybot.core.fills import ObservedFill, SourceKind
from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import ZERO_SHARES, Price, Shares
from polybot.monitoring.positions import Holding, PositionBook

YES = TokenId("71")


def a_fill(side: Side, shares: str, *, at_s: int) -> ObservedFill:
    return ObservedFill(
        source=SourceKind.ACTIVITY_STREAM,
        wallet=Wallet("0x" + "1" * 40),
        token=YES,
        condition=ConditionId("0xc0"),
        side=side,
        shares=Shares.parse(shares),
        price=Price.parse("0.5"),
        tx=f"0x{at_s}",
        timestamp_s=at_s,
        seen_ns=0,
        seen_mono_ns=0,
    )


def test_a_holding_of_an_ended_market_leaves_without_a_missed_trade() -> None:
    book = PositionBook([Holding(YES, ConditionId("0xc0"), Shares.parse("10"))])
    book.close(YES)
    (drift,) = book.compare((), quiet_since_s=100, moved={})
    assert (drift.reported, drift.live) == (ZERO_SHARES, False)
    assert book.tokens() == ()


def test_a_purchase_heard_of_after_its_sale_is_not_held() -> None:
    book = PositionBook()
    assert book.apply(a_fill(Side.SELL, "100", at_s=20)) == ZERO_SHARES
    assert book.apply(a_fill(Side.BUY, "100", at_s=10)) == ZERO_SHARES
    assert book.held(YES) == ZERO_SHARES
    book.apply(a_fill(Side.SELL, "5", at_s=25))
    book.apply(a_fill(Side.BUY, "30", at_s=30))
    assert book.held(YES) == Shares.parse("30")
