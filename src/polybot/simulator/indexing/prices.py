"""The last price of each market at any time, as far back as its trades go."""

from array import array
from bisect import bisect_right
from collections import defaultdict

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market
from polybot.core.money import MICRO, Price


class PriceHistory:
    """Of the first outcome; the second one's is what is missing to 1. One price a second is kept, the last."""

    def __init__(self) -> None:
        self._seconds: defaultdict[ConditionId, array[int]] = defaultdict(lambda: array("q"))
        self._prices: defaultdict[ConditionId, array[int]] = defaultdict(lambda: array("q"))

    def add(self, market: Market, token: TokenId, price: Price, *, at_s: int) -> None:
        seconds, prices = self._seconds[market.condition], self._prices[market.condition]
        if not seconds or seconds[-1] != at_s:
            seconds.append(at_s)
            prices.append(0)
        prices[-1] = price.micro if token == market.outcomes[0].token else MICRO - price.micro

    def at(self, market: Market, token: TokenId, *, at_s: int) -> Price | None:
        """None before the first trade."""
        place = bisect_right(self._seconds[market.condition], at_s) - 1
        if place < 0:
            return None
        first = self._prices[market.condition][place]
        return Price(first if token == market.outcomes[0].token else MICRO - first)

    def since(self, market: Market, *, at_s: int) -> int | None:
        """The second of the newest trade up to then."""
        place = bisect_right(self._seconds[market.condition], at_s) - 1
        return None if place < 0 else self._seconds[market.condition][place]

    def begins_s(self, market: Market) -> int | None:
        seconds = self._seconds[market.condition]
        return seconds[0] if seconds else None
