"""What befalls the frames of a socket, as a client sees it."""

import json
from typing import Any

import aiohttp
import pytest
from faulty import PATIENCE_S, Faulty, Socket

from polybot.core.orders import TimeInForce

CLOSES = {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.ERROR}


async def kinds(venue: Faulty, socket: Socket) -> list[str]:
    """Of all frames until now."""
    await venue.heard(socket)
    return [json.loads(frame)["event_type"] for frame in venue.skipped]


async def frames_of_a_bid(venue: Faulty, socket: Socket) -> list[str]:
    venue.trade(price="0.45", tif=TimeInForce.GTC)
    await venue.heard(socket)
    return venue.skipped


async def test_a_frame_is_lost(venue: Faulty) -> None:
    async with venue.market() as socket:
        await venue.arm("drop", scope={"service": "market", "event": "last_trade_price"})
        venue.trade()
        assert "last_trade_price" not in await kinds(venue, socket)
        assert await venue.struck() == ["drop"]


async def test_a_frame_comes_twice(venue: Faulty) -> None:
    async with venue.market() as socket:
        await venue.arm("duplicate_frame", scope={"event": "price_change"}, count=1)
        first, second = await frames_of_a_bid(venue, socket)
        assert first == second


async def test_two_frames_change_places(venue: Faulty) -> None:
    async with venue.market() as socket:
        venue.trade()
        usual = await kinds(venue, socket)
        await venue.arm("reorder_frames", count=1)
        venue.trade()
        swapped = await kinds(venue, socket)
        assert swapped == [usual[1], usual[0], *usual[2:]]


async def test_a_frame_that_none_follows_comes_late(venue: Faulty) -> None:
    async with venue.market() as socket:
        await venue.arm("reorder_frames", count=1, patience_s=30, scope={"event": "price_change"})
        assert await frames_of_a_bid(venue, socket) == []
        await venue.running.advance(30)
        assert await kinds(venue, socket) == ["price_change"]


async def test_a_frame_is_cut_or_garbled(venue: Faulty) -> None:
    async with venue.market() as socket:
        whole = (await frames_of_a_bid(venue, socket))[0]
        await venue.arm("truncate_frame", keep=0.5, count=1)
        await venue.arm("garble_frame", skip=1)
        cut = (await frames_of_a_bid(venue, socket))[0]
        assert 0.3 < len(cut) / len(whole) < 0.7
        garbled = (await frames_of_a_bid(venue, socket))[0]
        for frame in (cut, garbled):
            with pytest.raises(ValueError, match=r"."):
                json.loads(frame)


async def test_a_gap_ends(venue: Faulty) -> None:
    async with venue.market() as socket:
        await venue.arm("gap", lasts_s=60, count=1, scope={"event": "price_change"})
        assert await frames_of_a_bid(venue, socket) == []
        assert await frames_of_a_bid(venue, socket) == []
        await venue.running.advance(60)
        assert len(await frames_of_a_bid(venue, socket)) == 1


async def test_what_was_held_comes_in_a_burst(venue: Faulty) -> None:
    async with venue.market() as socket:
        await venue.arm("delay_frames", lasts_s=60, count=1, scope={"event": "price_change"})
        assert await frames_of_a_bid(venue, socket) == []
        assert await frames_of_a_bid(venue, socket) == []
        await venue.running.advance(61)
        assert await kinds(venue, socket) == ["price_change", "price_change"]


async def test_a_silent_socket_still_answers_ping(venue: Faulty) -> None:
    async with venue.market() as socket:
        await venue.arm("silence", scope={"service": "market", "event": "[!I]*"})
        assert await frames_of_a_bid(venue, socket) == []
        await venue.running.advance(3600)
        assert await frames_of_a_bid(venue, socket) == []
        await socket.send_str("PING")
        assert await socket.receive_str(timeout=PATIENCE_S) == "PONG"


async def test_one_asset_may_be_silent(venue: Faulty) -> None:
    silent, heard = venue.tokens
    async with venue.market() as socket:
        await venue.arm("silence", scope={"token": silent, "event": "book"})
        venue.trade()
        await venue.heard(socket)
        books = [event for frame in venue.skipped if (event := json.loads(frame))["event_type"] == "book"]
        assert {book["asset_id"] for book in books} == {heard}


