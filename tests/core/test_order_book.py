import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybot.core.book import Book, HashFacts, Level, book_hash
from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Side
from polybot.core.money import Price, Shares

TOKEN = TokenId("1")
sides = st.sampled_from(Side)
prices = st.integers(min_value=1, max_value=40).map(lambda n: Price(n * 10_000))
sizes = st.integers(min_value=0, max_value=3).map(lambda n: Shares(n * 10_000))


@given(st.lists(st.tuples(sides, prices, sizes)), st.integers(min_value=0, max_value=50))
def test_the_book_is_what_a_dictionary_of_levels_would_be(
    changes: list[tuple[Side, Price, Shares]], depth: int
) -> None:
    book, model = Book(TOKEN), dict[tuple[Side, Price], Shares]()
    for side, price, size in changes:
        book.set_level(side, price, size)
        model[side, price] = size
    bids = sorted((Level(p, s) for (sd, p), s in model.items() if s and sd is Side.BUY), key=_price, reverse=True)
    asks = sorted((Level(p, s) for (sd, p), s in model.items() if s and sd is Side.SELL), key=_price)
    view = book.view(depth=depth)
    assert (list(view.bids), list(view.asks)) == (bids[:depth], asks[:depth])
    assert book.best_bid() == (bids[0] if bids else None)
    assert book.best_ask() == (asks[0] if asks else None)


@given(st.dictionaries(prices, sizes), st.dictionaries(prices, sizes))
def test_a_snapshot_forgets_what_was_there(first: dict[Price, Shares], second: dict[Price, Shares]) -> None:
    book, fresh = Book(TOKEN), Book(TOKEN)
    book.replace(bids=_levels(first), asks=_levels(first))
    for each in (book, fresh):
        each.replace(bids=_levels(second), asks=_levels(second))
    assert book.view() == fresh.view()


def test_a_view_does_not_change_with_the_book() -> None:
    book = Book(TOKEN)
    book.set_level(Side.BUY, Price(10_000), Shares(10_000))
    view = book.view()
    book.set_level(Side.BUY, Price(10_000), Shares(0))
    assert len(view.bids) == 1


def test_removing_a_level_that_is_not_there_changes_nothing() -> None:
    book = Book(TOKEN)
    book.set_level(Side.SELL, Price(10_000), Shares(0))
    assert book.best_ask() is None


def _price(level: Level) -> Price:
    return level.price


def _levels(sizes_by_price: dict[Price, Shares]) -> list[Level]:
    return [Level(price, size) for price, size in sizes_by_price.items()]


def test_recorded_rest_books_reproduce_their_hash(shared: Path) -> None:
    folder = shared / "samples" / "clob.polymarket.com"
    books = [*_json(folder / "books_batch.json"), _json(folder / "book_single.json")]
    assert [_rehash(raw) for raw in books] == [raw["hash"] for raw in books]
    named = {raw["asset_id"]: raw["hash"] for raw in books}
    vectors = _json(shared / "vectors" / "peers" / "orderbook-hash.json")["books"]
    assert {v["asset_id"]: v["hash"] for v in vectors}.items() <= named.items()


def test_recorded_books_of_an_event_reproduce_their_hash(shared: Path) -> None:
    books = [raw for raw in _tape(shared, "fed-event-books") if raw.get("event_type") == "book"]
    assert len(books) == 10
    assert [_rehash(raw) for raw in books] == [raw["hash"] for raw in books]


def test_the_official_example_reproduces_its_hash(shared: Path) -> None:
    """Its asks are best first, unlike the venue's: hashed in the order given."""
    official = _json(shared / "vectors" / "peers" / "orderbook-hash.json")["official"]
    raw = official["raw"]
    bids, asks = ([(level["price"], level["size"]) for level in raw[side]] for side in ("bids", "asks"))
    when = int(raw["timestamp"])
    hashed = book_hash(token=raw["asset_id"], timestamp_ms=when, facts=_facts(raw), bids=bids, asks=asks)
    assert hashed == official["hash_python_order"]


def test_a_live_book_reproduces_the_hash_of_every_change(shared: Path) -> None:
    """Frames of October 2025: nine fields, no last trade price."""
    expected = _json(shared / "tapes" / "book-hash-chain.expected.json")
    facts, checked = _facts(expected), 0
    books: dict[str, Book] = {}
    for event in _tape(shared, "book-hash-chain"):
        if event.get("event_type") == "book":
            books = {event["asset_id"]: _book(event)}
        for change in event.get("price_changes", []):
            if change["asset_id"] not in books:
                books[change["asset_id"]] = _mirror(*books.values(), token=change["asset_id"])
            book = books[change["asset_id"]]
            book.set_level(Side(change["side"]), Price.parse(change["price"]), Shares.parse(change["size"]))
        for hashed in event.get("price_changes", [event] if event.get("event_type") == "book" else []):
            book = books[hashed["asset_id"]]
            assert book.venue_hash(timestamp_ms=int(event["timestamp"]), facts=facts) == hashed["hash"]
            checked += 1
    assert checked == 5


@pytest.mark.parametrize("tape", ["btc15m-books-A", "fed-event-books", "book-hash-chain"])
def test_level_texts_on_the_wire_have_no_padding(shared: Path, tape: str) -> None:
    """What makes it safe to hash text made from micro-units."""
    texts = {
        (lv["price"], lv["size"]) for raw in _tape(shared, tape) for s in ("bids", "asks") for lv in raw.get(s, [])
    }
    assert all((str(Price.parse(p)), str(Shares.parse(s))) == (p, s) for p, s in texts)


def _json(path: Path) -> Any:
    return json.loads(path.read_text())


def _tape(shared: Path, name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(shared / "tapes" / f"{name}.jsonl.gz", "rt") as lines:
        for line in lines:
            yield json.loads(line)["body"]


def _book(raw: dict[str, Any]) -> Book:
    book = Book(TokenId(raw["asset_id"]))
    bids, asks = (
        [Level(Price.parse(level["price"]), Shares.parse(level["size"])) for level in raw[side]]
        for side in ("bids", "asks")
    )
    book.replace(bids=bids, asks=asks)
    return book


def _mirror(book: Book, *, token: TokenId) -> Book:
    """The other outcome's book: its bids are our asks at one less the price."""
    view, mirror = book.view(depth=1000), Book(token)
    bids, asks = ([Level(lv.price.complement(), lv.size) for lv in side] for side in (view.asks, view.bids))
    mirror.replace(bids=bids, asks=asks)
    return mirror


def _rehash(raw: dict[str, Any]) -> str:
    return _book(raw).venue_hash(timestamp_ms=int(raw["timestamp"]), facts=_facts(raw))


def _facts(raw: dict[str, Any]) -> HashFacts:
    return HashFacts(
        market=ConditionId(raw["market"]),
        min_order_size=raw["min_order_size"],
        tick_size=raw["tick_size"],
        neg_risk=raw["neg_risk"],
        last_trade_price=raw.get("last_trade_price"),
    )
