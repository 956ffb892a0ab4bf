import asyncio

import pytest

from polybot.simulator.rest.cdn import MAX_ANSWERS, Cdn
from polybot.simulator.rest.keys import ApiKeys, KeyExists
from polybot.simulator.simclock import SimClock
from polybot.simulator.streams.outbox import Outbox
from polybot.utils.clock import ManualClock


def test_a_full_outbox_counts_what_it_drops() -> None:
    outbox = Outbox(limit=2)
    for frame in "abcd":
        outbox.offer(frame)
    assert outbox.lost == 2


async def test_the_cdn_repeats_an_answer_until_it_is_too_old() -> None:
    clock = ManualClock()
    cdn = Cdn(clock)
    cdn.store("/a", status=200, body=b"old", trace_id="t")
    await clock.advance(14.0)
    kept = cdn.find("/a", max_age_s=15.0)
    assert kept is not None
    assert (kept.body, cdn.age_s(kept)) == (b"old", 14.0)
    assert cdn.find("/a?_=1", max_age_s=15.0) is None
    await clock.advance(1.0)
    assert cdn.find("/a", max_age_s=15.0) is None


def test_the_cdn_keeps_no_error() -> None:
    cdn = Cdn(ManualClock())
    cdn.store("/a", status=400, body=b"", trace_id="t")
    assert cdn.find("/a", max_age_s=15.0) is None


def test_the_cdn_forgets_the_oldest_of_many_answers() -> None:
    cdn = Cdn(ManualClock())
    for number in range(MAX_ANSWERS + 1):
        cdn.store(f"/a?_={number}", status=200, body=b"", trace_id="t")
    assert cdn.find("/a?_=0", max_age_s=15.0) is None
    assert cdn.find("/a?_=1", max_age_s=15.0) is not None


def test_keys_belong_to_address_and_nonce() -> None:
    keys = ApiKeys(seed=1)
    made = keys.create("0xAB", nonce=0)
    with pytest.raises(KeyExists):
        keys.create("0xab", nonce=0)
    assert keys.derive("0xaB", nonce=0) == keys.find(made.key) == made
    assert keys.label("0xab") == made.key
    assert keys.derive("0xab", nonce=1) is None
    assert made.secret not in repr(made)
    keys.delete(made)
    assert keys.of("0xab") == []


async def test_a_pushed_clock_wakes_its_sleepers() -> None:
    machine = ManualClock()
    clock = SimClock(machine, start_ns=5_000_000_000, speed=10.0)
    async with asyncio.TaskGroup() as tasks:
        sleeper = tasks.create_task(clock.sleep(3600.0), name="sleeper")
        await asyncio.sleep(0)
        assert not sleeper.done()
        await clock.advance(3600.0)
    assert clock.now_ns() == 3605_000_000_000


async def test_speed_changes_do_not_move_the_present() -> None:
    machine = ManualClock()
    clock = SimClock(machine, start_ns=0, speed=10.0)
    await machine.advance(1.0)
    clock.set_speed(2.0)
    assert clock.monotonic() == 10.0
    await machine.advance(1.0)
    assert clock.monotonic() == 12.0
    with pytest.raises(ValueError, match="above 0"):
        clock.set_speed(0)
