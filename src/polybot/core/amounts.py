"""The venue's integer order amounts, exact for every tick size. Roundings go against us and are named."""

from polybot.core.market import Side
from polybot.core.money import MICRO, Price, Shares, Usdc
from polybot.core.orders import Amounts

_CENT = 10_000
"""0.01 in micro-units: what we give is sized in hundredths, dollars and shares alike."""

_FINEST_TICK = 100

_TAKING_UNIT = {100_000: 1_000, 10_000: 100, 5_000: 100, 2_500: 100, 1_000: 100, _FINEST_TICK: 100}
"""Tick to the grid of the shares that a FAK or FOK BUY may ask for, in micro-units.

The official clients allow 5 or 6 decimals on ticks finer than 0.01; the venue has refused more than 4.
"""


def limit_amounts(side: Side, *, price: Price, shares: Shares, tick: Price) -> Amounts:
    """Amounts of an order for `shares` (rounded down to 0.01) at `price`; the dollars are exact.

    ValueError if the price is off the tick's grid or nothing is left of the size.
    """
    require_on_grid(price, tick)
    size = _hundredths(shares.micro, "shares")
    dollars = size * price.micro // MICRO
    return Amounts(making=dollars, taking=size) if side is Side.BUY else Amounts(making=size, taking=dollars)


def market_buy_amounts(*, spend: Usdc, price: Price, tick: Price) -> Amounts:
    """A FAK or FOK BUY of `spend` (rounded down to 0.01) at `price` or better.

    Shares are rounded down, so the implied price is a hair above `price` and an ask resting exactly there is
    reached; ValueError if that hair could reach the next price of the finest tick, 0.0001 above.
    """
    require_on_grid(price, tick)
    making = _hundredths(spend.micro, "spend")
    unit = _TAKING_UNIT[tick.micro]
    taking = making * MICRO // price.micro // unit * unit
    if making * MICRO >= taking * (price.micro + _FINEST_TICK):
        raise ValueError(f"spend {spend} is too small to keep the price at {price}: spend more or less")
    return Amounts(making=making, taking=taking)


def market_sell_amounts(*, shares: Shares, price: Price, tick: Price) -> Amounts:
    """A FAK or FOK SELL of `shares` (rounded down to 0.01) at `price` or better; the dollars are exact."""
    return limit_amounts(Side.SELL, price=price, shares=shares, tick=tick)


def require_on_grid(price: Price, tick: Price) -> None:
    """ValueError unless the venue knows the tick and `price` is a multiple of it within [tick, 1 - tick]."""
    if tick.micro not in _TAKING_UNIT:
        raise ValueError(f"tick {tick} is not one of 0.1, 0.01, 0.005, 0.0025, 0.001, 0.0001")
    if not tick.micro <= price.micro <= MICRO - tick.micro:
        raise ValueError(f"price {price} is outside {tick} to {tick.complement()}: choose one inside")
    if price.micro % tick.micro:
        raise ValueError(f"price {price} is not a multiple of the tick {tick}: round it to the grid")


def _hundredths(micro: int, field: str) -> int:
    rounded = micro - micro % _CENT
    if rounded <= 0:
        raise ValueError(f"{field} {Usdc(micro)} is less than 0.01, the smallest size of an order: ask for more")
    return rounded
