"""The HTTP client against a service that misbehaves in every way we know."""

import asyncio
import socket
from dataclasses import replace

import pytest
from aiohttp import web
from wire_service import Meters, SkippingClock, client_of, reply, serving

from polybot.polymarket.errors import FailureKind, RequestFailed
from polybot.polymarket.limits import Group
from polybot.polymarket.rest.http import Call

READ = Call("test.read", Group.CLOB_BOOK, "GET", "/book")
WRITE = Call("test.write", Group.CLOB_POST_ORDER, "POST", "/order", body=b'{"a":1}')


async def reset_before_answer(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def reset_mid_body(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"half":')
    assert request.transport is not None
    request.transport.close()
    return response


async def never_answers(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (reply('{"error":"boom"}', 500), FailureKind.SERVER),
        (reply("<html>blocked</html>", 403, "text/html"), FailureKind.CDN),
        (reply("<html>bad gateway</html>", 502, "text/html"), FailureKind.CDN),
        (reply("", 503), FailureKind.SERVER),
        (reply('{"error":"too early"}', 425), FailureKind.RESTARTING),
        (reply('{"error":"rate limit"}', 429), FailureKind.RATE_LIMITED),
        (reset_before_answer, FailureKind.BROKEN),
        (reset_mid_body, FailureKind.BROKEN),
    ],
)
async def test_reads_are_tried_again_after_passing_trouble(trouble: web.Response, kind: FailureKind) -> None:
    meters = Meters()
    async with serving(trouble, reply('"fine"')) as service, client_of(service.url, meters=meters) as http:
        assert await http.read(READ) == b'"fine"'
    assert len(service.seen) == 2
    assert meters.counts[("http_requests", "test.read", kind)] == 1
    assert meters.counts[("http_requests", "test.read", "ok")] == 1


@pytest.mark.parametrize(
    "trouble",
    [reply('{"error":"boom"}', 500), reply("<html/>", 403, "text/html"), reset_before_answer, reset_mid_body],
)
@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_writes_are_sent_exactly_once(trouble: web.Response, method: str) -> None:
    call = replace(WRITE, method=method)
    async with serving(trouble, reply("{}")) as service, client_of(service.url) as http:
        with pytest.raises(RequestFailed) as failed:
            await http.write(call)
    assert len(service.seen) == 1
    assert failed.value.failure.reached_venue == "maybe"


async def test_a_refused_read_is_not_repeated() -> None:
    async with serving(reply('{"error":"Invalid orderID"}', 400)) as service, client_of(service.url) as http:
        with pytest.raises(RequestFailed, match="Invalid orderID"):
            await http.read(READ)
    assert len(service.seen) == 1


async def test_a_slow_answer_is_a_timeout_with_unknown_outcome() -> None:
    async with serving(never_answers) as service, client_of(service.url, read_timeout_s=0.05) as http:
        with pytest.raises(RequestFailed) as failed:
            await http.write(WRITE)
    assert (failed.value.failure.kind, failed.value.failure.reached_venue) == (FailureKind.TIMEOUT, "maybe")


async def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    async with client_of(f"http://127.0.0.1:{port}") as http:
        with pytest.raises(RequestFailed) as failed:
            await http.write(WRITE)
    assert (failed.value.failure.kind, failed.value.failure.reached_venue) == (FailureKind.UNREACHABLE, "no")


async def test_an_unknown_host_proves_that_nothing_was_sent() -> None:
    async with client_of("http://no-such-host.invalid") as http:
        with pytest.raises(RequestFailed) as failed:
            await http.write(WRITE)
    assert failed.value.failure.reached_venue == "no"


async def test_tls_failure_proves_that_nothing_was_sent() -> None:
    async with serving(reply("{}")) as service, client_of(service.url.replace("http:", "https:")) as http:
        with pytest.raises(RequestFailed) as failed:
            await http.write(WRITE)
    assert failed.value.failure.reached_venue == "no"


async def test_retry_after_is_honoured_with_jitter_on_top() -> None:
    clock = SkippingClock()
    slow_down = reply('{"error":"slow"}', 429, **{"Retry-After": "7"})
    async with serving(slow_down, reply("1")) as service, client_of(service.url, clock=clock) as http:
        await http.read(READ)
    assert clock.slept[0] == pytest.approx(7.1)


async def test_a_pause_beyond_patience_is_given_up() -> None:
    async with (
        serving(reply('{"error":"slow","retry_after_seconds":900}', 503)) as service,
        client_of(service.url) as http,
    ):
        with pytest.raises(RequestFailed):
            await http.read(READ)
    assert len(service.seen) == 1


async def test_body_bytes_and_headers_are_sent_as_given() -> None:
    call = Call("w", Group.CLOB_POST_ORDER, "POST", "/order", body=b'{"x": 1}', headers=lambda: {"POLY_ADDRESS": "0xA"})
    async with serving(reply("{}")) as service, client_of(service.url) as http:
        await http.write(call)
    seen = service.seen[0]
    assert seen.body == b'{"x": 1}'
    assert (seen.headers["POLY_ADDRESS"], seen.headers["Content-Type"]) == ("0xA", "application/json")
    assert seen.headers["User-Agent"].startswith("polybot/")


async def test_headers_are_made_anew_for_every_attempt() -> None:
    numbers = iter("12")
    call = Call("r", Group.CLOB_ORDERS, "GET", "/x", headers=lambda: {"POLY_TIMESTAMP": next(numbers)})
    async with serving(reply("", 500), reply("1")) as service, client_of(service.url) as http:
        await http.read(call)
    assert [seen.headers["POLY_TIMESTAMP"] for seen in service.seen] == ["1", "2"]


async def test_errors_show_neither_headers_nor_body() -> None:
    call = Call(
        "w", Group.CLOB_POST_ORDER, "POST", "/order", body=b"SECRET-BODY", headers=lambda: {"POLY_PASSPHRASE": "SECRET"}
    )
    async with serving(reply('{"error":"no"}', 400)) as service, client_of(service.url) as http:
        with pytest.raises(RequestFailed) as failed:
            await http.write(call)
    assert "SECRET" not in f"{failed.value!r} {failed.value}"


async def test_warm_up_opens_connections_that_later_calls_use() -> None:
    ports: set[object] = set()
    together = asyncio.Barrier(3)

    async def remember(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername")[1])
        if request.path == "/ok":
            await together.wait()
        return reply('"OK"')

    async with serving(remember) as service, client_of(service.url) as http:
        assert await http.warm_up(Call("ok", Group.CLOB_OK, "GET", "/ok"), connections=3) == 3
        for _ in range(5):
            await http.read(READ)
    assert len(ports) == 3
