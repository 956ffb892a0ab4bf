"""The reconnecting socket against services that close, stall, overflow or are not there."""

import json

import pytest
from socket_service import Meters, aborts, closes_after, running, sends, serving, take, until

from polybot.polymarket.streams.socket import Down, Frame, Inbox, ReconnectingSocket, SocketOptions, Up
from polybot.utils.clock import ManualClock, SystemClock
from polybot.utils.retry import Backoff

QUICK = SocketOptions(backoff=Backoff(base_s=0.001, cap_s=0.002))


def socket_to(
    url: str, inbox: Inbox, *, options: SocketOptions = QUICK, meters: Meters | None = None
) -> ReconnectingSocket:
    return ReconnectingSocket(
        url, name="s", inbox=inbox, hello=lambda: ['{"hi":1}'], clock=SystemClock(), options=options, telemetry=meters
    )


def read(item: tuple[str, Frame | Up | Down]) -> str:
    match item[1]:
        case Frame(data):
            return data
        case Up(number):
            return f"up {number}"
        case Down(reason):
            return f"down {reason}"


async def test_hello_is_the_first_frame_of_every_connection() -> None:
    inbox = Inbox(100)
    async with serving(closes_after("a"), sends("b")) as service:
        socket = socket_to(service.url, inbox)
        async with running(socket.run):
            seen = [read(item) for item in await take(inbox.stream(), 5)]
            hellos = [await service.next_received() for _ in range(2)]
    assert seen == ["up 1", "a", "down closed 1013", "up 2", "b"]
    assert hellos == ['{"hi":1}'] * 2
    assert (socket.connections, socket.connected) == (2, False)


async def test_an_aborted_connection_is_made_again() -> None:
    inbox = Inbox(100)
    async with serving(aborts, sends("b")) as service, running(socket_to(service.url, inbox).run):
        seen = [read(item) for item in await take(inbox.stream(), 4)]
    assert (seen[0], seen[2:]) == ("up 1", ["up 2", "b"])
    assert seen[1].startswith("down")


async def test_a_service_that_is_not_there_is_tried_until_it_is() -> None:
    inbox, meters = Inbox(100), Meters()
    async with serving(sends("a")) as service:
        url = service.url
    socket = socket_to(url, inbox, meters=meters)
    async with running(socket.run):
        await until(lambda: meters.counts[("socket_down", "s", "ClientConnectorError")] >= 3)
        assert not socket.connected
        assert not await socket.send("x")


async def test_empty_frames_and_pongs_are_no_data_and_binary_ones_are_counted() -> None:
    inbox, meters = Inbox(100), Meters()
    async with (
        serving(sends("", "PONG", b"\x00", "data")) as service,
        running(socket_to(service.url, inbox, meters=meters).run),
    ):
        seen = [read(item) for item in await take(inbox.stream(), 2)]
    assert seen == ["up 1", "data"]
    assert meters.counts[("socket_garbage", "s", "binary")] == 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (SocketOptions(ping_every_s=1, pong_stale_s=0.05, backoff=QUICK.backoff), "no pong"),
        (SocketOptions(ping_every_s=0.01, data_stale_s=0.05, backoff=QUICK.backoff), "no data"),
        (SocketOptions(renew_after_s=0.05, backoff=QUICK.backoff), "planned"),
    ],
)
async def test_a_silent_connection_is_given_up(options: SocketOptions, reason: str) -> None:
    inbox = Inbox(100)
    async with serving(sends()) as service, running(socket_to(service.url, inbox, options=options).run):
        seen = [read(item) for item in await take(inbox.stream(), 3)]
    assert seen == ["up 1", f"down {reason}", "up 2"]


async def test_pings_keep_a_quiet_connection() -> None:
    clock, inbox = ManualClock(), Inbox(100)
    async with serving(sends("a")) as service:
        socket = ReconnectingSocket(service.url, name="s", inbox=inbox, hello=lambda: ["hi"], clock=clock)
        async with running(socket.run):
            events = inbox.stream()
            await take(events, 2)
            for _ in range(20):
                before = socket._last_pong_s
                await clock.advance(10)
                await until(lambda: socket._last_pong_s != before)  # noqa: B023 - awaited at once
            assert (socket.connections, socket.connected) == (1, True)


async def test_an_overflow_drops_the_newest_counts_it_and_starts_over() -> None:
    inbox, meters = Inbox(3), Meters()
    frames = [str(n) for n in range(9)]
    async with serving(sends(*frames), sends()) as service:
        socket = socket_to(service.url, inbox, meters=meters)
        async with running(socket.run):
            await until(lambda: socket.connections == 2)
            seen = [read(item) for item in await take(inbox.stream(), 5)]
    assert seen == ["up 1", "0", "1", "down overflow", "up 2"]
    assert (socket.dropped, meters.counts[("socket_dropped", "s")]) == (1, 1)


async def test_a_connection_is_renewed_on_request() -> None:
    inbox = Inbox(100)
    async with serving(sends("a")) as service:
        socket = socket_to(service.url, inbox)
        async with running(socket.run):
            events = inbox.stream()
            await take(events, 2)
            socket.renew("book is wrong")
            seen = [read(item) for item in await take(events, 3)]
    assert seen == ["down book is wrong", "up 2", "a"]


async def test_what_is_sent_arrives() -> None:
    inbox = Inbox(100)
    async with serving(sends()) as service:
        socket = socket_to(service.url, inbox)
        async with running(socket.run):
            await take(inbox.stream(), 1)
            assert await socket.send(json.dumps([1]))
            assert [await service.next_received() for _ in range(2)] == ['{"hi":1}', "[1]"]
