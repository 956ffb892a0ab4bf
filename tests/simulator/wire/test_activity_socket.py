from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from polybot.core.market import Side
from polybot.core.money import Shares, Usdc
from polybot.core.orders import SignatureType
from polybot.simulator.engine.agenda import Agenda
from polybot.simulator.faults.engine import Faults
from polybot.simulator.options import Options
from polybot.simulator.streams.activity import ActivityFeed
from polybot.simulator.streams.outbox import Sockets, connection_id
from simulated_venue import V1, Running

PAYLOAD = {"slug": "will-it-rain", "eventSlug": "weather", "proxyWallet": "0xAb", "size": 5}
BOTH = [{"topic": "activity", "type": "trades"}, {"topic": "activity", "type": "orders_matched"}]


@pytest.fixture
async def feed() -> AsyncIterator[tuple[ActivityFeed, TestServer]]:
    faults = Faults(Agenda(now_ns=0), seed=0)
    activity = ActivityFeed(sockets=Sockets(queue_limit=8), options=Options(), faults=faults)
    app = web.Application()
    app.router.add_get("/", activity.connect)
    server = TestServer(app)
    await server.start_server()
    yield activity, server
    await server.close()


async def ask(socket: aiohttp.ClientWebSocketResponse, *subscriptions: dict[str, Any]) -> None:
    await socket.send_json({"action": "subscribe", "subscriptions": list(subscriptions)})


async def synced(socket: aiohttp.ClientWebSocketResponse) -> None:
    """The server has read everything sent so far: it answers this subscription at once."""
    await ask(socket, {"topic": "no_such_topic", "type": "update"})
    assert (await socket.receive_json())["statusCode"] == 401


async def test_the_first_frame_is_empty_and_a_fill_reaches_whoever_asked(feed: tuple[ActivityFeed, TestServer]) -> None:
    activity, server = feed
    async with aiohttp.ClientSession() as session, session.ws_connect(server.make_url("/")) as socket:
        assert await socket.receive_str() == ""
        await ask(socket, *BOTH)
        await socket.send_str("PING")
        await synced(socket)
        activity.publish(type_="trades", payload=PAYLOAD, at_ms=1)
        frame = await socket.receive_json()
        assert frame["topic"] == "activity"
        assert frame["type"] == "trades"
        assert frame["timestamp"] == 1
        assert frame["payload"] == PAYLOAD
        assert frame["connection_id"]


@pytest.mark.parametrize(
    ("filters", "heard"),
    [
        ('{"market_slug":"will-it-rain"}', True),
        ('{"event_slug":"weather"}', True),
        ('{"event_slug":"sports"}', False),
        ('{"proxyWallet":"0xAb"}', False),
        ('{"market_slug": "will-it-rain"}', False),
        ("nonsense", False),
    ],
)
async def test_only_slug_filters_without_blanks_deliver(
    feed: tuple[ActivityFeed, TestServer], filters: str, heard: bool
) -> None:
    activity, server = feed
    async with aiohttp.ClientSession() as session, session.ws_connect(server.make_url("/")) as socket:
        await socket.receive_str()
        await ask(socket, {"topic": "activity", "type": "trades", "filters": filters})
        await synced(socket)
        activity.publish(type_="trades", payload=PAYLOAD, at_ms=1)
        await ask(socket, {"topic": "no_such_topic", "type": "update"})
        assert ("payload" in await socket.receive_json()) is heard


async def test_one_unknown_topic_spoils_the_whole_request(feed: tuple[ActivityFeed, TestServer]) -> None:
    activity, server = feed
    async with aiohttp.ClientSession() as session, session.ws_connect(server.make_url("/")) as socket:
        await socket.receive_str()
        await ask(socket, *BOTH, {"topic": "definitely_not_a_topic", "type": "update"})
        refused = await socket.receive_json()
        assert refused["statusCode"] == 401
        assert "definitely_not_a_topic" in refused["body"]["message"]
        activity.publish(type_="trades", payload=PAYLOAD, at_ms=1)
        await synced(socket)


