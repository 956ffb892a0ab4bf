"""What people and programs may ask about a bot, running or stopped. Rows are plain values, money as its type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from polybot.core.ids import ConditionId, DecisionId, IntentId, OrderId, TokenId, Wallet
from polybot.core.ledger import Position
from polybot.core.money import Price, Shares, Usdc
from polybot.ports.store import Event, OpenOrder, Run, TargetRow


@dataclass(frozen=True, slots=True)
class StatusView:
    """The newest run. `ended_ns` None and a fresh `heartbeat_ns` mean: running."""

    run: Run
    ended_ns: int | None
    end_reason: str
    heartbeat_ns: int
    state: Mapping[str, str]
    cash: Usdc
    reserved: Usdc
    open_positions: int
    open_orders: Sequence[OpenOrder]
    decisions: int
    copied: int
    fills: int


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One line of `decisions`: `rule` is "copy" or the rule that refused."""

    id: DecisionId
    target: Wallet
    target_name: str
    decided_ns: int
    fill_time_s: int
    token: TokenId
    market_slug: str
    outcome: str
    side: str
    shares: Shares
    price: Price
    change: str
    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class OrderRow:
    order: OrderId
    intent: IntentId
    leg: int
    side: str
    limit: Price
    shares: Shares
    tif: str
    state: str
    reason: str
    filled_shares: Shares
    filled_usdc: Usdc
    fees: Usdc
    created_ns: int
    answered_ns: int | None


@dataclass(frozen=True, slots=True)
class WhyView:
    """Everything about one decision: the target's fills, every rule's number and limit, the snapshot, the orders."""

    decision: DecisionRow
    fills: Sequence[Mapping[str, str]]
    checks: Sequence[Mapping[str, str]]
    snapshot: Mapping[str, object]
    policy: Mapping[str, str]
    orders: Sequence[OrderRow]


@dataclass(frozen=True, slots=True)
class TradeRow:
    """One fill of ours, with the target's price it copied. `slippage_bps` is against us when positive."""

    trade: str
    order: OrderId
    decision: DecisionId
    target: Wallet
    target_name: str
    condition: ConditionId
    token: TokenId
    market_slug: str
    outcome: str
    side: str
    shares: Shares
    usdc: Usdc
    fee: Usdc
    price: Price
    target_price: Price
    slippage_bps: int
    status: str
    matched_ns: int


@dataclass(frozen=True, slots=True)
class PositionRow:
    position: Position
    target_name: str
    market_slug: str
    outcome: str
    target_shares: Shares


@dataclass(frozen=True, slots=True)
class PnlRow:
    """Realised profit of one target: `realized` before fees, `net` after."""

    target: Wallet
    target_name: str
    invested: Usdc
    realized: Usdc
    fees: Usdc
    net: Usdc
    fills: int


class Queries(Protocol):
    async def status(self) -> StatusView | None:
        """None if the bot never ran on this store."""
        ...

    async def targets(self) -> Sequence[TargetRow]: ...
    async def positions(
        self, *, target: Wallet | None = None, include_closed: bool = False
    ) -> Sequence[PositionRow]: ...
    async def trades(self, *, limit: int = 50, target: Wallet | None = None) -> Sequence[TradeRow]:
        """Newest first."""
        ...

    async def orders(self, *, limit: int = 50) -> Sequence[OrderRow]:
        """Every order ever committed, newest first."""
        ...

    async def pnl(self) -> Sequence[PnlRow]: ...
    async def decisions(
        self, *, limit: int = 50, target: Wallet | None = None, rule: str | None = None
    ) -> Sequence[DecisionRow]:
        """Newest first."""
        ...

    async def why(self, id: str) -> WhyView | None:
        """By id (or unique prefix of at least 6 characters) of a decision, intent or order."""
        ...

    async def events(self, *, limit: int = 50) -> Sequence[tuple[int, Event]]: ...
