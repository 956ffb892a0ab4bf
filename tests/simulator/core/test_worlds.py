"""Worlds: made-up ones are alive and repeat themselves, recorded ones play as recorded."""

import asyncio
import gzip
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from simvenue import START_NS

from polybot.core.ids import TokenId
from polybot.core.market import MarketVersion, Side
from polybot.core.money import Price, Shares, Usdc
from polybot.simulator.engine.model import Event, FillsPublished, MarketResolved, OrderStatus, Role
from polybot.simulator.worlds.generator import Scenario
from polybot.simulator.worlds.tapes import TapeError
from polybot.simulator.worlds.world import World, generated_world, tape_world
from polybot.utils.clock import ManualClock

SHORT = Scenario(markets=8, traders=4, duration_s=1200)


def play(world: World) -> list[Event]:
    events: list[Event] = []
    world.exchange.subscribe(events.append)
    world.step(world.ends_at_ns)
    assert world.exchange.imbalance() == ""
    return events


def test_a_made_up_hour_has_entries_partial_exits_full_exits_and_resolutions() -> None:
    world = generated_world(seed=1, start_ns=START_NS)
    events = play(world)
    truth = world.exchange.ledger()
    assert sum(isinstance(event, MarketResolved) for event in events) >= 3
    assert {MarketVersion.V1, MarketVersion.V2} == {market.version for market in world.exchange.markets()}
    assert len({market.tick for market in world.exchange.markets()}) >= 3
    assert Counter(fill.side for fill in truth.fills)[Side.SELL] >= 20
    assert Role.MAKER in {fill.role for fill in truth.fills}
    left = [position for position in truth.positions if position.sold and position.bought == position.sold]
    reduced = [position for position in truth.positions if Shares(0) < position.sold < position.bought]
    held = [position for position in truth.positions if position.settled]
    assert left
    assert reduced
    assert held


def test_the_same_seed_is_the_same_world_however_it_is_stepped() -> None:
    whole, pieces = (generated_world(seed=5, start_ns=START_NS, scenario=SHORT) for _ in range(2))
    whole.step(whole.ends_at_ns)
    for second in range(0, SHORT.duration_s + 1, 7):
        pieces.step(START_NS + second * 10**9)
    pieces.step(pieces.ends_at_ns)
    assert asdict(whole.exchange.ledger()) == asdict(pieces.exchange.ledger())
    other = generated_world(seed=6, start_ns=START_NS, scenario=SHORT)
    other.step(other.ends_at_ns)
    assert other.exchange.ledger().fills != whole.exchange.ledger().fills


def test_suggested_targets_are_the_traders_by_name() -> None:
    world = generated_world(seed=1, start_ns=START_NS, scenario=SHORT)
    targets = world.suggested_targets()
    assert len(targets) == SHORT.traders
    assert world.names() == {target.wallet: target.name for target in targets}


async def test_run_keeps_up_with_the_clock() -> None:
    world = generated_world(seed=1, start_ns=START_NS, scenario=SHORT)
    clock = ManualClock(now_ns=START_NS)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(world.run(clock), name="world")
        await clock.advance(10)
        assert world.exchange.now_ns == START_NS + 10 * 10**9
        running.cancel()


def line(at_ms: int, feed: str, **body: Any) -> dict[str, Any]:
    return {"at_ms": at_ms, "feed": feed, "body": body}


ANN, BOB = "0x" + "Aa" * 20, "0x" + "bb" * 20
META = line(0, "meta", name="made", recorded_from="2026-08-19T02:45:38Z", wallets=[ANN])
GAMMA = line(
    0,
    "gamma",
    conditionId="0xc0",
    slug="a-market",
    question="A market?",
    version="v1",
    outcomes='["Yes", "No"]',
    clobTokenIds='["11", "22"]',
    orderPriceMinTickSize=0.01,
    orderMinSize=5,
    feesEnabled=False,
    endDate="2099-01-01T00:00:00Z",
)


