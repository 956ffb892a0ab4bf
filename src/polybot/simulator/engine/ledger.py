"""The truth that the simulated venue keeps of what happened to every wallet."""

from dataclasses import dataclass

from polybot.core.ids import ConditionId, OrderId, TokenId, TradeId, Wallet
from polybot.core.market import Side
from polybot.core.money import Shares, Usdc
from polybot.simulator.engine.model import OrderReport, Role
from polybot.simulator.engine.moves import MoveRow


@dataclass(frozen=True, slots=True)
class TrueFill:
    """One order's part in one trade. `order` and `trade` are "" for a print."""

    wallet: Wallet
    role: Role
    trade: TradeId
    order: OrderId
    condition: ConditionId
    token: TokenId
    side: Side
    shares: Shares
    usdc: Usdc
    fee: Usdc
    at_ns: int


@dataclass(frozen=True, slots=True)
class TruePosition:
    """Sums over the life of a holding: `shares` = granted + bought - sold + split - merged + converted - settled.

    `converted` is negative for what was given. `spent` and `received` are without `fees`; `paid_out` is what
    `settled` shares brought when they were redeemed, `claim` what the `shares` left of a resolved market will bring:
    None while it is open.
    """

    wallet: Wallet
    condition: ConditionId
    token: TokenId
    shares: Shares
    granted: Shares
    bought: Shares
    sold: Shares
    split: Shares
    merged: Shares
    converted: Shares
    settled: Shares
    spent: Usdc
    received: Usdc
    fees: Usdc
    paid_out: Usdc
    claim: Usdc | None
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class TrueBalance:
    wallet: Wallet
    name: str
    cash: Usdc
    deposited: Usdc


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """Everything that really happened, except the house's own fills and positions.

    `failed` are the fills of trades that failed for good: they are in none of the sums. `killed` orders were refused as
    they found no match, and their owners told that they are cancelled.
    """

    at_ns: int
    orders: tuple[OrderReport, ...]
    fills: tuple[TrueFill, ...]
    balances: tuple[TrueBalance, ...]
    positions: tuple[TruePosition, ...]
    moves: tuple[MoveRow, ...]
    failed: tuple[TrueFill, ...] = ()
    killed: tuple[OrderId, ...] = ()