async def test_a_slow_reader_is_cut_off_and_others_are_not(feed: tuple[ActivityFeed, TestServer]) -> None:
    activity, server = feed
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.make_url("/")) as slow,
        session.ws_connect(server.make_url("/")) as quick,
    ):
        for socket in (slow, quick):
            await socket.receive_str()
        await ask(slow, *BOTH)
        await synced(slow)
        for number in range(20):  # no reader can keep up: the loop is not left
            activity.publish(type_="trades", payload=PAYLOAD, at_ms=number)
        while (message := await slow.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert slow.close_code == 1013
        await ask(quick, *BOTH)
        await synced(quick)
        activity.publish(type_="trades", payload=PAYLOAD, at_ms=1)
        assert (await quick.receive_json())["payload"] == PAYLOAD


async def test_a_reader_that_stops_reading_blocks_nobody(feed: tuple[ActivityFeed, TestServer]) -> None:
    activity, server = feed
    bulky = {**PAYLOAD, "title": "x" * 1_000_000}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(server.make_url("/"), max_msg_size=0) as stuck,
        session.ws_connect(server.make_url("/"), max_msg_size=0) as quick,
    ):
        for socket in (stuck, quick):
            await socket.receive_str()
            await ask(socket, *BOTH)
            await synced(socket)
        connection = stuck._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.pause_reading()
        for number in range(30):
            activity.publish(type_="trades", payload=bulky, at_ms=number)
            assert (await quick.receive_json())["timestamp"] == number
        connection.transport.resume_reading()
        while (message := await stuck.receive(timeout=10)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == 1013


async def test_a_second_request_adds_and_another_takes_away(feed: tuple[ActivityFeed, TestServer]) -> None:
    activity, server = feed
    async with aiohttp.ClientSession() as session, session.ws_connect(server.make_url("/")) as socket:
        await socket.receive_str()
        await ask(socket, BOTH[0])
        await ask(socket, BOTH[1])
        await synced(socket)
        for kind in ("trades", "orders_matched"):
            activity.publish(type_=kind, payload=PAYLOAD, at_ms=1)
        assert [(await socket.receive_json())["type"] for _ in range(2)] == ["trades", "orders_matched"]
        await socket.send_json({"action": "unsubscribe", "subscriptions": [BOTH[0]]})
        await synced(socket)
        for kind in ("trades", "orders_matched"):
            activity.publish(type_=kind, payload=PAYLOAD, at_ms=1)
        assert (await socket.receive_json())["type"] == "orders_matched"


async def test_who_sends_no_ping_hears_nothing_after_a_while(simulator: Running) -> None:
    simulator.simulator.desk.open_account(signature_type=SignatureType.EOA, balance=Usdc.parse("1000"), name="alice")
    async with aiohttp.ClientSession() as session, session.ws_connect(simulator.urls.ws_activity) as socket:
        await socket.receive_str()
        await ask(socket, *BOTH)
        await synced(socket)
        await simulator.advance(361)
        await bought(simulator)
        await synced(socket)
        await socket.send_str("PING")
        await synced(socket)
        await bought(simulator)
        assert "payload" in await socket.receive_json(timeout=5)


async def bought(simulator: Running) -> None:
    token = simulator.market(V1).outcomes[0].token
    simulator.simulator.desk.trade(trader="alice", token=token, side=Side.BUY, size=Shares.parse("10"))
    await simulator.advance(10)


async def test_a_fill_on_the_wire(simulator: Running) -> None:
    """The taker's row first, wallets in mixed case, whole seconds; connection ids the same in every run."""
    simulator.simulator.desk.open_account(signature_type=SignatureType.EOA, balance=Usdc.parse("1000"), name="alice")
    async with aiohttp.ClientSession() as session, session.ws_connect(simulator.urls.ws_activity) as socket:
        await socket.receive_str()
        await ask(socket, BOTH[0])
        await synced(socket)
        await bought(simulator)
        taker, maker = [await socket.receive_json(timeout=5) for _ in range(2)]
    assert (taker["payload"]["name"], taker["payload"]["side"], maker["payload"]["side"]) == ("alice", "BUY", "SELL")
    assert taker["payload"]["transactionHash"] == maker["payload"]["transactionHash"]
    wallet = taker["payload"]["proxyWallet"]
    assert wallet not in {wallet.lower(), wallet.upper()}
    assert taker["payload"]["timestamp"] < 10**10 < taker["timestamp"]
    assert ("fee" in taker["payload"], "fee" in maker["payload"]) == (True, False)
    assert taker["connection_id"] == connection_id(1, seed=0)