def fill(at_ms: int, wallet: str, *trade: str | float, tx: str = "0x01") -> dict[str, Any]:
    token, side, size, price = trade
    return line(
        at_ms,
        "activity",
        proxyWallet=wallet,
        asset=token,
        conditionId="0xc0",
        side=side,
        size=size,
        price=price,
        transactionHash=tx,
    )


def tape(tmp_path: Path, *lines: dict[str, Any]) -> str:
    path = tmp_path / "tape.jsonl"
    path.write_text("\n".join(json.dumps(entry) for entry in lines))
    return str(path)


def test_recorded_fills_are_printed_at_their_own_time_row_for_row(tmp_path: Path) -> None:
    rows = [
        fill(5000, ANN, "22", "BUY", 20, 0.59),
        fill(5000, BOB, "11", "BUY", 10, 0.41),
        fill(5000, BOB, "11", "BUY", 10, 0.41),
    ]
    world = tape_world([tape(tmp_path, META, GAMMA, *rows)], seed=0)
    [published] = [event for event in play(world) if isinstance(event, FillsPublished)]
    assert published.at_ns == world.starts_at_ns + 5_000_000_000 == 1_787_107_543_000_000_000
    assert [(row.wallet, row.shares, row.usdc, row.taker) for row in published.rows] == [
        (ANN.lower(), Shares.parse("20"), Usdc.parse("11.8"), True),
        (BOB, Shares.parse("10"), Usdc.parse("4.1"), False),
        (BOB, Shares.parse("10"), Usdc.parse("4.1"), False),
    ]


def test_a_seller_had_from_the_start_what_it_sells_later(tmp_path: Path) -> None:
    rows = [fill(1000, ANN, "11", "BUY", 5, 0.4), fill(9000, ANN, "11", "SELL", 12.5, 0.41, tx="0x02")]
    world = tape_world([tape(tmp_path, META, GAMMA, *rows)], seed=0)
    [target] = world.suggested_targets()
    [before] = world.exchange.positions_of(target.wallet)
    assert before.shares == Shares.parse("7.5")
    play(world)
    [after] = world.exchange.positions_of(target.wallet)
    assert not after.shares


def test_a_token_without_recorded_book_is_quoted_around_its_price_before_the_first_fill(tmp_path: Path) -> None:
    rows = [fill(5000, ANN, "22", "BUY", 300, 0.59), fill(5000, BOB, "11", "BUY", 300, 0.41)]
    world = tape_world([tape(tmp_path, META, GAMMA, *rows)], seed=0)
    for token, traded in (("11", "0.41"), ("22", "0.59")):
        ask = world.exchange.book(TokenId(token)).asks[0]
        assert ask.price.micro <= Price.parse(traded).micro * 103 // 100
        assert ask.size.micro >= Shares.parse("300").micro


