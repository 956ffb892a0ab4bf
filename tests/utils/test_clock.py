import asyncio
import time

from polybot.utils.clock import Clock, ManualClock, SystemClock

START_NS = 1_700_000_000_000_000_000


async def sleeper(clock: Clock, seconds: float, seen: list[tuple[float, float]]) -> None:
    await clock.sleep(seconds)
    seen.append((seconds, clock.monotonic()))


async def test_advancing_wakes_sleepers_in_order_each_at_its_own_time() -> None:
    clock, seen = ManualClock(now_ns=START_NS), list[tuple[float, float]]()
    async with asyncio.TaskGroup() as group:
        for seconds in (3, 1, 2):
            group.create_task(sleeper(clock, seconds, seen), name=f"sleeper-{seconds}")
        await clock.advance(2.5)
        assert seen == [(1, 1.0), (2, 2.0)]
        assert clock.now_ns() == START_NS + 2_500_000_000
        await clock.advance(0.5)
    assert seen[-1] == (3, 3.0)


async def test_a_loop_that_sleeps_runs_once_for_each_period() -> None:
    clock, ticks = ManualClock(), list[float]()

    async def tick() -> None:
        while len(ticks) < 3:
            await clock.sleep(20)
            ticks.append(clock.monotonic())

    async with asyncio.TaskGroup() as group:
        group.create_task(tick(), name="tick")
        await clock.advance(60)
    assert ticks == [20.0, 40.0, 60.0]


async def test_manual_time_stands_still_by_itself() -> None:
    clock = ManualClock()
    await clock.sleep(0)
    assert clock.monotonic() == 0


async def test_a_sleeper_that_was_cancelled_is_not_woken() -> None:
    clock, seen = ManualClock(), list[tuple[float, float]]()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(sleeper(clock, 1, seen), name="sleeper")
        await clock.advance(0.5)
        task.cancel()
        await clock.advance(1)
    assert seen == []


async def test_the_system_clock_tells_the_machines_time() -> None:
    clock = SystemClock()
    before = time.time_ns(), time.monotonic(), time.perf_counter_ns()
    await clock.sleep(-1)
    after = clock.now_ns(), clock.monotonic(), clock.perf_ns()
    assert all(a <= b for a, b in zip(before, after, strict=True))
