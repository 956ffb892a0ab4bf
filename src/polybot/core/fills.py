"""What a target did: observed fills, their exactly-once form, and the change of the target's position."""

from dataclasses import dataclass
from enum import StrEnum

from polybot.core.ids import ConditionId, DecisionId, FillKey, TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import Price, Shares


class SourceKind(StrEnum):
    ACTIVITY_STREAM = "activity_stream"
    ACTIVITY_POLL = "activity_poll"


@dataclass(frozen=True, slots=True)
class ObservedFill:
    """One row as one feed showed it: not yet known to be new.

    `timestamp_s` is the venue's (block) second; `published_ns` the feed's own stamp if it has one;
    `seen_ns`/`seen_mono_ns` are ours, taken when the bytes arrived (`Clock.now_ns` and `Clock.perf_ns`).
    """

    source: SourceKind
    wallet: Wallet
    token: TokenId
    condition: ConditionId
    side: Side
    shares: Shares
    price: Price
    tx: str
    timestamp_s: int
    seen_ns: int
    seen_mono_ns: int
    published_ns: int | None = None
    slug: str = ""
    title: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class TargetFill:
    """An observed fill proven new: `key` is its identity over all feeds and restarts."""

    key: FillKey
    occurrence: int
    seen: ObservedFill


class PositionChange(StrEnum):
    OPENED = "opened"
    INCREASED = "increased"
    REDUCED = "reduced"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class TargetOrder:
    """One order of a target, as far as its fills are known; what one decision is about.

    `held_before` is what the target held of the token before these fills.
    """

    id: DecisionId
    target: Wallet
    fills: tuple[TargetFill, ...]
    token: TokenId
    condition: ConditionId
    side: Side
    shares: Shares
    price: Price
    held_before: Shares
    change: PositionChange

    @property
    def timestamp_s(self) -> int:
        return self.fills[0].seen.timestamp_s


def position_change(*, held_before: Shares, side: Side, shares: Shares) -> PositionChange:
    if side is Side.BUY:
        return PositionChange.INCREASED if held_before.micro > 0 else PositionChange.OPENED
    return PositionChange.REDUCED if held_before > shares else PositionChange.CLOSED
