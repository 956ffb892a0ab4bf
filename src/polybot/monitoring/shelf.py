"""The warm markets with their books, least recently wanted first. Memory only."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market
from polybot.core.money import Price
from polybot.monitoring.live_book import LiveBook


class Shelf:
    def __init__(self) -> None:
        self._markets: dict[ConditionId, Market] = {}
        self._condition: dict[TokenId, ConditionId] = {}
        self.books: dict[TokenId, LiveBook] = {}

    def market(self, token: TokenId) -> Market | None:
        condition = self._condition.get(token)
        return None if condition is None else self._markets[condition]

    def by_condition(self, condition: ConditionId) -> Market | None:
        return self._markets.get(condition)

    def markets(self) -> Iterator[Market]:
        """Least recently wanted first; the shelf may change while this is read."""
        return iter(list(self._markets.values()))

    def put(self, market: Market) -> None:
        """A new market, or newer facts of a known one."""
        self._markets[market.condition] = market
        for outcome in market.outcomes:
            self._condition[outcome.token] = market.condition
            self.books.setdefault(outcome.token, LiveBook(outcome.token))

    def want(self, market: Market) -> None:
        """The last to go from now on."""
        self._markets[market.condition] = self._markets.pop(market.condition)

    def re_tick(self, token: TokenId, tick: str) -> None:
        """The token's market has this tick now. ValueError if it is not a number."""
        market = self.market(token)
        price = Price.parse(tick)
        if market is not None and market.tick != price:
            self.put(replace(market, tick=price))
            for outcome in market.outcomes:
                self.books[outcome.token].re_ticked(tick)

    def close(self, market: Market, *, winner: TokenId | None, tied: bool) -> None:
        self.put(replace(market, closed=True, accepting_orders=False, winner=winner, tied=tied))

    def drop_beyond(self, limit: int, *, keep: AbstractSet[TokenId]) -> list[TokenId]:
        """Forget the least wanted markets down to `limit`, but none with a token in `keep`; returns their tokens."""
        gone: list[TokenId] = []
        for market in self.markets():
            tokens = {outcome.token for outcome in market.outcomes}
            if len(self._markets) > limit and not tokens & keep:
                del self._markets[market.condition]
                gone.extend(tokens)
        for token in gone:
            del self._condition[token], self.books[token]
        return gone
