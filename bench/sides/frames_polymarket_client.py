"""The official client's models; where it has none, what its users write."""

import itertools
import json
from decimal import Decimal
from functools import partial

from polymarket._internal.actions.orders.post import parse_order_response
from polymarket._internal.data_envelope import parse_data_page
from polymarket._internal.streams.clob.market_protocol import parse_events
from polymarket.models.clob.market_events import MarketBookEvent, MarketPriceChangeEvent
from polymarket.models.clob.user_events import parse_user_events
from polymarket.models.data.activity import parse_activities
from sortedcontainers import SortedDict  # type: ignore[import-untyped]

from bench import payloads
from bench.harness import serve

TARGETS = {payloads.TARGET.lower()}
FOLLOWED = payloads.activity_frame(payloads.TARGET, number=1)
STRANGER = payloads.activity_frame(payloads.STRANGER, number=1)
BOOK, books = payloads.book_frame(), payloads.book_frames()
CHANGES = [payloads.price_change_frame(size=size) for size in ("431.25", "98.5", "0")]
TRADE, ANSWER, PAGE = payloads.user_trade_frame(), payloads.order_answer(), payloads.activity_page()
change_texts = itertools.cycle(CHANGES)


class Book:
    def __init__(self) -> None:
        self.bids, self.asks = SortedDict(), SortedDict()

    def set_level(self, side: str, price: Decimal, size: Decimal) -> None:
        levels = self.bids if side == "BUY" else self.asks
        if size:
            levels[price] = size
        else:
            levels.pop(price, None)

    def best(self) -> tuple[object, object]:
        return self.bids.peekitem(-1), self.asks.peekitem(0)


def activity_row(text: str) -> tuple[object, ...] | None:
    row = json.loads(text)["payload"]
    if row["proxyWallet"].lower() not in TARGETS:
        return None
    price, size = Decimal(str(row["price"])), Decimal(str(row["size"]))
    return row["asset"], row["conditionId"], row["side"], price, size, row["transactionHash"], row["timestamp"]


def market_events(text: str) -> object:
    return parse_events(json.loads(text))


def into_book(book: Book) -> None:
    for event in parse_events(json.loads(next(books)))[0]:
        assert isinstance(event, MarketBookEvent)
        book.bids = SortedDict((level.price, level.size) for level in event.payload.bids)
        book.asks = SortedDict((level.price, level.size) for level in event.payload.asks)


def change_book(book: Book) -> None:
    for event in parse_events(json.loads(next(change_texts)))[0]:
        assert isinstance(event, MarketPriceChangeEvent)
        for change in event.payload.price_changes:
            if change.asset_id == payloads.ASSET:
                book.set_level(change.side, change.price, change.size)


def new_book() -> Book:
    book = Book()
    into_book(book)
    return book


sizes = itertools.cycle([(Decimal("0.515"), Decimal(size)) for size in ("431.25", "98.5", "0")])
ALL, LIMIT = Decimal(2500), Decimal("0.56")


def update(book: Book) -> object:
    price, size = next(sizes)
    book.set_level("BUY", price, size)
    return book.best()


def walk(book: Book) -> tuple[Decimal, Decimal]:
    spend, left = Decimal(0), ALL
    for price, size in book.asks.items():
        if price > LIMIT or not left:
            break
        taken = min(left, size)
        spend += taken * price
        left -= taken
    return spend, ALL - left


def view(book: Book) -> tuple[object, object]:
    return tuple(book.bids.items()[-1:-51:-1]), tuple(book.asks.items()[:50])


serve(
    {
        "activity row, followed wallet": partial(activity_row, FOLLOWED),
        "activity row, someone else's": partial(activity_row, STRANGER),
        "book frame, 100 levels": partial(market_events, BOOK),
        "book frame, into the book": partial(into_book, new_book()),
        "price_change, 2 changes": partial(market_events, CHANGES[0]),
        "price_change, into the book": partial(change_book, new_book()),
        "user trade event": lambda: parse_user_events(json.loads(TRADE)),
        "answer to POST /order": lambda: parse_order_response(json.loads(ANSWER)),
        "activity page, 100 rows": lambda: parse_data_page(json.loads(PAGE), parse_activities),
        "book update and best prices": partial(update, new_book()),
        "walk for a size": partial(walk, new_book()),
        "view of 50 levels a side": partial(view, new_book()),
    },
    distributions=("polymarket-client", "pydantic", "sortedcontainers"),
)
