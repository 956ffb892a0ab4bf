"""What the simulated venue is asked, what it answers and what it tells its listeners."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from polybot.core.ids import ConditionId, OrderId, TokenId, TradeId, Wallet
from polybot.core.market import Side
from polybot.core.money import ZERO_USDC, Price, Shares, Usdc
from polybot.core.orders import TimeInForce, TradeStatus
from polybot.polymarket.orders import OrderData
from polybot.simulator.engine.moves import PositionsMoved

HOUSE = Wallet("0x00000000000000000000000000000000686f7573")
"""Everyone else on the venue: it makes the books that have no simulated trader behind them."""
FEE_COLLECTOR = Wallet("0x0000000000000000000000000000000066656573")
OUTSIDE = Wallet("0x000000000000000000000000006f757473696465")
"""Where deposits come from: its cash is minus what was paid in."""
NOBODY = Wallet("0x000000000000000000000000000000006e6f6e65")
"""Has the NO shares that conversions of neg-risk positions took out of the world, and owes what they paid out."""


class OrderStatus(StrEnum):
    """CANCELED also covers what a FAK left over; INVALID is what the venue takes down as a game starts.

    DELAYED is held before it may match; UNMATCHED found nothing then and is told on the way to LIVE or CANCELED.
    """

    LIVE = "LIVE"
    DELAYED = "DELAYED"
    UNMATCHED = "UNMATCHED"
    MATCHED = "MATCHED"
    CANCELED = "CANCELED"
    CANCELED_EXPIRED_ORDER = "CANCELED_EXPIRED_ORDER"
    CANCELED_MARKET_RESOLVED = "CANCELED_MARKET_RESOLVED"
    CANCELED_NOT_ENOUGH_BALANCE = "CANCELED_NOT_ENOUGH_BALANCE"
    INVALID = "INVALID"


class OrderChange(StrEnum):
    PLACEMENT = "PLACEMENT"
    UPDATE = "UPDATE"
    CANCELLATION = "CANCELLATION"


class Role(StrEnum):
    """PRINT: a recorded fill, injected without an order."""

    TAKER = "TAKER"
    MAKER = "MAKER"
    PRINT = "PRINT"


class Restriction(StrEnum):
    NONE = "none"
    CLOSED_ONLY = "closed_only"
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order whose signature was already checked.

    `making` is the most it gives and `taking` the least it gets, in micro-units (BUY gives USDC for shares).
    `owner` is the signing EOA, lower case: only it sees and cancels the order. `expiration_s`: 0 unless GTD.
    `data` and `signature` are what was signed; orders that never had a wire have neither.
    """

    id: OrderId
    owner: Wallet
    wallet: Wallet
    token: TokenId
    side: Side
    making: int
    taking: int
    tif: TimeInForce
    expiration_s: int = 0
    post_only: bool = False
    data: OrderData | None = None
    signature: bytes = b""


class OrderRefused(Exception):
    """Nothing happened. The text is the venue's own `error`; the HTTP status is 400 unless told otherwise."""

    def __init__(self, text: str, *, http_status: int = 400) -> None:
        super().__init__(text)
        self.http_status = http_status


class NotEnough(OrderRefused):
    """Balance or allowance."""


class OrderKilled(OrderRefused):
    """It may not rest and found too little to match."""


class CancelRefused(Exception):
    """The venue's reason, as listed under `not_canceled`."""


