"""Locks: the strictest rules. Guards: no proof, no entry."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hypothesis import given
from hypothesis import strategies as st

from polybot.core.trading import TradingMode
from polybot.ports.trading_state import TradingLock
from polybot.safety.guards import Guard, watch
from polybot.safety.trading_locks import TradingLocks
from polybot.utils.clock import ManualClock

EXITS, RUNNING = "exits_only", "running"
RESTRICTED = "Polymarket restricts trading in US NY"


class Region:
    """A probe whose answers a test sets; it answers only while it is reachable."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.reachable = asyncio.Event()

    async def probe(self) -> str | None:
        await self.reachable.wait()
        return self.reason


@asynccontextmanager
async def watched(region: Region, clock: ManualClock) -> AsyncIterator[TradingLocks]:
    trading = TradingLocks()
    guard = Guard("region", TradingMode.EXITS_ONLY, 60.0, region.probe)
    task = asyncio.create_task(watch(guard, trading, clock), name="guard")
    await clock.advance(0)
    try:
        yield trading
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_entries_are_locked_until_the_first_answer() -> None:
    region, clock = Region(), ManualClock()
    async with watched(region, clock) as trading:
        assert trading.mode.value == EXITS
        assert [lock.reason for lock in trading.locks] == ["not checked yet"]
        region.reachable.set()
        await clock.advance(0)
        assert trading.mode.value == RUNNING


async def test_a_block_allows_exits_only_and_is_lifted_when_it_ends() -> None:
    region, clock = Region(), ManualClock()
    region.reachable.set()
    async with watched(region, clock) as trading:
        region.reason = RESTRICTED
        await clock.advance(60)
        assert trading.mode.value == EXITS
        assert [lock.reason for lock in trading.locks] == [RESTRICTED]
        region.reason = None
        await clock.advance(60)
        assert trading.mode.value == RUNNING


async def test_a_guard_that_starts_anew_locks_anew() -> None:
    region, clock = Region(), ManualClock()
    async with watched(region, clock) as trading:
        assert trading.mode.value == EXITS


def test_lifting_a_lock_that_is_not_set_changes_nothing() -> None:
    trading = TradingLocks()
    trading.unlock("region")
    assert trading.mode.value == RUNNING


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([*TradingMode, None]))))
def test_the_strictest_lock_rules_and_each_is_lifted_by_its_name(steps: list[tuple[str, TradingMode | None]]) -> None:
    trading, expected = TradingLocks(), dict[str, TradingMode]()
    for name, mode in steps:
        if mode is None:
            trading.unlock(name)
            expected.pop(name, None)
        else:
            trading.lock(TradingLock(name, mode, "because"))
            expected[name] = mode
        strictest = [m for m in (TradingMode.HALTED, TradingMode.EXITS_ONLY) if m in expected.values()]
        assert trading.mode is (strictest[0] if strictest else TradingMode.RUNNING)
        assert {lock.name: lock.mode for lock in trading.locks} == expected


async def test_a_lock_is_looked_at_again_within_seconds() -> None:
    region, clock = Region(), ManualClock()
    region.reachable.set()
    region.reason = RESTRICTED
    async with watched(region, clock) as trading:
        region.reason = None
        await clock.advance(5)
        assert trading.mode is TradingMode.RUNNING
