"""A doorbell remembers one ring; a feed keeps the newest and counts what it lost."""

import asyncio

import pytest

from polybot.utils.clock import ManualClock
from polybot.utils.feed import Doorbell, Feed


async def test_a_ring_before_waiting_is_heard_once() -> None:
    bell, clock = Doorbell(), ManualClock()
    bell.ring()
    bell.ring()
    assert await bell.heard(within_s=5, clock=clock)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(bell.heard(within_s=5, clock=clock), name="waiting")
        await clock.advance(6)
    assert waiting.result() is False


async def test_a_ring_ends_the_wait_at_once() -> None:
    bell, clock = Doorbell(), ManualClock()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(bell.heard(within_s=3600, clock=clock), name="waiting")
        await clock.advance(1)
        bell.ring()
    assert waiting.result() is True
    assert clock.monotonic() == 1


async def test_a_full_feed_drops_the_oldest_and_says_how_many() -> None:
    feed: Feed[int] = Feed(2)
    for item in range(5):
        feed.offer(item)
    assert feed.lost == 3
    assert [await feed.take(), await feed.take()] == [3, 4]


async def test_taking_waits_for_an_item() -> None:
    feed: Feed[str] = Feed(1)
    async with asyncio.TaskGroup() as group:
        taking = group.create_task(feed.take(), name="taking")
        await asyncio.sleep(0)
        feed.offer("news")
    assert taking.result() == "news"


def test_a_feed_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Feed(0)
