"""A book that lost, repeated or reordered frames either says so or is right again after one look by REST."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from market_scene import Engine, condition, yes
from msgspec.structs import replace

from polybot.core.ids import TokenId
from polybot.core.market import Side
from polybot.monitoring.live_book import LiveBook, Witnessed
from polybot.polymarket.rest.models import BookFrame

changes = st.lists(
    st.tuples(
        st.sampled_from([Side.BUY, Side.SELL]), st.integers(1, 49), st.integers(0, 3), st.sampled_from(["all", "lost"])
    ),
    max_size=20,
)


def price(side: Side, cents: int) -> str:
    return f"0.{cents:02d}" if side is Side.BUY else f"0.{cents + 50:02d}"


def fresh() -> tuple[Engine, LiveBook]:
    engine, live = Engine(yes(), condition(1)), LiveBook(yes())
    live.witness(engine.rest(), asked_ns=1)
    return engine, live


@given(changes)
def test_a_witness_makes_any_book_right_and_a_complete_feed_keeps_it_right(
    told: list[tuple[Side, int, int, str]],
) -> None:
    engine, live = fresh()
    lost = False
    for number, (side, cents, size, fate) in enumerate(told, start=2):
        frame = engine.change(side, price(side, cents), str(size))
        if fate == "all":
            live.change(frame.price_changes[0], timestamp_ms=int(frame.timestamp), seen_ns=number)
        else:
            lost = True
    live.check_hash(now_ns=100)
    equal = live.book.view() == engine.book.view()
    assert lost or (equal and live.doubted_since_ns is None)
    live.witness(engine.rest(), asked_ns=200)
    assert live.book.view() == engine.book.view()
    assert live.doubted_since_ns is None


@given(changes)
def test_a_difference_after_the_last_frame_is_always_doubted(told: list[tuple[Side, int, int, str]]) -> None:
    engine, live = fresh()
    for number, (side, cents, size, fate) in enumerate([*told, (Side.BUY, 1, 9, "all")], start=2):
        frame = engine.change(side, price(side, cents), str(size))
        if fate == "all":
            live.change(frame.price_changes[0], timestamp_ms=int(frame.timestamp), seen_ns=number)
    live.check_hash(now_ns=100)
    assert (live.doubted_since_ns is None) == (live.book.view() == engine.book.view())


def test_a_witness_older_than_our_last_change_says_nothing() -> None:
    engine, live = fresh()
    before = engine.rest()
    frame = engine.change(Side.BUY, "0.45", "7")
    live.change(frame.price_changes[0], timestamp_ms=int(frame.timestamp), seen_ns=5)
    assert live.witness(before, asked_ns=9) is Witnessed.OLDER
    assert live.proven_ns == 5


def test_a_level_that_differs_at_the_same_moment_is_taken_over() -> None:
    engine, live = fresh()
    at_ms = engine.at_ms
    engine.change(Side.BUY, "0.45", "7", now_ms=at_ms)
    assert live.witness(engine.rest(), asked_ns=9) is Witnessed.DIFFERENT
    assert live.book.view() == engine.book.view()


def test_a_malformed_snapshot_leaves_nothing_to_trust_and_a_malformed_witness_says_nothing() -> None:
    engine, live = fresh()
    engine.at_ms += 1
    snapshot = engine.snapshot()
    broken = replace(snapshot, hash="other", bids=(replace(snapshot.bids[0], size="much"),))
    with pytest.raises(ValueError, match="much"):
        live.witness(broken, asked_ns=9)
    assert live.proven_ns == 1
    with pytest.raises(ValueError, match="much"):
        live.replace(broken, seen_ns=9)
    assert live.proven_ns is None


def test_recorded_books_carry_the_hash_we_compute(shared: Path) -> None:
    recorded = json.loads((shared / "samples" / "clob.polymarket.com" / "books_batch.json").read_text())
    frames = msgspec.convert(recorded, type=list[BookFrame])
    assert frames
    for frame in frames:
        live = LiveBook(TokenId(frame.asset_id))
        live.witness(frame, asked_ns=1)
        live._hash_checked = False
        live.check_hash(now_ns=2)
        assert live.doubted_since_ns is None
