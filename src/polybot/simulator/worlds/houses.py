"""Plausible books for markets that nobody recorded: a touch, a spread, and depth that grows away from it. Pure."""

import random
from dataclasses import dataclass

from polybot.core.book import Level
from polybot.core.money import MICRO, Price, Shares


def dice(seed: int, *, of: str) -> random.Random:
    """Random numbers of one actor: the same in every run, whatever others draw."""
    return random.Random(f"{seed}:{of}")  # noqa: S311  a simulation keeps no secrets


@dataclass(frozen=True, slots=True)
class Quotes:
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


def quotes(
    *, bid_micro: int, ask_micro: int, tick: Price, touch: Shares, rng: random.Random, depth: int = 10
) -> Quotes:
    """Around a best bid and ask on the tick grid, each kept inside it; about `touch` shares at the best level,
    more behind. A side for which the grid has no room is empty."""
    return Quotes(
        bids=_side(bid_micro, step=-tick.micro, tick=tick, touch=touch, rng=rng, depth=depth),
        asks=_side(ask_micro, step=tick.micro, tick=tick, touch=touch, rng=rng, depth=depth),
    )


def _side(best: int, *, step: int, tick: Price, touch: Shares, rng: random.Random, depth: int) -> tuple[Level, ...]:
    prices = [price for i in range(depth) if tick.micro <= (price := best + i * step) <= MICRO - tick.micro]
    return tuple(Level(Price(price), _size(touch, i, rng)) for i, price in enumerate(prices))


def _size(touch: Shares, i: int, rng: random.Random) -> Shares:
    """Whole shares, never fewer than at the touch."""
    grown = touch.micro * (100 + 35 * i + rng.randint(0, 60)) // 100
    return Shares(max(MICRO, grown // MICRO * MICRO))
