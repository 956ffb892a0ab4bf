"""A doorbell remembers one ring."""

import asyncio

from polybot.utils.clock import ManualClock
from polybot.utils.feed import Doorbell


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