@dataclass(frozen=True, slots=True)
class OrderReport:
    """An order as it is at one moment.

    `original` is its nominal size; a BUY that met better prices ends with more in `matched`. `reason` is what the
    venue said when it killed the order; `created_ns` is 0 if it killed it at the door.
    """

    id: OrderId
    owner: Wallet
    wallet: Wallet
    condition: ConditionId
    token: TokenId
    side: Side
    price: Price
    original: Shares
    matched: Shares
    tif: TimeInForce
    expiration_s: int
    post_only: bool
    status: OrderStatus
    created_ns: int
    trades: tuple[TradeId, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """An accepted order: `status` LIVE rests untouched, MATCHED or CANCELED (rest of a FAK) took something, DELAYED
    is yet to be matched.

    `gave` and `got` are what was matched at once in micro-units, without fee (BUY gives USDC, gets shares).
    """

    order: OrderReport
    gave: int
    got: int
    trades: tuple[TradeId, ...]


@dataclass(frozen=True, slots=True)
class MakerLeg:
    """A resting order's part in a trade; token and side are its own (a mint match: the other token, same side)."""

    order: OrderId
    owner: Wallet
    wallet: Wallet
    token: TokenId
    side: Side
    price: Price
    shares: Shares
    usdc: Usdc


@dataclass(frozen=True, slots=True)
class SimTrade:
    """One taker match. `shares`, `usdc` and `fee` are the taker's, sums over `legs`; `usdc` is without the fee.

    `tx` is the transaction that was last in a block, reverted or not; "" before the first. Every `attempt` at mining
    it has another hash.
    """

    id: TradeId
    number: int
    condition: ConditionId
    token: TokenId
    side: Side
    order: OrderId
    owner: Wallet
    wallet: Wallet
    shares: Shares
    usdc: Usdc
    fee: Usdc
    legs: tuple[MakerLeg, ...]
    status: TradeStatus
    matched_ns: int
    updated_ns: int
    tx: str = ""
    attempt: int = 0

    @property
    def price(self) -> Price:
        """Average without fee, to the nearest micro-unit."""
        return Price((2 * self.usdc.micro * 1_000_000 + self.shares.micro) // (2 * self.shares.micro))


@dataclass(frozen=True, slots=True)
class Print:
    """A recorded fill, to be shown as it was; `usdc` is without `fee`, `name` the wallet's public one."""

    wallet: Wallet
    token: TokenId
    side: Side
    shares: Shares
    usdc: Usdc
    fee: Usdc = ZERO_USDC
    name: str = ""


@dataclass(frozen=True, slots=True)
class FillRow:
    """A filled order as the public feeds list it, once its transaction is mined.

    `sequence` is unique and grows in feed order; equal rows of one transaction are separate fills.
    """

    sequence: int
    wallet: Wallet
    condition: ConditionId
    token: TokenId
    side: Side
    shares: Shares
    usdc: Usdc
    fee: Usdc
    tx: str
    at_ns: int
    taker: bool


@dataclass(frozen=True, slots=True)
class LevelChange:
    """The new absolute size of one level; zero removes it. BUY side = bids."""

    token: TokenId
    side: Side
    price: Price
    size: Shares


# --- Events, told to listeners in the order in which they happened --------------------------------


@dataclass(frozen=True, slots=True)
class MarketListed:
    at_ns: int
    condition: ConditionId


@dataclass(frozen=True, slots=True)
class BookReplaced:
    """Both tokens' books are new as a whole: read them from the exchange."""

    at_ns: int
    condition: ConditionId


@dataclass(frozen=True, slots=True)
class LevelsChanged:
    """Always both tokens of the market: the second half of `changes` mirrors the first."""

    at_ns: int
    condition: ConditionId
    changes: tuple[LevelChange, ...]


@dataclass(frozen=True, slots=True)
class LastTrade:
    """`side` is the taker's."""

    at_ns: int
    condition: ConditionId
    token: TokenId
    side: Side
    price: Price
    shares: Shares
    tx: str


@dataclass(frozen=True, slots=True)
class TickChanged:
    at_ns: int
    condition: ConditionId
    old: Price
    new: Price


@dataclass(frozen=True, slots=True)
class OrderChanged:
    at_ns: int
    change: OrderChange
    order: OrderReport


@dataclass(frozen=True, slots=True)
class TradeChanged:
    """A trade is new or has another status."""

    at_ns: int
    trade: SimTrade


@dataclass(frozen=True, slots=True)
class FillsPublished:
    """The rows of one transaction, the taker's first; `matched_ns` is earlier than `at_ns`, the block's time."""

    at_ns: int
    tx: str
    rows: tuple[FillRow, ...]
    matched_ns: int


@dataclass(frozen=True, slots=True)
class FillsWithdrawn:
    """A reorg took this transaction out of the chain; what it was to do may come again under another hash."""

    at_ns: int
    tx: str


@dataclass(frozen=True, slots=True)
class MarketResolved:
    """Told after the resting orders were cancelled. Without a winner each share is worth a half."""

    at_ns: int
    condition: ConditionId
    winner: TokenId | None


Event = (
    MarketListed
    | BookReplaced
    | LevelsChanged
    | LastTrade
    | TickChanged
    | OrderChanged
    | TradeChanged
    | FillsPublished
    | FillsWithdrawn
    | MarketResolved
    | PositionsMoved
)
Listener = Callable[[Event], None]
