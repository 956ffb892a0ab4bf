"""The decision's nouns: the policy of a target, the frozen snapshot it is judged on, and the verdict."""

from dataclasses import dataclass
from enum import StrEnum

from polybot.core.book import BookView
from polybot.core.fills import TargetOrder
from polybot.core.market import Market, Side
from polybot.core.money import Price, Ratio, Shares, Usdc
from polybot.core.orders import TimeInForce
from polybot.core.trading import TradingMode


class WhenTooFar(StrEnum):
    """What to do when the price has run from the target's by more than the tolerance (entries)."""

    SKIP = "skip"
    PASSIVE = "passive"


@dataclass(frozen=True, slots=True)
class Policy:
    """How one target is copied. Times in the units their names say."""

    ratio: Ratio
    max_position: Usdc
    min_position: Usdc
    slippage: Ratio
    exit_slippage: Ratio
    """Floor of an exit's price under the target's; an exit beyond it rests there instead of being refused."""
    when_too_far: WhenTooFar = WhenTooFar.SKIP
    entry_tif: TimeInForce = TimeInForce.FAK
    passive_ttl_s: int = 300
    balance_buffer: Ratio = Ratio(10_000)
    max_book_age_ms: int = 5_000
    max_signal_age_s: int = 120
    """Entries on fills older than this are too late to copy."""
    require_depth: bool = True
    min_depth: Usdc = Usdc(0)
    max_open_positions: int | None = None
    copy_before_start: bool = False

    def __post_init__(self) -> None:
        if self.entry_tif not in {TimeInForce.FAK, TimeInForce.FOK}:
            raise ValueError(f"entry_tif {self.entry_tif} would rest; entries take what is there: use FAK or FOK")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a decision may know, frozen at `taken_ns`. None means: not known, so no entry."""

    taken_ns: int
    started_ns: int
    mode: TradingMode
    locks: tuple[str, ...]
    market: Market | None
    book: BookView | None
    book_age_ms: int | None
    cash_free: Usdc | None
    """Cash less all reservations."""
    exposure: Usdc
    """What we have in this target's position in the token: cost of what is held, plus open buys."""
    inventory: Shares
    """What we hold of the token for this target, less what open sells already offer."""
    open_positions: int


@dataclass(frozen=True, slots=True)
class Check:
    """One rule's number beside its limit, as text for people and programs; `binding` if it shaped the outcome."""

    rule: str
    value: str
    limit: str
    binding: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """Place this order. `shares` is the wanted size; a marketable BUY is bounded by `spend`."""

    side: Side
    limit: Price
    shares: Shares
    spend: Usdc
    tif: TimeInForce
    ttl_s: int
    fee_bound: Usdc
    """The most the taker fee can be; reserved on top of `spend` for a BUY."""
    reference: Price
    """The target's own price, for measuring slippage."""
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Skip:
    """Do nothing, because of `rule`; `detail` is the sentence with its number and limit."""

    rule: str
    detail: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and what it was based on."""

    order: TargetOrder
    snapshot: Snapshot
    policy: Policy
    verdict: Copy | Skip
