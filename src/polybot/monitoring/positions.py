"""What each target holds, kept current fill by fill, so that a sell is a known fraction."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from polybot.core.fills import ObservedFill
from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Side
from polybot.core.money import ZERO_SHARES, Shares

DUST = Shares(100_000)
"""The Data API leaves the smallest positions out (under 0.1 share by default)."""
ROUNDING = Shares(1_000)
"""It rounds sizes to four or five decimals."""


@dataclass(frozen=True, slots=True)
class Holding:
    """`as_of_s`: venue second up to which every fill is contained in `shares`. `live`: its market still trades.

    `unheard` shares were sold by the second `sold_s` without being known to be held: their purchase is still to be
    heard of.
    """

    token: TokenId
    condition: ConditionId
    shares: Shares
    as_of_s: int = 0
    live: bool = True
    unheard: Shares = ZERO_SHARES
    sold_s: int = 0


@dataclass(frozen=True, slots=True)
class Drift:
    """A token in which the tracked position and the venue's differ. `live`: its market still traded."""

    token: TokenId
    tracked: Shares
    reported: Shares
    live: bool


class PositionBook:
    """One target's positions."""

    def __init__(self, holdings: Iterable[Holding] = ()) -> None:
        self._held = {holding.token: holding for holding in holdings}

    def held(self, token: TokenId) -> Shares:
        holding = self._held.get(token)
        return holding.shares if holding else ZERO_SHARES

    def tokens(self) -> tuple[TokenId, ...]:
        """Tokens held now whose market still trades."""
        return tuple(h.token for h in self._held.values() if h.shares and h.live)

    def snapshot(self) -> Mapping[TokenId, tuple[ConditionId, Shares]]:
        return {h.token: (h.condition, h.shares) for h in self._held.values() if h.shares}

    def apply(self, fill: ObservedFill) -> Shares:
        """Count one new fill; returns what was held before it.

        A fill that a loaded position already contains changes nothing, and "before" is worked out backwards.
        """
        holding = self._held.get(fill.token) or Holding(fill.token, fill.condition, ZERO_SHARES)
        signed = fill.shares if fill.side is Side.BUY else -fill.shares
        if fill.timestamp_s <= holding.as_of_s:
            return max(holding.shares - signed, ZERO_SHARES)
        moved = _bought(holding, fill) if fill.side is Side.BUY else _sold(holding, fill)
        self._held[fill.token] = replace(moved, condition=fill.condition)
        return holding.shares

    def close(self, token: TokenId) -> None:
        """Its market has ended: what is left of the holding goes by redemption, not by a trade."""
        if holding := self._held.get(token):
            self._held[token] = replace(holding, live=False)

    def compare(self, reported: Iterable[Holding], *, quiet_since_s: int, moved: Mapping[TokenId, int]) -> list[Drift]:
        """Differences beyond dust and rounding, in tokens without a fill (`moved`: second of the last one, or
        the venue's own mark) after `quiet_since_s`: younger ones may just be the feed's lag."""
        theirs = {holding.token: holding for holding in reported}
        drifts = []
        for token in theirs.keys() | self._held.keys():
            there = theirs.get(token)
            touched_s = max(moved.get(token, 0), there.as_of_s if there else 0)
            tracked, other = self.held(token), there.shares if there else ZERO_SHARES
            tolerance = ROUNDING if there else DUST
            if touched_s <= quiet_since_s and abs(tracked.micro - other.micro) > tolerance.micro:
                ours = self._held.get(token)
                drifts.append(Drift(token, tracked, other, live=ours is None or ours.live))
        return drifts

    def correct(self, drifts: Iterable[Drift], reported: Iterable[Holding], *, as_of_s: int) -> None:
        """Believe the venue in these tokens, up to the second `as_of_s`."""
        theirs = {holding.token: holding for holding in reported}
        for token in theirs.keys() & self._held.keys():
            self._held[token] = replace(self._held[token], condition=theirs[token].condition, live=theirs[token].live)
        for drift in drifts:
            holding = theirs.get(drift.token) or replace(self._held[drift.token], shares=ZERO_SHARES)
            self._held[drift.token] = replace(holding, as_of_s=as_of_s)


def _bought(holding: Holding, fill: ObservedFill) -> Holding:
    """A purchase that is heard of after the sale of the same shares brings nothing."""
    late = min(holding.unheard, fill.shares) if fill.timestamp_s <= holding.sold_s else ZERO_SHARES
    return replace(holding, shares=holding.shares + fill.shares - late, unheard=holding.unheard - late)


def _sold(holding: Holding, fill: ObservedFill) -> Holding:
    known = min(holding.shares, fill.shares)
    if known == fill.shares:
        return replace(holding, shares=holding.shares - known)
    unheard = holding.unheard + fill.shares - known
    return replace(holding, shares=holding.shares - known, unheard=unheard, sold_s=fill.timestamp_s)
