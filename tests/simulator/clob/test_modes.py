"""Restarts and the other modes, as a caller meets them."""

import aiohttp
from clob_venue import Venue, open_venue

from caller import Caller
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.rest.clob_options import ClobOptions, WeeklyTime
from polybot.simulator.rest.modes import Mode, Modes
from simulated_venue import V1

POST_ONLY = "post-only mode: only post-only orders and cancels are allowed"
HOUR_NS = 3600 * 1_000_000_000
MONDAY_NS = 1_795_392_000 * 1_000_000_000
"""2026-11-23, 00:00 UTC."""


async def test_a_restart_goes_from_425_over_post_only_to_normal(venue: Venue, caller: Caller) -> None:
    market = venue.running.market(V1)
    resting = caller.order(market)
    assert (await caller.post(resting))[0] == 200
    assert await venue.control("/modes", mode="restart") == {"mode": "restarting", "left_s": 90}
    for method, path, body in (
        ("POST", "/order", caller.order(market).body),
        ("POST", "/orders", b"[]"),
        ("DELETE", "/order", b'{"orderID":"0x"}'),
        ("DELETE", "/orders", b"[]"),
        ("DELETE", "/cancel-all", b""),
        ("DELETE", "/cancel-market-orders", b"{}"),
    ):
        assert (await caller.l2(method, path, body=body))[0] == 425
        assert 80 <= int(caller.headers["Retry-After"]) <= 90
    assert (await caller.l2("GET", "/data/orders"))[1]["count"] == 1

    await venue.running.advance(91)
    status, body = await caller.post(caller.order(market))
    assert (status, body["error"], body["code"]) == (503, POST_ONLY, "post_only_mode")
    assert 100 <= body["retry_after_seconds"] <= 120
    assert (await caller.post(caller.order(market, post_only=True)))[0] == 200
    assert (await caller.l2("DELETE", "/order", body=b'{"orderID":"%s"}' % resting.id.encode()))[0] == 200

    await venue.running.advance(121)
    assert (await caller.post(caller.order(market)))[0] == 200


async def test_in_post_only_mode_a_batch_is_refused_order_by_order(venue: Venue, caller: Caller) -> None:
    market = venue.running.market(V1)
    venue.running.simulator.modes.set(Mode.POST_ONLY)
    plain, quiet = caller.order(market), caller.order(market, post_only=True)
    _, legs = await caller.l2("POST", "/orders", body=b"[" + plain.body + b"," + quiet.body + b"]")
    assert [leg["errorMsg"] for leg in legs] == [POST_ONLY, ""]


async def test_cancel_only_refuses_orders_and_lets_cancels_through(venue: Venue, caller: Caller) -> None:
    order = caller.order(venue.running.market(V1))
    await caller.post(order)
    await venue.control("/modes", mode="cancel_only", for_s=60)
    words = "Trading is currently cancel-only. New orders are not accepted, but cancels are allowed."
    assert await caller.post(caller.order(venue.running.market(V1))) == (503, {"error": words})
    assert (await caller.l2("DELETE", "/cancel-all"))[1]["canceled"] == [order.id]
    await venue.running.advance(61)
    assert (await caller.post(caller.order(venue.running.market(V1))))[0] == 200


async def subscribed(session: aiohttp.ClientSession, venue: Venue) -> aiohttp.ClientWebSocketResponse:
    socket = await session.ws_connect(venue.running.urls.ws_market)
    await socket.send_json({"type": "market", "assets_ids": [venue.running.market(V1).outcomes[0].token]})
    assert [book["event_type"] for book in await socket.receive_json()] == ["book"]
    return socket


async def test_after_a_restart_the_market_socket_tells_its_books_again(venue: Venue) -> None:
    socket = await subscribed(venue.session, venue)
    await venue.control("/modes", mode="restart")
    await venue.running.advance(91)
    assert [book["event_type"] for book in await socket.receive_json()] == ["book"]


async def test_a_restart_may_drop_the_market_sockets() -> None:
    async with open_venue(ClobOptions(restart_drops_sockets=True)) as venue:
        socket = await subscribed(venue.session, venue)
        await venue.control("/modes", mode="restart")
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == aiohttp.WSCloseCode.SERVICE_RESTART


def test_a_mode_that_was_changed_does_not_end_with_its_old_time() -> None:
    agenda = Agenda(now_ns=0)
    modes = Modes(agenda, ClobOptions())
    modes.set(Mode.CANCEL_ONLY, for_s=10)
    modes.set(Mode.DISABLED)
    agenda.run_until(60 * 1_000_000_000)
    assert modes.mode is Mode.DISABLED
    modes.set(Mode.NORMAL)
    assert modes.left_s == 0


def test_the_weekly_restart_comes_every_week() -> None:
    agenda = Agenda(now_ns=MONDAY_NS)
    modes = Modes(agenda, ClobOptions(weekly_restart=WeeklyTime(weekday=1, hour=12)))
    restarts: list[int] = []
    modes.on_restart.append(lambda: restarts.append(agenda.now_ns))
    agenda.run_until(MONDAY_NS + 14 * 24 * HOUR_NS)
    assert restarts == [MONDAY_NS + 36 * HOUR_NS, MONDAY_NS + (36 + 7 * 24) * HOUR_NS]


async def test_the_lengths_are_options() -> None:
    async with open_venue(ClobOptions(restart_s=5, post_only_s=10)) as venue:
        assert (await venue.control("/modes", mode="restart"))["left_s"] == 5
        seen = []
        for seconds in (6, 10):
            await venue.running.advance(seconds)
            seen.append(venue.running.simulator.modes.mode)
        assert seen == [Mode.POST_ONLY, Mode.NORMAL]
