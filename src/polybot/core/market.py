"""Markets: sides, tick sizes, fees, outcome tokens."""

from dataclasses import dataclass
from enum import StrEnum

from polybot.core.ids import ConditionId, TokenId
from polybot.core.money import Price, Ratio, Shares


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> "Side":
        return Side.SELL if self is Side.BUY else Side.BUY


class MarketVersion(StrEnum):
    """Generation of a market: v1 trades CTF tokens, v2 trades position ids on ExchangeV3."""

    V1 = "v1"
    V2 = "v2"


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """Taker fee = shares x rate x (p(1-p))^exponent, in USDC (Polymarket docs, trading/fees)."""

    rate: Ratio
    exponent: int = 1


NO_FEE = FeeSchedule(rate=Ratio(0))


@dataclass(frozen=True, slots=True)
class Outcome:
    token: TokenId
    name: str


@dataclass(frozen=True, slots=True)
class Market:
    """What must be known of a market to trade it. Once it is resolved, it has a `winner` or is `tied`: each share
    pays a half.

    `seconds_delay`: how long marketable orders are held before they match; `taker_delay_ms`: how much longer their
    answer takes. At `game_start_ns` the venue takes down what rests.
    """

    condition: ConditionId
    slug: str
    question: str
    version: MarketVersion
    neg_risk: bool
    outcomes: tuple[Outcome, Outcome]
    tick: Price
    min_order: Shares
    fee: FeeSchedule
    accepting_orders: bool
    closed: bool
    seconds_delay: int = 0
    taker_delay_ms: int = 0
    game_start_ns: int | None = None
    end_ns: int | None = None
    winner: TokenId | None = None
    tied: bool = False

    @property
    def resolved(self) -> bool:
        return self.tied or self.winner is not None

    def outcome(self, token: TokenId) -> Outcome:
        """KeyError if the token is not one of this market's."""
        for outcome in self.outcomes:
            if outcome.token == token:
                return outcome
        raise KeyError(token)

    def complement(self, token: TokenId) -> TokenId:
        first, second = self.outcomes
        return second.token if token == first.token else first.token


def on_tick_floor(price: Price, tick: Price) -> Price:
    """The grid price at or below `price`."""
    return Price(price.micro - price.micro % tick.micro)
