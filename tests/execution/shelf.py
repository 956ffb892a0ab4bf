"""Market data of still markets: what a test puts on the shelf is there, and as fresh as it says."""

import asyncio
from dataclasses import replace

from polybot.core.book import Book, Level
from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import NO_FEE, FeeSchedule, Market, MarketVersion, Outcome
from polybot.core.money import Price, Shares
from polybot.ports.market_data import Quote, Resolution


def make_market(number: int = 1, *, fee: FeeSchedule = NO_FEE) -> Market:
    yes, no = TokenId(f"{number}001"), TokenId(f"{number}002")
    return Market(
        condition=ConditionId(f"0x{number:064x}"),
        slug=f"market-{number}",
        question=f"Market {number}?",
        version=MarketVersion.V1,
        neg_risk=False,
        outcomes=(Outcome(yes, "Yes"), Outcome(no, "No")),
        tick=Price.parse("0.01"),
        min_order=Shares.parse("5"),
        fee=fee,
        accepting_orders=True,
        closed=False,
    )


def levels(*pairs: tuple[str, str]) -> list[Level]:
    return [Level(Price.parse(price), Shares.parse(size)) for price, size in pairs]


class StillShelf:
    """Implements ports.market_data.MarketData. `hidden` tokens are not known until they are shown."""

    def __init__(self, *markets: Market) -> None:
        self.books: dict[TokenId, Book] = {}
        self.hidden: set[TokenId] = set()
        self.resolutions: asyncio.Queue[Resolution] = asyncio.Queue()
        self.gates: dict[TokenId, asyncio.Event] = {}
        self._markets: dict[TokenId, Market] = {}
        for market in markets:
            self.put(market)

    def put(self, market: Market) -> None:
        for outcome in market.outcomes:
            self._markets[outcome.token] = market
            self.set_book(outcome.token)

    def set_book(
        self,
        token: TokenId,
        *,
        bids: tuple[tuple[str, str], ...] = (("0.49", "1000"),),
        asks: tuple[tuple[str, str], ...] = (("0.5", "1000"),),
    ) -> None:
        book = self.books.setdefault(token, Book(token))
        book.replace(bids=levels(*bids), asks=levels(*asks))

    def close(self, token: TokenId) -> None:
        closed = replace(self._markets[token], closed=True, accepting_orders=False)
        for outcome in closed.outcomes:
            self._markets[outcome.token] = closed

    def market(self, token: TokenId) -> Market | None:
        return None if token in self.hidden else self._markets.get(token)

    def quote(self, token: TokenId) -> Quote | None:
        book = None if token in self.hidden else self.books.get(token)
        return None if book is None else Quote(book, age_ms=10)

    async def ensure(self, token: TokenId) -> bool:
        await asyncio.sleep(0)
        if gate := self.gates.get(token):
            await gate.wait()
        return self.market(token) is not None

    async def next_resolution(self) -> Resolution:
        return await self.resolutions.get()