def test_recorded_books_changes_ticks_and_resolutions_are_applied(tmp_path: Path) -> None:
    book = {"event_type": "book", "market": "0xc0", "asset_id": "11", "timestamp": "1"}
    level = {"price": "0.4", "size": "25"}
    change = {"asset_id": "22", "price": "0.55", "size": "7", "side": "BUY"}
    world = tape_world(
        [
            tape(
                tmp_path,
                META,
                GAMMA,
                line(1000, "market", **book, bids=[level], asks=[]),
                line(2000, "market", event_type="price_change", market="0xc0", price_changes=[change]),
                line(
                    3000, "market", event_type="tick_size_change", market="0xc0", asset_id="11", new_tick_size="0.001"
                ),
                line(4000, "resolution", market="0xc0", winning_asset_id="22"),
            )
        ],
        seed=0,
    )
    world.step(world.starts_at_ns + 3_000_000_000)
    seen = world.exchange.book(TokenId("11"))
    assert [(str(entry.price), str(entry.size)) for entry in (*seen.bids, *seen.asks)] == [("0.4", "25"), ("0.45", "7")]
    market = world.exchange.markets()[0]
    assert market.tick == Price.parse("0.001")
    play(world)
    assert world.exchange.markets()[0].winner == "22"


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"at_ms": 0, "feed": "weather", "body": {}}, r"line 3, feed: Invalid enum value 'weather'"),
        (line(0, "gamma", slug="x"), r"line 3, body: Object missing required field `conditionId`"),
        (fill(0, "0x12", "11", "BUY", 1, 0.5), r"line 3, body.proxyWallet: '0x12' is not an address"),
        (fill(0, ANN, "33", "BUY", 1, 0.5), r"line 3, body.conditionId: token 33 is not one of a-market's"),
        (fill(0, ANN, "11", "HOLD", 1, 0.5), r"line 3, body.side: Invalid enum value 'HOLD'"),
        (fill(0, ANN, "11", "BUY", 1, 1.5), r"line 3, body.price: a fill of 1 shares at 1.5"),
        (line(0, "resolution", market="0xdd", winning_asset_id="11"), r"line 3, body.market: no gamma line"),
        (
            line(
                0,
                "market",
                event_type="book",
                market="0xc0",
                asset_id="11",
                bids=[{"price": "x", "size": "1"}],
                asks=[],
            ),
            r"line 3, body.bids\[0\].price: Expected `str` matching regex",
        ),
    ],
)
def test_a_damaged_tape_is_refused_by_file_line_and_field(tmp_path: Path, broken: dict[str, Any], says: str) -> None:
    path = tape(tmp_path, META, GAMMA, broken)
    with pytest.raises(TapeError, match=says) as refused:
        tape_world([path], seed=0)
    assert str(refused.value).startswith(path)


def test_time_must_not_run_backwards(tmp_path: Path) -> None:
    rows = [fill(9, ANN, "11", "BUY", 1, 0.5), fill(8, ANN, "11", "BUY", 1, 0.5)]
    with pytest.raises(TapeError, match=r"line 4, at_ms: 8 is before"):
        tape_world([tape(tmp_path, META, GAMMA, *rows)], seed=0)


def test_nothing_happens_to_a_resolved_market(tmp_path: Path) -> None:
    ended = line(1, "resolution", market="0xc0", winning_asset_id="11")
    with pytest.raises(TapeError, match=r"line 4, body.conditionId: a-market was resolved"):
        tape_world([tape(tmp_path, META, GAMMA, ended, fill(2, ANN, "11", "BUY", 1, 0.5))], seed=0)


def test_a_cut_off_gzip_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(json.dumps(entry) for entry in (META, GAMMA)).encode())[:-12])
    with pytest.raises(TapeError, match="damaged gzip data"):
        tape_world([str(path)], seed=0)


TAPES = ("rtds-2026-08-19", "fed-event-books", "book-hash-chain", "whales-2025-12-20")


@pytest.mark.parametrize("name", TAPES)
def test_recorded_tapes_play_to_their_end_and_everything_adds_up(shared: Path, name: str) -> None:
    path = shared / "tapes" / f"{name}.jsonl.gz"
    recorded = [json.loads(entry) for entry in gzip.decompress(path.read_bytes()).splitlines()]
    world = tape_world([str(path)], seed=3)
    play(world)
    truth = world.exchange.ledger()
    printed = [fill for fill in truth.fills if fill.role is Role.PRINT]
    assert len(printed) == sum(entry["feed"] == "activity" for entry in recorded)


def test_traders_enter_reduce_and_leave_on_a_tape_without_fills(shared: Path) -> None:
    world = tape_world([str(shared / "tapes" / "btc15m-books-A.jsonl.gz")], seed=3)
    play(world)
    truth = world.exchange.ledger()
    assert len(truth.fills) > 100
    assert any(Shares(0) < position.sold < position.bought for position in truth.positions)
    assert any(position.settled for position in truth.positions)
    assert not any(order.status is OrderStatus.LIVE for order in truth.orders)
    assert all(market.winner for market in world.exchange.markets())


def test_tapes_play_together_each_from_its_own_zero(shared: Path) -> None:
    paths = [str(shared / "tapes" / f"{name}.jsonl.gz") for name in ("rtds-2026-08-19", "fed-event-books")]
    world = tape_world(paths, seed=3)
    play(world)
    assert len(world.exchange.markets()) == 19 + 5
