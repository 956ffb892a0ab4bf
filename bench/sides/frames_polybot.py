"""Our side: the streams' own decoders, the live book, the walk of the decisions."""

import itertools
from functools import partial

from bench import payloads
from bench.harness import serve
from polybot.core.book import Book, BookView, Level
from polybot.core.ids import OrderId, TokenId, Wallet
from polybot.core.market import Side
from polybot.core.matching import Walk, walk_shares
from polybot.core.money import Price, Shares
from polybot.monitoring.live_book import LiveBook
from polybot.polymarket.observed import observed_fill
from polybot.polymarket.rest.data_models import ActivityRow, Listing
from polybot.polymarket.rest.decode import decode
from polybot.polymarket.rest.submission import outcome_of_answer
from polybot.polymarket.streams.activity import ActivityStream
from polybot.polymarket.streams.frames import EventDecoder
from polybot.polymarket.streams.market import BookEvent, PriceChange, WireEvent
from polybot.polymarket.streams.socket import Frame
from polybot.polymarket.streams.user import user_decoder
from polybot.ports.telemetry import NoTelemetry
from polybot.ports.venue import PreparedOrder
from polybot.utils.clock import SystemClock

CLOCK, TELEMETRY = SystemClock(), NoTelemetry()
TOKEN = TokenId(payloads.ASSET)
activity = ActivityStream("", wallets=[Wallet(payloads.TARGET.lower())], clock=CLOCK)
market: EventDecoder[WireEvent] = EventDecoder(WireEvent, stream="market", telemetry=TELEMETRY)
user = user_decoder(TELEMETRY)
FOLLOWED = Frame(payloads.activity_frame(payloads.TARGET, number=1), 1, 1)
STRANGER = Frame(payloads.activity_frame(payloads.STRANGER, number=1), 1, 1)
BOOK, books = payloads.book_frame(), payloads.book_frames()
CHANGES = [payloads.price_change_frame(size=size) for size in ("431.25", "98.5", "0")]
TRADE, ANSWER, PAGE = payloads.user_trade_frame(), payloads.order_answer(), payloads.activity_page()
ORDER = PreparedOrder(OrderId(payloads.ORDER_ID), "", b'{"orderType":"FAK"}')  # type: ignore[arg-type]
change_texts = itertools.cycle(CHANGES)


def into_book(live: LiveBook) -> None:
    for event in market.decode(next(books)):
        assert isinstance(event, BookEvent)
        live.replace(event, seen_ns=1)


def change_book(live: LiveBook) -> None:
    for event in market.decode(next(change_texts)):
        assert isinstance(event, PriceChange)
        for change in event.price_changes:
            if change.asset_id == TOKEN:
                live.change(change, timestamp_ms=int(event.timestamp), seen_ns=1)


def page() -> object:
    rows = decode(PAGE, Listing[ActivityRow], endpoint="activity").data or ()
    return [observed_fill(row, seen_ns=1, seen_mono_ns=1, telemetry=TELEMETRY) for row in rows]


def new_book() -> LiveBook:
    live = LiveBook(TOKEN)
    into_book(live)
    return live


live = new_book()
sizes = itertools.cycle([(Price.parse("0.515"), Shares.parse(size)) for size in ("431.25", "98.5", "0")])
ALL, LIMIT = Shares.parse("2500"), Price.parse("0.56")


def update(book: Book) -> tuple[Level | None, Level | None]:
    price, size = next(sizes)
    book.set_level(Side.BUY, price, size)
    return book.best_bid(), book.best_ask()


def walk(view: BookView) -> Walk:
    return walk_shares(view.asks, side=Side.BUY, limit=LIMIT, shares=ALL)


serve(
    {
        "activity row, followed wallet": partial(activity._fill, FOLLOWED),  # noqa: SLF001
        "activity row, someone else's": partial(activity._fill, STRANGER),  # noqa: SLF001
        "book frame, 100 levels": partial(market.decode, BOOK),
        "book frame, into the book": partial(into_book, new_book()),
        "price_change, 2 changes": partial(market.decode, CHANGES[0]),
        "price_change, into the book": partial(change_book, live),
        "user trade event": partial(user.decode, TRADE),
        "answer to POST /order": partial(outcome_of_answer, ANSWER, order=ORDER),
        "activity page, 100 rows": page,
        "book update and best prices": partial(update, new_book().book),
        "walk for a size": partial(walk, new_book().book.view(depth=50)),
        "view of 50 levels a side": partial(new_book().book.view, depth=50),
    },
    distributions=("msgspec",),
)
