"""What the venue charges takers, in USDC on top of a BUY and out of the proceeds of a SELL. Makers pay nothing."""

from polybot.core.market import FeeSchedule
from polybot.core.money import MICRO, ZERO_USDC, Price, Shares, Usdc

FEE_GRAIN = 10
"""Fees are charged in steps of 0.00001 USDC (Polymarket's docs, trading/fees), here in micro-units."""
_FILLS_OF_ONE_ORDER = 200
"""Each fill is rounded by itself, by at most half a grain; bounds allow for this many."""
_ROUNDING_SLACK = _FILLS_OF_ONE_ORDER * FEE_GRAIN // 2


def taker_fee(shares: Shares, price: Price, schedule: FeeSchedule) -> Usdc:
    """shares x rate x (p(1-p))^exponent of one fill, half up to 0.00001 USDC; zero if it is less than that."""
    num, den = _raw(shares.micro, price.micro, schedule)
    if num < FEE_GRAIN * den:
        return ZERO_USDC
    return Usdc((2 * num + FEE_GRAIN * den) // (2 * FEE_GRAIN * den) * FEE_GRAIN)


def taker_fee_bound(spend: Usdc, schedule: FeeSchedule, *, lowest: Price) -> Usdc:
    """The most a BUY of `spend` USDC can be charged if no fill is cheaper than `lowest`; rounded up.

    Price improvement raises the fee: cheaper shares are more shares. Per dollar it is rate x p^(e-1) x (1-p)^e,
    which falls in p for the exponent 1 of today, and peaks at (e-1)/(2e-1) for greater ones.
    """
    if not schedule.rate or not spend:
        return ZERO_USDC
    e = schedule.exponent
    peak = Price(max(lowest.micro, MICRO * (e - 1) // (2 * e - 1)))
    num, den = _raw(-(-spend.micro * MICRO // peak.micro), peak.micro, schedule)
    return _bound(num, den)


def spend_within(cash: Usdc, schedule: FeeSchedule) -> Usdc:
    """A spend whose `taker_fee_bound` at any price fits into `cash` beside it; rounded down, zero if none does."""
    if not schedule.rate:
        return max(ZERO_USDC, cash)
    spendable = cash.micro - _ROUNDING_SLACK - 2 * FEE_GRAIN
    return Usdc(max(0, spendable * MICRO // (MICRO + schedule.rate.micro)))


def proceeds_fee_bound(shares: Shares, schedule: FeeSchedule, *, lowest: Price) -> Usdc:
    """The most a SELL of `shares` at `lowest` or better can be charged; rounded up."""
    if not schedule.rate or not shares:
        return ZERO_USDC
    return _bound(*_raw(shares.micro, max(lowest.micro, MICRO // 2), schedule))


def _raw(shares_micro: int, price_micro: int, schedule: FeeSchedule) -> tuple[int, int]:
    """The exact fee in micro-units as a fraction."""
    e = schedule.exponent
    return shares_micro * schedule.rate.micro * (price_micro * (MICRO - price_micro)) ** e, MICRO ** (2 * e + 1)


def _bound(num: int, den: int) -> Usdc:
    return Usdc(-(-num // (den * FEE_GRAIN)) * FEE_GRAIN + _ROUNDING_SLACK)
