"""How an order that takes liquidity fills: the one walk of the simulator, of paper fills and of decisions."""

from collections.abc import Iterable
from dataclasses import dataclass

from polybot.core.book import Level
from polybot.core.market import Side
from polybot.core.money import MICRO, Price, Shares, Usdc, cost_ceil, proceeds_floor

SHARE_GRAIN = 10_000
"""Orders and fills are whole hundredths of a share, here in micro-units."""


@dataclass(frozen=True, slots=True)
class Take:
    """What is taken of one level."""

    price: Price
    shares: Shares
    usdc: Usdc


@dataclass(frozen=True, slots=True)
class Walk:
    """The takes, best price first, and their sums. `complete`: the bound ended the walk, not a lack of levels."""

    takes: tuple[Take, ...]
    shares: Shares
    usdc: Usdc
    complete: bool

    @property
    def worst(self) -> Price | None:
        return self.takes[-1].price if self.takes else None


def grain_floor(shares: Shares) -> Shares:
    """Whole hundredths of a share, rounded down."""
    return Shares(shares.micro - shares.micro % SHARE_GRAIN)


def walk_shares(levels: Iterable[Level], *, side: Side, limit: Price, shares: Shares) -> Walk:
    """Take up to `shares` from `levels` (best first) at `limit` or better."""
    takes: list[Take] = []
    wanted = left = grain_floor(shares).micro
    usdc = 0
    for level in levels:
        if left == 0 or _beyond(level.price, side=side, limit=limit):
            break
        got = min(left, level.size.micro - level.size.micro % SHARE_GRAIN)
        if got:
            takes.append(_take(level.price, side=side, shares_micro=got))
            usdc += takes[-1].usdc.micro
            left -= got
    return Walk(tuple(takes), Shares(wanted - left), Usdc(usdc), complete=left == 0)


def walk_spend(levels: Iterable[Level], *, limit: Price, spend: Usdc) -> Walk:
    """Buy from `levels` (asks, best first) at `limit` or better until `spend` is used up.

    A better price gives more shares, as on the venue. What is left of `spend` cannot pay for another hundredth
    of a share.
    """
    takes: list[Take] = []
    shares, left = 0, spend.micro
    complete = False
    for level in levels:
        if complete or _beyond(level.price, side=Side.BUY, limit=limit):
            break
        size = grain_floor(level.size).micro
        payable = grain_floor(Shares(left * MICRO // level.price.micro)).micro
        complete = payable <= size
        if got := min(size, payable):
            takes.append(_take(level.price, side=Side.BUY, shares_micro=got))
            shares += got
            left -= takes[-1].usdc.micro
    return Walk(tuple(takes), Shares(shares), Usdc(spend.micro - left), complete=complete)


def _beyond(price: Price, *, side: Side, limit: Price) -> bool:
    return price.micro > limit.micro if side is Side.BUY else price.micro < limit.micro


def _take(price: Price, *, side: Side, shares_micro: int) -> Take:
    shares = Shares(shares_micro)
    return Take(price, shares, cost_ceil(shares, price) if side is Side.BUY else proceeds_floor(shares, price))
