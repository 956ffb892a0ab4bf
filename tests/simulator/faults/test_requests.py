"""What befalls requests and answers, as a client sees it. Orders: see the tests of the wire."""

import asyncio
import json

import aiohttp
import pytest
from faulty import Faulty


@pytest.mark.parametrize("fault", ["lose_request", "lose_answer"])
async def test_a_lost_request_or_answer(venue: Faulty, fault: str) -> None:
    await venue.arm(fault, scope={"path": "/books"}, hits=[2])
    assert await venue.books() == 200
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await venue.books()
    assert await venue.books() == 200
    assert [record["status"] for record in await venue.control("GET", "/requests?path=/books")] == [200, 499, 200]


async def test_a_documented_error_by_name(venue: Faulty) -> None:
    await venue.arm("refuse", error="short_allowance", values={"spender": "0xabc"}, scope={"path": "/time"})
    status, body = await venue.get("/time")
    assert status == 400
    assert json.loads(body)["error"].startswith(
        "not enough balance / allowance: the allowance is not enough -> spender: 0xabc"
    )


@pytest.mark.parametrize(
    ("name", "status", "sign"),
    [("data.rate_limited", 429, b'"code":"rate_limited"'), ("data.rate_limited_cloudflare", 429, b"error code: 1015")],
)
async def test_an_error_of_the_data_api(venue: Faulty, name: str, status: int, sign: bytes) -> None:
    await venue.arm("refuse", error=name, scope={"service": "data"})
    told = await venue.get("/v2/activity", service="data")
    assert told[0] == status
    assert sign in told[1]


async def test_any_status_text_and_header(venue: Faulty) -> None:
    await venue.arm("refuse", status=429, text="slow down", headers={"Retry-After": "7"}, scope={"path": "/time"})
    async with venue.session.get(venue.running.urls.clob + "/time") as answer:
        assert (answer.status, await answer.json()) == (429, {"error": "slow down"})
        assert answer.headers["Retry-After"] == "7"


async def test_a_page_of_the_cdn(venue: Faulty) -> None:
    await venue.arm("html_403", scope={"service": "data"})
    async with venue.session.get(venue.running.urls.data + "/v2/activity") as answer:
        assert (answer.status, answer.content_type, answer.headers["server"]) == (403, "text/html", "cloudflare")


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_late_answer(venue: Faulty, when: str) -> None:
    await venue.arm("delay", seconds=0.1, when=when, scope={"path": "/time"})
    began_s = venue.running.clock.monotonic()
    assert (await venue.get("/time"))[0] == 200
    assert venue.running.clock.monotonic() - began_s >= 0.1


async def test_a_request_that_another_one_overtakes(venue: Faulty) -> None:
    await venue.arm("reorder", scope={"path": "/*time*"}, count=1)
    async with asyncio.TaskGroup() as group:
        held = group.create_task(venue.get("/time?which=first"), name="held")
        while not await venue.struck():
            pass
        await venue.get("/time?which=second")
    assert held.result()[0] == 200
    queries = [record["query"] for record in await venue.control("GET", "/requests?path=/time")]
    assert queries == ["which=second", "which=first"]


