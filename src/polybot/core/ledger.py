"""The ledger: positions and cash are a fold of fills and settlements, nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.money import Shares, Usdc
from polybot.core.orders import OurFill


@dataclass(frozen=True, slots=True)
class Settlement:
    """A resolved token: `payout` USDC per whole share, 0 or 1 (micro-units per share)."""

    condition: ConditionId
    token: TokenId
    payout: Usdc
    resolved_ns: int


@dataclass(frozen=True, slots=True)
class Position:
    """What we hold of a token for one target.

    `cost` is what the held shares cost without fees (average cost, SELL takes out its share rounded against us);
    `realized` is proceeds and payouts less cost, fees not deducted; `fees` all taker fees ever paid here.
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


def fold(
    target: Wallet, token: TokenId, condition: ConditionId, fills: Iterable[OurFill], settlement: Settlement | None
) -> Position:
    """The position that these fills (FAILED ones ignored) and this settlement leave."""
    raise NotImplementedError


def cash_change(fill: OurFill) -> Usdc:
    """BUY: -(usdc + fee); SELL: usdc - fee; FAILED: zero."""
    raise NotImplementedError
