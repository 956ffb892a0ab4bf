"""The worst price we accept, from the target's own price and the policy. The book has no say in it."""

from polybot.core.market import on_tick_floor
from polybot.core.money import MICRO, Price, Ratio


def entry_ceiling(price: Price, *, slippage: Ratio, tick: Price) -> Price | None:
    """The highest grid price within `slippage` above the target's; None if that is below the first tick."""
    worst = on_tick_floor(Price(price.micro * (MICRO + slippage.micro) // MICRO), tick)
    highest = MICRO - tick.micro
    return Price(min(worst.micro, highest)) if worst.micro >= tick.micro else None


def exit_floor(price: Price, *, slippage: Ratio, tick: Price) -> Price:
    """The lowest price an exit accepts: `slippage` under the target's, down to the grid, so that we get out."""
    worst = on_tick_floor(Price(price.micro * (MICRO - slippage.micro) // MICRO), tick)
    return _on_grid_range(worst, tick)


def resting_price(price: Price, *, tick: Price) -> Price:
    """The target's own price for a bid that rests: on the grid, at or below it where the grid allows."""
    return _on_grid_range(on_tick_floor(price, tick), tick)


def _on_grid_range(price: Price, tick: Price) -> Price:
    return Price(max(tick.micro, min(price.micro, MICRO - tick.micro)))
