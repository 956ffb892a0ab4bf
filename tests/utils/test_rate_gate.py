"""Token buckets: never more than the limit in any window, and room that only priority callers may use."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polybot.polymarket.limits import GROUPS, LIMITS, Group, polymarket_gate
from polybot.utils.clock import ManualClock
from polybot.utils.rate_gate import Limit, RateGate
from polybot.utils.retry import Backoff, ReadRetry, parse_retry_after


def gate(clock: ManualClock, **limits: Limit) -> RateGate:
    return RateGate(limits=limits, groups={"g": tuple(limits)}, clock=clock)


async def passed(gate: RateGate, clock: ManualClock, *, callers: int, within_s: float, priority: bool = False) -> int:
    """How many of `callers` that arrive together are through after `within_s`."""
    through = 0

    async def call() -> None:
        nonlocal through
        await gate.claim("g", priority=priority)
        through += 1

    tasks = [asyncio.ensure_future(call()) for _ in range(callers)]
    await clock.advance(within_s)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return through


async def test_a_burst_passes_at_once_and_the_rest_at_the_steady_rate() -> None:
    clock = ManualClock()
    assert await passed(gate(clock, a=Limit(10, 5)), clock, callers=30, within_s=0) == 10
    clock = ManualClock()
    assert await passed(gate(clock, a=Limit(10, 5)), clock, callers=30, within_s=2) == 14


async def test_the_tightest_of_several_limits_rules() -> None:
    clock = ManualClock()
    both = gate(clock, short=Limit(10, 1), long=Limit(12, 60))
    assert await passed(both, clock, callers=40, within_s=5) == 13


async def test_ordinary_callers_cannot_use_the_reserved_room() -> None:
    clock = ManualClock()
    shared = gate(clock, a=Limit(10, 10, reserved_share=0.3))
    assert await passed(shared, clock, callers=50, within_s=0) == 7
    assert await passed(shared, clock, callers=50, within_s=0, priority=True) == 3


async def test_priority_callers_may_use_everything() -> None:
    clock = ManualClock()
    assert (
        await passed(gate(clock, a=Limit(10, 10, reserved_share=0.3)), clock, callers=50, within_s=0, priority=True)
        == 10
    )


async def test_a_batch_costs_its_items_only_where_items_count() -> None:
    clock = ManualClock()
    mixed = gate(clock, requests=Limit(100, 1), items=Limit(60, 1.5, per_item=True))
    assert await mixed.claim("g", items=60) == 0
    waiting = asyncio.ensure_future(mixed.claim("g", items=20))
    await clock.advance(0.6)
    assert await waiting == pytest.approx(0.5)


async def test_a_hold_stops_the_whole_group() -> None:
    clock = ManualClock()
    held = gate(clock, a=Limit(100, 1))
    held.hold("g", seconds=4)
    assert await passed(held, clock, callers=5, within_s=3.9) == 0
    assert await passed(held, clock, callers=5, within_s=0.2) == 5


@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60))
def test_no_window_ever_holds_more_than_burst_plus_refill(arrivals: list[tuple[float, bool]]) -> None:
    """Full bucket at the start plus what one window refills: twice the tokens at most."""

    async def run() -> list[float]:
        clock = ManualClock()
        shared = gate(clock, a=Limit(5, 2, reserved_share=0.4))
        times: list[float] = []

        async def call(*, priority: bool) -> None:
            await shared.claim("g", priority=priority)
            times.append(clock.monotonic())

        tasks = []
        for gap, priority in arrivals:
            tasks.append(asyncio.ensure_future(call(priority=priority)))
            await clock.advance(gap)
        await clock.advance(500)
        await asyncio.gather(*tasks)
        return times

    times = asyncio.run(run())
    assert len(times) == len(arrivals)
    for start in times:
        assert sum(start <= at < start + 2 - 1e-6 for at in times) <= 10


def test_every_group_draws_from_limits_that_exist() -> None:
    assert set(GROUPS) == set(Group)
    assert {name for names in GROUPS.values() for name in names} == set(LIMITS)
    polymarket_gate(ManualClock())


async def test_one_signer_may_send_forty_orders_a_second_after_a_burst_of_sixty() -> None:
    clock = ManualClock()
    venue = polymarket_gate(clock)
    waits = [asyncio.ensure_future(venue.claim(Group.CLOB_POST_ORDER)) for _ in range(100)]
    await clock.advance(1.0)
    assert all(wait.done() for wait in waits)
    assert sum(wait.result() == 0 for wait in waits) == 60


def test_backoff_is_full_jitter_under_a_doubling_ceiling() -> None:
    backoff = Backoff(base_s=1, cap_s=10)
    assert [backoff.delay_s(n, lambda: 0.5) for n in range(6)] == [0.5, 1, 2, 4, 5, 5]
    assert backoff.delay_s(10**9, lambda: 0.0) == 0


def test_a_read_gives_up_after_its_attempts_or_when_told_to_wait_too_long() -> None:
    policy = ReadRetry(attempts=2, backoff=Backoff(base_s=1), max_pause_s=30)
    assert policy.delay_s(0, retry_after_s=None, random=lambda: 0.5) == 0.5
    assert policy.delay_s(0, retry_after_s=3, random=lambda: 0.5) == 3.5
    assert policy.delay_s(0, retry_after_s=31, random=lambda: 0.5) is None
    assert policy.delay_s(1, retry_after_s=None, random=lambda: 0.5) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-4", None),
        ("inf", None),
        ("nan", None),
        ("Wed, 18 Nov 2026 11:07:10 GMT", 30.0),
        ("Wed, 18 Nov 2026 11:00:00 GMT", 0.0),
        ("whenever", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert parse_retry_after(text, now_ns=1_795_000_000_000_000_000) == seconds
