"""Token buckets per signer and sliding windows per address."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from clob_venue import Venue, open_venue
from hypothesis import given
from hypothesis import strategies as st

from caller import Caller
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.rest.clob_options import ClobOptions, Limiting
from polybot.simulator.rest.limits import TIERS, IpLimits, SignerLimits, Window
from polybot.simulator.rest.replies import Refusal, reply
from polybot.utils.clock import ManualClock
from simulated_venue import V1

NS = 1_000_000_000
SIGNER = "0x" + "aa" * 20


async def test_orders_and_cancels_tell_what_is_left(venue: Venue, caller: Caller) -> None:
    order = caller.order(venue.running.market(V1))
    await caller.post(order)
    assert caller.headers["Poly-RateLimit-Remaining"] == "59"
    assert caller.headers["Poly-RateLimit-Tier"] == "Standard"
    assert abs(int(caller.headers["Poly-RateLimit-Reset"]) - caller.now_s()) <= 5
    assert "Poly-RateLimit-Warning" not in caller.headers
    await caller.l2("DELETE", "/cancel-all")
    assert caller.headers["Poly-RateLimit-Remaining"] == "118"
    await caller.post(caller.order(venue.running.market(V1), shares="4"))
    assert "Poly-RateLimit-Remaining" in caller.headers


async def test_the_tier_can_be_asked_for_and_set(venue: Venue, caller: Caller) -> None:
    assert await caller.l2("GET", "/v1/user/rate-limit-tier") == (200, {"tier": "Standard"})
    await venue.control("/tiers", wallet=caller.account.wallet, tier="Elite")
    assert await caller.l2("GET", "/v1/user/rate-limit-tier") == (200, {"tier": "Elite"})


async def test_too_many_orders_are_refused_with_a_time_to_come_back() -> None:
    async with open_venue() as venue:
        caller = await venue.caller()
        market = venue.running.market(V1)
        batch = b"[" + b",".join(caller.order(market, shares="4").body for _ in range(15)) + b"]"
        statuses = [(await caller.l2("POST", "/orders", body=batch))[0] for _ in range(8)]
        assert 429 in statuses
        assert int(caller.headers["Retry-After"]) >= 1
        await venue.running.advance(2)
        assert (await caller.l2("POST", "/orders", body=batch))[0] == 200


async def test_limits_can_be_switched(venue: Venue, caller: Caller) -> None:
    assert await venue.control("/limits") == {"signers": "enforced", "addresses": False}
    assert await venue.control("/limits", signers="off") == {"signers": "off", "addresses": False}
    await caller.post(caller.order(venue.running.market(V1)))
    assert "Poly-RateLimit-Remaining" not in caller.headers
    assert (await venue.control("/limits", addresses=True))["addresses"] is True
    assert (await caller.call("GET", "/ok"))[0] == 200


def buckets(tier: str = "Standard", limiting: Limiting = Limiting.ENFORCED) -> tuple[Agenda, SignerLimits]:
    agenda = Agenda(now_ns=1_795_000_000 * NS)
    return agenda, SignerLimits(agenda, ClobOptions(signer_tier=tier, signer_limits=limiting))


def refused(limits: SignerLimits, count: int, *, cancels: bool = False) -> Refusal | None:
    try:
        limits.take_cancels(SIGNER, count) if cancels else limits.take_orders(SIGNER, count)
    except Refusal as refusal:
        return refusal
    return None


def test_a_batch_is_taken_whole_or_not_at_all() -> None:
    agenda, limits = buckets()
    limits.take_orders(SIGNER, 50)
    refusal = refused(limits, 15)
    assert refusal is not None
    assert refusal.status == 429
    assert refusal.headers["Poly-RateLimit-Remaining"] == "10"
    assert refusal.headers["Retry-After"] == "1"
    agenda.run_until(agenda.now_ns + NS // 8)
    assert refused(limits, 15) is None


def test_lower_tiers_may_overdraw_their_cancels_and_higher_ones_not() -> None:
    agenda, limits = buckets("Standard")
    assert refused(limits, 1000, cancels=True) is None
    refusal = refused(limits, 1, cancels=True)
    assert refusal is not None
    assert int(refusal.headers["Poly-RateLimit-Remaining"]) == -880
    assert int(refusal.headers["Retry-After"]) == 12
    agenda.run_until(agenda.now_ns + 12 * NS)
    assert refused(limits, 1, cancels=True) is None

    _, limits = buckets("Platinum")
    assert refused(limits, 1000, cancels=True) is None
    assert refused(limits, 1000, cancels=True) is not None


def test_in_warning_mode_nothing_is_refused_but_said() -> None:
    _, limits = buckets(limiting=Limiting.WARNING)
    limits.take_orders(SIGNER, 60)
    assert limits.take_orders(SIGNER, 1)["Poly-RateLimit-Warning"] == "true"


@given(st.lists(st.tuples(st.integers(0, 2 * NS), st.integers(1, 15)), max_size=60), st.sampled_from(sorted(TIERS)))
def test_no_signer_ever_gets_more_than_burst_and_rate(asked: list[tuple[int, int]], tier: str) -> None:
    agenda, limits = buckets(tier)
    start, taken = agenda.now_ns, 0
    for wait_ns, count in asked:
        agenda.run_until(agenda.now_ns + wait_ns)
        if refused(limits, count) is None:
            taken += count
        allowed = TIERS[tier].orders_burst + (agenda.now_ns - start) * TIERS[tier].orders_s // NS
        assert taken <= allowed


@pytest.fixture
async def limited() -> AsyncIterator[tuple[str, ManualClock]]:
    """A service of five requests in ten seconds."""
    clock = ManualClock()
    limits = IpLimits(clock, enforced=True, windows=(Window("clob", "GET", "/book", 5),))

    async def book(_request: web.Request) -> web.StreamResponse:
        return reply("a book")

    app = web.Application(middlewares=[limits.around("clob")])
    app.add_routes([web.get("/book", book), web.get("/ok", book)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", clock
    finally:
        await runner.cleanup()


async def test_who_asks_too_often_waits_and_then_is_refused(limited: tuple[str, ManualClock]) -> None:
    url, clock = limited
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        for _ in range(5):
            assert (await session.get(f"{url}/book")).status == 200
        asked = [group.create_task(session.get(f"{url}/book"), name=f"asked-{n}") for n in range(6)]
        (first,), held = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        refusal = first.result()
        assert (refusal.status, refusal.content_type) == (429, "text/html")
        assert (refusal.headers["Server"], refusal.headers["Retry-After"]) == ("cloudflare", "21")
        assert (await session.get(f"{url}/ok")).status == 200
        await clock.advance(10)
        assert [(await task).status for task in held] == [200] * 5