async def test_a_snapshot_that_never_comes(venue: Faulty) -> None:
    await venue.arm("no_snapshot")
    async with venue.market() as socket:
        assert venue.skipped == []
        assert len(await frames_of_a_bid(venue, socket)) == 1


async def test_an_empty_array(venue: Faulty) -> None:
    await venue.arm("empty_array", scope={"event": "snapshot"}, count=1)
    async with venue.market():
        assert venue.skipped[0] == "[]"
        assert len(json.loads(venue.skipped[1])) == 2
    await venue.arm("empty_array", scope={"event": "snapshot"}, instead=True)
    async with venue.market():
        assert venue.skipped == ["[]"]


async def test_hashes_that_no_book_has(venue: Faulty) -> None:
    await venue.arm("wrong_hash")
    async with venue.market() as socket:
        wrong = [book["hash"] for book in json.loads(venue.skipped[0])]
        await venue.control("DELETE", "/faults")
        async with venue.market():
            right = [book["hash"] for book in json.loads(venue.skipped[0])]
        assert not set(wrong) & set(right)
        assert {len(text) for text in wrong} == {40}
        assert not socket.closed


async def test_hashes_of_the_book_before(venue: Faulty) -> None:
    await venue.arm("stale_hash", skip=1)
    async with venue.market() as socket:
        before = {book["asset_id"]: book["hash"] for book in json.loads(venue.skipped[0])}
        change: Any = json.loads((await frames_of_a_bid(venue, socket))[0])
        assert {entry["asset_id"]: entry["hash"] for entry in change["price_changes"]} == before


async def test_a_socket_that_breaks_off(venue: Faulty) -> None:
    async with venue.market() as socket:
        await venue.arm("abrupt_close", scope={"event": "price_change"})
        venue.trade(price="0.45", tif=TimeInForce.GTC)
        assert (await socket.receive(timeout=PATIENCE_S)).type in CLOSES
        assert socket.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE


@pytest.mark.parametrize("code", [1013, 1001])
async def test_a_socket_that_is_closed_with_a_code(venue: Faulty, code: int) -> None:
    async with venue.market() as socket:
        await venue.arm("close_1013", code=code, scope={"event": "price_change"})
        venue.trade(price="0.45", tif=TimeInForce.GTC)
        assert (await socket.receive(timeout=PATIENCE_S)).type in CLOSES
        assert socket.close_code == code


async def test_ping_without_an_answer(venue: Faulty) -> None:
    await venue.arm("no_pong", count=1)
    async with venue.market() as socket:
        await socket.send_str("PING")
        await venue.heard(socket)
        assert venue.skipped == []
        await socket.send_str("PING")
        assert await socket.receive_str(timeout=PATIENCE_S) == "PONG"


async def test_a_subscription_that_is_refused_though_nothing_is_wrong_with_it(venue: Faulty) -> None:
    await venue.arm("poisoned_subscription", count=1)
    async with venue.activity() as socket:
        assert [json.loads(frame)["statusCode"] for frame in venue.skipped] == [401]
        assert await venue.rows(socket) == []


async def test_rows_that_are_missing_doubled_old_or_bare(venue: Faulty) -> None:
    async with venue.activity() as socket:
        usual = await venue.rows(socket)
        await venue.arm("missing_rows", probability=1, count=1)
        await venue.arm("identical_rows", hits=[3])
        await venue.arm("hour_old_rows", hits=[5])
        await venue.arm("unenriched_rows", hits=[7])
        assert len(await venue.rows(socket)) == len(usual) - 1
        first, second, *_ = await venue.rows(socket)
        assert first == second
        old, fresh = await venue.rows(socket)
        assert fresh["timestamp"] - old["timestamp"] == 3600
        bare, _ = await venue.rows(socket)
        assert (bare["title"], bare["slug"], bare["outcomeIndex"]) == ("", "", 999)
        assert bare["transactionHash"]
