"""Feeds are read by bisection: a page costs what it holds."""

import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from polybot.core.ids import TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import Shares, Usdc
from polybot.simulator.engine.blocks import block_ns
from polybot.simulator.indexing.rows import RowStore, newest_first, oldest_first
from polybot.simulator.wire.rows import Row
from simulated_venue import MARKETS

START_NS = block_ns(94_000_000)
WALLETS = [Wallet(f"0x{n:040x}") for n in range(50)]
FILL = Row(
    kind="TRADE",
    wallet=WALLETS[0],
    market=MARKETS[0],
    event_slug="weather",
    token=TokenId(MARKETS[0].outcomes[0].token),
    side=Side.BUY,
    shares=Shares.parse("10"),
    usdc=Usdc.parse("4"),
    fee=Usdc(0),
    tx="0x",
    at_ns=START_NS,
    sequence=0,
    taker=True,
)


def stored(store: RowStore, *, at_ns: int, wallet: Wallet = WALLETS[0], market: int = 0) -> Row:
    row = replace(FILL, at_ns=at_ns, sequence=store.next_sequence(at_ns), wallet=wallet, market=MARKETS[market])
    store.add(row)
    return row


def numbers(rows: Iterator[Row]) -> list[int]:
    return [row.sequence for row in rows]


@given(st.lists(st.integers(0, 20), max_size=30), st.integers(0, 20), st.integers(0, 20))
def test_walks_agree_with_a_plain_filter(seconds: list[int], first: int, last: int) -> None:
    store = RowStore()
    rows = [stored(store, at_ns=START_NS + s * 10**9, market=s % 3) for s in sorted(seconds)]
    from_ns, until_ns = START_NS + first * 10**9, START_NS + last * 10**9
    kept = sorted(row.sequence for row in rows if row.at_ns <= until_ns)
    conditions = [market.condition for market in MARKETS]
    for shelves in (
        store.shelves(wallet=None, conditions=()),
        store.shelves(wallet=WALLETS[0], conditions=()),
        store.shelves(wallet=None, conditions=conditions),
    ):
        assert numbers(newest_first(shelves, until_ns=until_ns, below=None)) == kept[::-1]
        rising = oldest_first(shelves, from_ns=from_ns, until_ns=until_ns, above=None)
        assert numbers(rising) == sorted(row.sequence for row in rows if from_ns <= row.at_ns <= until_ns)
        if kept:
            middle = kept[len(kept) // 2]
            below = newest_first(shelves, until_ns=until_ns, below=middle)
            assert numbers(below) == [n for n in kept[::-1] if n < middle]


def test_a_sequence_is_the_block_and_the_place_in_it() -> None:
    store = RowStore()
    first, second = (stored(store, at_ns=START_NS).sequence for _ in range(2))
    third = stored(store, at_ns=block_ns(94_000_001)).sequence
    assert first < second < third
    assert [number // 10**10 for number in (first, second, third)] == [94_000_000, 94_000_000, 94_000_001]


def test_pages_of_a_long_day_are_found_at_once() -> None:
    store = RowStore()
    for n in range(60_000):
        stored(store, at_ns=START_NS + n * 10**6, wallet=WALLETS[n % 50], market=n % 3)
    started = time.process_time()
    for n in range(300):
        cut = START_NS + (59_000 + n) * 10**6
        shelves = store.shelves(wallet=WALLETS[n % 50], conditions=())
        assert len(list(islice(newest_first(shelves, until_ns=cut, below=None), 100))) == 100
        assert list(islice(newest_first(store.shelves(wallet=None, conditions=()), until_ns=cut, below=None), 9))
    assert (time.process_time() - started) / 600 < 0.001
