"""Cloudflare's limits per address at the venue itself: held back, then refused as a page."""

import asyncio

import aiohttp
from clob_venue import Venue

ASKED = 100
"""So many requests for /ok pass in ten seconds."""


async def test_who_floods_the_venue_is_held_back_and_then_refused(venue: Venue) -> None:
    await venue.control("/limits", addresses=True)
    url, clock = venue.running.urls.clob, venue.running.clock
    for _ in range(ASKED):
        async with venue.session.get(url + "/ok") as answer:
            assert answer.status == 200
    connector = aiohttp.TCPConnector(limit=2 * ASKED)
    async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:
        asked = [group.create_task(session.get(url + "/ok"), name=f"asked-{n}") for n in range(ASKED + 1)]
        [refused], held = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        page = refused.result()
        assert (page.status, page.content_type, page.headers["Server"]) == (429, "text/html", "cloudflare")
        assert int(page.headers["Retry-After"]) > 10
        async with venue.session.get(url + "/time") as other:
            assert other.status == 200
        before_ns = clock.now_ns()
        await venue.running.advance(10)
        assert [(await task).status for task in held] == [200] * ASKED
        assert clock.now_ns() - before_ns >= 10 * 10**9
