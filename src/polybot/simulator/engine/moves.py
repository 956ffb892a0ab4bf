"""What happens to cash and shares outside the book: the kinds, the rows they leave, and their refusal."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.money import ZERO_USDC, Usdc

GroupId = NewType("GroupId", str)
"""The neg-risk market id (0x and 64 hex digits) that the markets of one event share."""
NO_GROUP = GroupId("")


class Move(StrEnum):
    """The Data API's names where it has one; WRAP, UNWRAP and APPROVAL are seen on the chain only."""

    SPLIT = "SPLIT"
    MERGE = "MERGE"
    REDEEM = "REDEEM"
    CONVERSION = "CONVERSION"
    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    WRAP = "WRAP"
    UNWRAP = "UNWRAP"
    APPROVAL = "APPROVAL"
    REWARD = "REWARD"
    MAKER_REBATE = "MAKER_REBATE"
    TAKER_REBATE = "TAKER_REBATE"
    REFERRAL_REWARD = "REFERRAL_REWARD"
    YIELD = "YIELD"
    MIGRATION = "MIGRATION"
    TIP = "TIP"


GIFTS = frozenset(
    {
        Move.REWARD,
        Move.MAKER_REBATE,
        Move.TAKER_REBATE,
        Move.REFERRAL_REWARD,
        Move.YIELD,
        Move.MIGRATION,
        Move.TIP,
    }
)
"""Cash that the venue or someone else sends."""


class MoveRefused(Exception):
    """A revert: nothing happened. The text is its reason."""


@dataclass(frozen=True, slots=True)
class MoveLeg:
    """Shares that came (positive `micro`) or went; `usdc` is what redeemed ones were paid."""

    token: TokenId
    micro: int
    condition: ConditionId
    usdc: Usdc = ZERO_USDC


@dataclass(frozen=True, slots=True)
class Approval:
    """`contract` is the token's: pUSD, USDC.e, ConditionalTokens or the PositionManager. An operator of shares has
    UNLIMITED or 0. Addresses are lower case."""

    contract: str
    spender: str
    allowance: int


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One move of one wallet; rows with one `tx` are parts of one transaction.

    `usdc` is the change of its pUSD. `condition` is "" for what has no market, `group` is set for a CONVERSION and
    `index_set` are then the questions whose NO was given. `counterparty` is who sent a DEPOSIT or got a WITHDRAWAL.
    `auto`: the AutoRedeemer did it. `sequence` is unique among all rows of the public feeds and grows.
    """

    sequence: int
    kind: Move
    wallet: Wallet
    condition: ConditionId
    group: GroupId
    legs: tuple[MoveLeg, ...]
    usdc: Usdc
    tx: str
    at_ns: int
    index_set: int = 0
    approval: Approval | None = None
    counterparty: Wallet = Wallet("")
    auto: bool = False


@dataclass(frozen=True, slots=True)
class PositionsMoved:
    """Told after the move."""

    at_ns: int
    tx: str
    row: MoveRow
