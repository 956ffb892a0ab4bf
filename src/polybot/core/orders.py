"""Orders: what is asked of the venue, and the states an order can be in."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from polybot.core.ids import ConditionId, DecisionId, IntentId, OrderId, TokenId, TradeId, Wallet
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc


class TimeInForce(StrEnum):
    GTC = "GTC"
    GTD = "GTD"
    FOK = "FOK"
    FAK = "FAK"


class SignatureType(IntEnum):
    """Who holds the funds and how the order is signed."""

    EOA = 0
    POLY_PROXY = 1
    POLY_GNOSIS_SAFE = 2
    POLY_1271 = 3


@dataclass(frozen=True, slots=True)
class Amounts:
    """`making` is the most we give, `taking` the least we get, both in micro-units.

    BUY gives USDC for shares; SELL gives shares for USDC.
    """

    making: int
    taking: int


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """One order, fully priced, before it is signed.

    `expiration_s` is Unix seconds, 0 unless GTD. The venue expires an order one minute before it.
    """

    token: TokenId
    condition: ConditionId
    side: Side
    limit: Price
    amounts: Amounts
    tif: TimeInForce
    expiration_s: int = 0
    post_only: bool = False

    @property
    def shares(self) -> Shares:
        """Nominal size: shares asked for (BUY: at the limit price; improvement can give more) or offered."""
        return Shares(self.amounts.taking if self.side is Side.BUY else self.amounts.making)

    @property
    def notional(self) -> Usdc:
        return Usdc(self.amounts.making if self.side is Side.BUY else self.amounts.taking)


class OrderState(StrEnum):
    """SUBMITTING: committed, unanswered. UNKNOWN: asked, no proof either way. OPEN: the venue holds it
    (resting, delayed or matched in part). REFUSED: proven never placed. DONE: nothing of it is left."""

    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    OPEN = "open"
    REFUSED = "refused"
    DONE = "done"


_S = OrderState
EDGES: dict[OrderState, frozenset[OrderState]] = {
    _S.SUBMITTING: frozenset({_S.UNKNOWN, _S.OPEN, _S.REFUSED, _S.DONE}),
    _S.UNKNOWN: frozenset({_S.OPEN, _S.REFUSED, _S.DONE}),
    _S.OPEN: frozenset({_S.DONE}),
    _S.REFUSED: frozenset(),
    _S.DONE: frozenset(),
}
RESERVING = frozenset({_S.SUBMITTING, _S.UNKNOWN, _S.OPEN})
"""States in which an order still holds its reservation."""


class IllegalTransition(RuntimeError):
    """A report that contradicts what was proven before."""


def advance(now: OrderState, to: OrderState) -> OrderState:
    """Repeats are quiet, regressions are loud (IllegalTransition)."""
    if to is now:
        return now
    if to not in EDGES[now]:
        raise IllegalTransition(f"{now} -> {to}")
    return to


@dataclass(frozen=True, slots=True)
class Intent:
    """The will to place one order, named before it is signed."""

    id: IntentId
    decision: DecisionId
    account: Wallet
    target: Wallet
    leg: int
    terms: OrderTerms
    reserve_usdc: Usdc
    """Held back while the order can still spend: notional and the most its fee can be (BUY), else zero."""


class TradeStatus(StrEnum):
    MATCHED = "MATCHED"
    MINED = "MINED"
    CONFIRMED = "CONFIRMED"
    RETRYING = "RETRYING"
    FAILED = "FAILED"


TERMINAL_TRADE = frozenset({TradeStatus.CONFIRMED, TradeStatus.FAILED})


@dataclass(frozen=True, slots=True)
class OurFill:
    """One fill of one of our orders. Identity is (trade, order): a repeat with another status updates it.

    `usdc` is what changed hands for the shares, `fee` what was charged on top (BUY) or kept back (SELL).
    """

    trade: TradeId
    order: OrderId
    token: TokenId
    condition: ConditionId
    side: Side
    shares: Shares
    usdc: Usdc
    fee: Usdc
    status: TradeStatus
    matched_ns: int
    tx: str = ""
    maker: bool = False
