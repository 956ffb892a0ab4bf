"""The ledger: positions and cash are a fold of fills and settlements, nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass

from polybot.core.ids import ConditionId, OrderId, TokenId, TradeId, Wallet
from polybot.core.market import Side
from polybot.core.money import MICRO, ZERO_USDC, Shares, Usdc
from polybot.core.orders import OurFill, TradeStatus


@dataclass(frozen=True, slots=True)
class Settlement:
    """A resolved token: `payout` USDC per whole share, 0, 0.5 or 1."""

    condition: ConditionId
    token: TokenId
    payout: Usdc
    resolved_ns: int


@dataclass(frozen=True, slots=True)
class Position:
    """What we hold of a token for one target.

    `cost` is what the held shares cost without fees (average cost, SELL takes out its share rounded against us);
    `realized` is proceeds and payouts less cost, fees not deducted; `fees` all taker fees ever paid here.
    Cash that ever moved here = `realized` - `cost` - `fees`, to the micro-unit. Fills that sell more than was
    bought leave `shares` negative and `cost` zero: a fact to be looked into, not an error.
    """

    target: Wallet
    token: TokenId
    condition: ConditionId
    shares: Shares
    cost: Usdc
    realized: Usdc
    fees: Usdc
    bought: Shares
    sold: Shares
    settled: Shares


@dataclass(slots=True)
class _Tally:
    shares: int = 0
    cost: int = 0
    realized: int = 0
    fees: int = 0
    bought: int = 0
    sold: int = 0
    settled: int = 0

    def buy(self, fill: OurFill) -> None:
        short = max(0, -self.shares)
        covering = min(short, fill.shares.micro)
        covered = _share_ceil(fill.usdc.micro, part=covering, whole=fill.shares.micro)
        self.realized -= covered
        self.cost += fill.usdc.micro - covered
        self.shares += fill.shares.micro
        self.bought += fill.shares.micro

    def sell(self, fill: OurFill) -> None:
        self.realized += fill.usdc.micro
        self.sold += fill.shares.micro
        self._let_go(fill.shares.micro)

    def settle(self, payout: Usdc) -> None:
        if self.shares <= 0:
            return
        self.realized += self.shares * payout.micro // MICRO
        self.settled = self.shares
        self._let_go(self.shares)

    def _let_go(self, shares: int) -> None:
        removed = _share_ceil(self.cost, part=min(shares, max(0, self.shares)), whole=self.shares)
        self.cost -= removed
        self.realized -= removed
        self.shares -= shares


def fold(
    target: Wallet, token: TokenId, condition: ConditionId, fills: Iterable[OurFill], settlement: Settlement | None
) -> Position:
    """The position that these fills (FAILED ones ignored) and this settlement leave.

    The order and the number of reports do not matter: a fill counts once, with the furthest status reported of
    it, and fills are taken in the order of their matching, buys before sells of the same instant.
    """
    tally = _Tally()
    for fill in sorted(_latest(fills), key=_matching_order):
        tally.fees += fill.fee.micro
        if fill.side is Side.BUY:
            tally.buy(fill)
        else:
            tally.sell(fill)
    if settlement is not None:
        tally.settle(settlement.payout)
    return Position(
        target=target,
        token=token,
        condition=condition,
        shares=Shares(tally.shares),
        cost=Usdc(tally.cost),
        realized=Usdc(tally.realized),
        fees=Usdc(tally.fees),
        bought=Shares(tally.bought),
        sold=Shares(tally.sold),
        settled=Shares(tally.settled),
    )


def cash_change(fill: OurFill) -> Usdc:
    """BUY: -(usdc + fee); SELL: usdc - fee; FAILED: zero."""
    if fill.status is TradeStatus.FAILED:
        return ZERO_USDC
    return -(fill.usdc + fill.fee) if fill.side is Side.BUY else fill.usdc - fill.fee


def outranks(report: OurFill, known: OurFill) -> bool:
    """Whether this report of a fill replaces what is known of the same fill; the order of arrival does not matter."""
    return _standing(report) > _standing(known)


_RANK = {status: rank for rank, status in enumerate(("MATCHED", "MINED", "RETRYING", "FAILED", "CONFIRMED"))}
"""How far a status is. CONFIRMED is proof on the chain: it outranks a FAILED report of the same fill."""


def _latest(fills: Iterable[OurFill]) -> list[OurFill]:
    furthest: dict[tuple[TradeId, OrderId], OurFill] = {}
    for fill in fills:
        known = furthest.get((fill.trade, fill.order))
        if known is None or _standing(fill) > _standing(known):
            furthest[fill.trade, fill.order] = fill
    return [fill for fill in furthest.values() if fill.status is not TradeStatus.FAILED]


def _standing(fill: OurFill) -> tuple[int, int, int, int, int]:
    """A total order of reports of one fill, so that the result does not depend on which came first."""
    return _RANK[fill.status], fill.matched_ns, fill.shares.micro, fill.usdc.micro, fill.fee.micro


def _matching_order(fill: OurFill) -> tuple[int, bool, str, str]:
    return fill.matched_ns, fill.side is Side.SELL, fill.trade, fill.order


def _share_ceil(amount: int, *, part: int, whole: int) -> int:
    """part/whole of an amount, rounded up; nothing of nothing."""
    return -(-amount * part // whole) if part else 0
