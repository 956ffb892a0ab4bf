"""What a target holds, once its market has ended."""

from polybot.core.ids import ConditionId, TokenId
from polybot.core.money import ZERO_SHARES, Shares
from polybot.monitoring.positions import Holding, PositionBook

YES = TokenId("71")


def test_a_holding_of_an_ended_market_leaves_without_a_missed_trade() -> None:
    book = PositionBook([Holding(YES, ConditionId("0xc0"), Shares.parse("10"))])
    book.close(YES)
    (drift,) = book.compare((), quiet_since_s=100, moved={})
    assert (drift.reported, drift.live) == (ZERO_SHARES, False)
    assert book.tokens() == ()
