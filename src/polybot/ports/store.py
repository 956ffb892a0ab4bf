"""Durable state. Every method is one transaction; when it returns, the data survives power loss.

`StoreFailed` means nothing of the call was stored: stop trading, say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from polybot.core.fills import TargetFill, TargetOrder
from polybot.core.ids import ConditionId, DecisionId, OrderId, TokenId, Wallet
from polybot.core.ledger import Position, Settlement
from polybot.core.money import Shares, Usdc
from polybot.core.orders import Intent, OrderState, OurFill
from polybot.decision.model import Decision
from polybot.ports.venue import PreparedOrder


class StoreFailed(RuntimeError):
    """The store could not keep the data (disk full, locked, gone). Carries a sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Run:
    """One life of the bot on this store."""

    id: int
    mode: str
    account: Wallet
    started_ns: int


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that may still change, as the store knows it."""

    id: OrderId
    intent: Intent
    state: OrderState
    wire: bytes
    created_ns: int
    filled_shares: Shares
    filled_usdc: Usdc


@dataclass(frozen=True, slots=True)
class History:
    """What a portfolio is rebuilt from, and unfinished exits are found in: every order that may still change, has
    fills or sells, every fill of ours in its newest status, every settlement, and `cash` as of `Store.cash`."""

    cash: Usdc
    orders: Sequence[OpenOrder]
    fills: Sequence[OurFill]
    settlements: Sequence[Settlement]


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A followed trader as configured; kept so that history stays readable after a change."""

    wallet: Wallet
    name: str
    enabled: bool
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Event:
    """Something an operator may want to read later."""

    kind: str
    severity: str
    message: str
    data: Mapping[str, str] = field(default_factory=dict)


class Store(Protocol):
    # lifecycle
    async def begin_run(self, *, mode: str, account: Wallet, targets: Sequence[TargetRow], now_ns: int) -> Run: ...
    async def end_run(self, run: int, *, reason: str, now_ns: int) -> None: ...
    async def heartbeat(self, run: int, *, state: Mapping[str, str], now_ns: int) -> None:
        """What `status` shows: trading mode, locks, feed health; flat text."""
        ...

    # detection
    async def known_fills(self, *, since_s: int) -> Sequence[TargetFill]:
        """Every target fill ever recorded with a venue second of at least `since_s`."""
        ...

    async def cursor(self, wallet: Wallet) -> int | None:
        """Venue second up to which the target's activity was read without gap."""
        ...

    async def save_cursor(self, wallet: Wallet, second: int) -> None: ...
    async def target_positions(self, wallet: Wallet) -> Mapping[TokenId, Shares]: ...
    async def save_target_positions(
        self, wallet: Wallet, positions: Mapping[TokenId, tuple[ConditionId, Shares]], *, now_ns: int
    ) -> None:
        """Replaces what is stored for the wallet."""
        ...

    async def left_by(self, target: Wallet, token: TokenId) -> TargetFill | None:
        """The fill of the target's newest decided order in the token, if with it the target was out of it."""
        ...

    # decision and order
    async def decided(self, order: DecisionId) -> bool: ...
    async def record_skip(self, order: TargetOrder, decision: Decision, *, now_ns: int) -> bool:
        """Fills, target position and decision. False if the decision exists already."""
        ...

    async def commit_copy(
        self, order: TargetOrder, decision: Decision, intent: Intent, prepared: PreparedOrder, *, now_ns: int
    ) -> bool:
        """THE commit before the wire: fills, target position, decision, intent, reservation and signed order
        (state SUBMITTING). False, and nothing stored, if the decision exists already."""
        ...

    async def commit_leg(self, intent: Intent, prepared: PreparedOrder, *, now_ns: int) -> bool:
        """A further order of a decision that is stored (leg >= 1). False if the leg exists already."""
        ...

    async def set_order_state(self, order: OrderId, to: OrderState, *, reason: str, now_ns: int) -> OrderState:
        """Moves through `core.orders.advance`; IllegalTransition leaves the row as it was."""
        ...

    async def open_orders(self) -> Sequence[OpenOrder]: ...

    # ledger
    async def apply_fill(self, fill: OurFill, *, now_ns: int) -> bool:
        """Stores the fill (or its new status) and refolds the positions it touches, in one transaction.
        A fill FAILED after it was counted is taken back. False if nothing changed. KeyError for an order
        that is not ours."""
        ...

    async def apply_settlement(self, settlement: Settlement, *, now_ns: int) -> bool:
        """Pays out what every target's position in the token holds. False if it was applied before."""
        ...

    async def set_cash(self, cash: Usdc, *, reason: str, now_ns: int) -> None:
        """Opening balance, deposit or withdrawal: an entry that makes cash equal `cash`."""
        ...

    async def cash(self) -> Usdc:
        """Opening balance and deposits, less what fills cost, plus what fills and settlements paid."""
        ...

    async def reserved(self) -> Usdc:
        """Held by orders in a RESERVING state, less what they have already spent."""
        ...

    async def positions(self) -> Sequence[Position]: ...
    async def history(self) -> History: ...

    # journal
    async def record_event(self, event: Event, *, now_ns: int) -> None: ...
    async def close(self) -> None: ...
