"""The venue: orders go out, proofs of what became of them come back."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from polybot.core.ids import IntentId, OrderId, TokenId, TradeId
from polybot.core.money import Shares, Usdc
from polybot.core.orders import Intent, OurFill


@dataclass(frozen=True, slots=True)
class PreparedOrder:
    """Signed and named, not yet sent. `wire` is the exact request body; sent again, it is the same order."""

    id: OrderId
    intent: IntentId
    wire: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """The venue holds or has filled the order. `resting` is False once nothing of it can fill any more."""

    order: OrderId
    resting: bool
    delayed: bool = False
    trades: tuple[TradeId, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """Proven: the venue did not take the order. `retry_after_s` says when another try may make sense."""

    code: str
    detail: str
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """No proof either way: the order may live."""

    cause: str


SubmitOutcome = Accepted | Refused | Unknown


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What the venue says an order is now. `matched` counts nominal shares, `open` if the rest can still fill."""

    order: OrderId
    open: bool
    matched: Shares
    status: str


@dataclass(frozen=True, slots=True)
class Absent:
    """The venue answered and does not know the order."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The venue could not be asked."""

    cause: str


LookUp = OrderReport | Absent | NoAnswer


@dataclass(frozen=True, slots=True)
class StreamGap:
    """Reports may have been missed (reconnect, stall): look everything open up."""

    reason: str


Report = OrderReport | OurFill | StreamGap


@dataclass(frozen=True, slots=True)
class Cancelled:
    """`gone` can no longer fill; `kept` maps an order to the venue's reason."""

    gone: tuple[OrderId, ...]
    kept: tuple[tuple[OrderId, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Holding:
    """Shares of ours as the venue shows them; `redeemable` once their market is resolved, whether they pay or not."""

    token: TokenId
    shares: Shares
    redeemable: bool = False


class Venue(Protocol):
    """Live and paper behave alike here. No method raises for what the venue did or failed to do."""

    def prepare(self, intent: Intent, *, now_ns: int) -> PreparedOrder:
        """Build and sign: CPU only, deterministic in (intent, now_ns). ValueError if it cannot be expressed."""
        ...

    async def submit(self, order: PreparedOrder) -> SubmitOutcome:
        """One attempt, never retried inside."""
        ...

    async def cancel(self, orders: Sequence[OrderId]) -> Cancelled | NoAnswer: ...

    async def look_up(self, order: OrderId) -> LookUp: ...

    async def fills(self, *, since_s: int) -> Sequence[OurFill] | NoAnswer:
        """Our fills matched at or after `since_s`, all pages; each with its newest status."""
        ...

    async def balance(self) -> Usdc | NoAnswer:
        """Collateral the venue sees; may lag settlement."""
        ...

    async def holdings(self) -> Sequence[Holding] | NoAnswer: ...

    def reports(self) -> AsyncIterator[Report]:
        """Live stream of proofs; ends only when cancelled. Unordered, with repeats."""
        ...