async def test_half_an_answer_that_looks_whole(venue: Faulty) -> None:
    whole = (await venue.get("/markets"))[1]
    await venue.arm("truncate", keep=0.25)
    assert (await venue.get("/markets")) == (200, whole[: len(whole) // 4])


async def test_bytes_that_are_no_text(venue: Faulty) -> None:
    await venue.arm("garble")
    status, body = await venue.get("/markets")
    assert status == 200
    with pytest.raises(UnicodeDecodeError):
        body.decode()


async def test_a_connection_that_breaks_within_the_body(venue: Faulty) -> None:
    await venue.arm("reset_mid_body", scope={"path": "/markets"})
    with pytest.raises(aiohttp.ClientPayloadError):
        await venue.get("/markets")


@pytest.mark.parametrize("processed", [False, True])
async def test_no_answer_until_the_client_gives_up(venue: Faulty, processed: bool) -> None:
    await venue.arm("stall", processed=processed, count=1)
    with pytest.raises(TimeoutError):
        await venue.get("/time", timeout_s=0.1)
    assert (await venue.get("/time"))[0] == 200


async def test_an_answer_that_dribbles_in(venue: Faulty) -> None:
    whole = (await venue.get("/markets"))[1]
    await venue.arm("slow", seconds=0.2)
    async with venue.session.get(venue.running.urls.clob + "/markets") as answer:
        pieces = [piece async for piece in answer.content.iter_any()]
    assert b"".join(pieces) == whole
    assert len(pieces) > 3


async def test_an_answer_that_never_gets_newer(venue: Faulty) -> None:
    await venue.arm("stale_cache", scope={"path": "/time"})
    first = await venue.get("/time")
    await venue.running.advance(90)
    async with venue.session.get(venue.running.urls.clob + "/time") as answer:
        assert await answer.read() == first[1]
        assert int(answer.headers["Age"]) >= 90
    await venue.control("DELETE", "/faults")
    assert await venue.get("/time") != first


async def test_a_socket_that_may_not_be_opened(venue: Faulty) -> None:
    await venue.arm("refuse_connect", scope={"service": "user"}, status=503, count=1)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await venue.session.ws_connect(venue.running.urls.ws_user)
    assert refused.value.status == 503
    async with (
        venue.session.ws_connect(venue.running.urls.ws_user),
        venue.session.ws_connect(venue.running.urls.ws_market),
    ):
        assert await venue.struck() == ["refuse_connect"]


async def test_a_handshake_is_spared_unless_it_is_named(venue: Faulty) -> None:
    await venue.arm("lose_request")
    async with venue.market(), venue.session.ws_connect(venue.running.urls.ws_rpc):
        pass
    await venue.arm("lose_request", scope={"service": ["market"]})
    with pytest.raises(aiohttp.ClientError):
        await venue.session.ws_connect(venue.running.urls.ws_market)


async def test_several_faults_of_one_request_nest(venue: Faulty) -> None:
    await venue.arm("garble", scope={"path": "/time"})
    await venue.arm("refuse", status=500, text="", scope={"path": "/time"})
    status, body = await venue.get("/time")
    assert status == 500
    assert b"\xff" in body


async def test_a_call_of_a_chain_node_is_known_by_its_method(venue: Faulty) -> None:
    await venue.arm("refuse", status=502, scope={"service": "rpc", "event": "eth_chainId"})
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
    async with venue.session.post(venue.running.urls.rpc, json=call) as answer:
        assert answer.status == 502
    async with venue.session.post(venue.running.urls.rpc, json={**call, "method": "eth_blockNumber"}) as answer:
        assert answer.status == 200


async def test_control_is_never_harmed(venue: Faulty) -> None:
    await venue.arm("lose_request")
    assert await venue.struck() == []


async def test_a_wrong_script_is_refused_whole(venue: Faulty) -> None:
    script = [{"fault": "drop"}, {"fault": "delay"}]
    async with venue.session.post(f"{venue.running.urls.control}/faults", json=script) as answer:
        assert answer.status == 400
        assert "[1].seconds: Field required" in (await answer.json())["error"]
    assert (await venue.control("GET", "/faults"))["faults"] == []


async def test_faults_are_shown_with_their_strikes(venue: Faulty) -> None:
    await venue.arm("refuse", status=500, scope={"path": "/time"}, skip=1)
    for _ in range(3):
        await venue.get("/time")
    shown = await venue.control("GET", "/faults")
    assert (shown["faults"][0]["opportunities"], shown["faults"][0]["struck"]) == (3, 2)
    assert shown["faults"][0]["script"] == {"fault": "refuse", "status": 500, "scope": {"path": "/time"}, "skip": 1}
    assert [strike["ordinal"] for strike in shown["strikes"]] == [2, 3]
    assert shown["strikes"][0]["subject"] == "clob GET /time"
    assert (await venue.control("DELETE", "/faults"))["faults"] == []
    assert (await venue.get("/time"))[0] == 200
