import pytest

from polybot.core.fills import PositionChange, position_change
from polybot.core.market import Side
from polybot.core.money import Shares


@pytest.mark.parametrize(
    ("held", "side", "shares", "change"),
    [
        (0, Side.BUY, 5, PositionChange.OPENED),
        (1, Side.BUY, 5, PositionChange.INCREASED),
        (5, Side.SELL, 4, PositionChange.REDUCED),
        (5, Side.SELL, 5, PositionChange.CLOSED),
        (5, Side.SELL, 9, PositionChange.CLOSED),
        (0, Side.SELL, 5, PositionChange.CLOSED),
    ],
)
def test_each_change_of_a_target_has_a_name(held: int, side: Side, shares: int, change: PositionChange) -> None:
    assert position_change(held_before=Shares(held), side=side, shares=Shares(shares)) is change
