"""Orders, cancels and our own state: what each answer proves."""

import base64
import json

import pytest
from aiohttp import web
from wire_service import SkippingClock, client_of, reply, serving

from polybot.core.ids import IntentId, OrderId, TokenId
from polybot.core.orders import SignatureType
from polybot.polymarket.auth import ApiCredentials, L2Auth
from polybot.polymarket.rest.account import ClobAccount
from polybot.polymarket.rest.http import HttpClient
from polybot.ports.venue import Accepted, Cancelled, NoAnswer, PreparedOrder, Refused, SubmitOutcome, Unknown

ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
ID = OrderId("0x" + "ab" * 32)
KEY = ApiCredentials(key="key-1", secret=base64.urlsafe_b64encode(bytes(32)).decode(), passphrase="pass")


def account(http: HttpClient) -> ClobAccount:
    return ClobAccount(http, auth=L2Auth(ADDRESS, KEY), clock=SkippingClock())


def order(tif: str = "FAK") -> PreparedOrder:
    return PreparedOrder(id=ID, intent=IntentId("i"), wire=json.dumps({"orderType": tif, "order": {}}).encode())


async def submit(answer: web.Response, tif: str = "FAK") -> SubmitOutcome:
    async with serving(answer) as service, client_of(service.url) as http:
        outcome = await account(http).submit(order(tif))
    assert [seen.body for seen in service.seen] == [order(tif).wire]
    return outcome


def placed(**changes: object) -> web.Response:
    answer = {
        "success": True,
        "errorMsg": "",
        "orderID": ID,
        "status": "matched",
        "makingAmount": "5.7",
        "takingAmount": "10",
        "tradeIDs": ["t1"],
    }
    return reply(json.dumps(answer | changes))


@pytest.mark.parametrize(
    ("answer", "tif", "outcome"),
    [
        (placed(), "FAK", Accepted(ID, resting=False, trades=("t1",))),  # type: ignore[arg-type]
        (placed(), "GTC", Accepted(ID, resting=True, trades=("t1",))),  # type: ignore[arg-type]
        (placed(status="live", tradeIDs=None), "GTC", Accepted(ID, resting=True)),
        (placed(status="delayed", tradeIDs=[]), "FOK", Accepted(ID, resting=True, delayed=True)),
        (placed(orderID=ID.upper().replace("X", "x"), tradeIDs=[]), "FOK", Accepted(ID, resting=False)),
    ],
)
async def test_accepted(answer: web.Response, tif: str, outcome: Accepted) -> None:
    assert await submit(answer, tif) == outcome


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (
            reply(
                '{"error":"no orders found to match with FAK order. FAK orders are partially filled","orderID":"0x"}',
                400,
            ),
            "fak_not_filled",
        ),
        (
            reply('{"error":"order couldn\'t be fully filled. FOK orders are fully filled or killed."}', 400),
            "fok_not_filled",
        ),
        (placed(success=False, errorMsg="not enough balance / allowance", orderID=""), "not_enough_balance"),
        (placed(success=True, errorMsg="invalid expiration", orderID="", status=""), "invalid_expiration"),
        (
            reply('{"error":"post-only mode: x","code":"post_only_mode","retry_after_seconds":79}', 503),
            "post_only_mode",
        ),
        (reply("", 425), "restarting"),
        (reply('{"error":"Unauthorized/Invalid api key"}', 401), "unauthorized"),
    ],
)
async def test_refused(answer: web.Response, code: str) -> None:
    outcome = await submit(answer)
    assert isinstance(outcome, Refused)
    assert outcome.code == code


async def test_a_refusal_tells_when_to_try_again() -> None:
    outcome = await submit(reply('{"error":"x","code":"post_only_mode","retry_after_seconds":79}', 503))
    assert isinstance(outcome, Refused)
    assert outcome.retry_after_s == 79


async def test_duplicated_means_the_venue_has_it() -> None:
    outcome = await submit(reply(json.dumps({"error": f"order {ID} is invalid. Duplicated."}), 400))
    assert outcome == Accepted(ID, resting=True, delayed=True)


@pytest.mark.parametrize(
    "answer",
    [
        reply('{"error":"order timed out"}', 500),
        reply("<html>403 Forbidden</html>", 403, "text/html"),
        reply("<html>ok</html>", 200, "text/html"),
        reply("", 200),
        reply('{"success":tr', 200),
        reply('{"error":"order match delayed due to market conditions"}', 400),
        reply('{"error":"context canceled"}', 400),
        placed(success=False, errorMsg="order timed out", orderID=""),
        placed(orderID=""),
        placed(orderID="0x" + "cd" * 32),
        placed(status="unmatched"),
        placed(status="a new word"),
        placed(success=False),
    ],
)
async def test_no_proof_either_way_is_unknown(answer: web.Response) -> None:
    assert isinstance(await submit(answer), Unknown)


async def test_a_reset_connection_is_unknown_and_one_never_made_is_a_refusal() -> None:
    async def reset(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with serving(reset) as service, client_of(service.url) as http:
        assert isinstance(await account(http).submit(order()), Unknown)
    async with client_of(service.url) as http:
        outcome = await account(http).submit(order())
    assert isinstance(outcome, Refused)
    assert outcome.code == "unreachable"


async def test_requests_are_signed_over_path_and_body_without_the_query() -> None:
    page = reply('{"data":[],"next_cursor":"LTE="}')
    async with serving(page) as service, client_of(service.url) as http:
        await account(http).open_orders(token=TokenId("7"))
    seen = service.seen[0]
    L2Auth(ADDRESS, KEY).verify(
        seen.headers, method="GET", path="/data/orders", body=b"", now_s=SkippingClock().now_ns() // 10**9
    )
    assert seen.query == [("asset_id", "7")]


async def test_cancels_report_what_is_gone_and_what_was_kept() -> None:
    other = OrderId("0x" + "cd" * 32)
    answer = reply(json.dumps({"canceled": [ID], "not_canceled": {other: "Order not found or already canceled"}}))
    async with serving(answer) as service, client_of(service.url) as http:
        done = await account(http).cancel([ID, other])
    assert done == Cancelled(gone=(ID,), kept=((other, "Order not found or already canceled"),))
    assert (service.seen[0].method, json.loads(service.seen[0].body)) == ("DELETE", [ID, other])


async def test_a_cancel_without_answer_proves_nothing() -> None:
    async with serving(reply("", 500)) as service, client_of(service.url) as http:
        assert isinstance(await account(http).cancel([ID]), NoAnswer)
    assert len(service.seen) == 1


async def test_too_many_cancels_are_refused_before_they_are_sent() -> None:
    async with client_of("http://unused.invalid") as http:
        with pytest.raises(ValueError, match="1001 orders"):
            await account(http).cancel([ID] * 1001)


def order_row(number: int) -> dict[str, object]:
    return {
        "id": f"0x{number}",
        "status": "LIVE",
        "market": "0x1",
        "asset_id": "7",
        "side": "BUY",
        "original_size": "10",
        "size_matched": "0",
        "price": "0.57",
        "associate_trades": None,
        "created_at": 1795305600,
    }


async def test_all_pages_of_open_orders() -> None:
    pages = [
        reply(json.dumps({"data": [order_row(1)], "next_cursor": "Mg=="})),
        reply(json.dumps({"data": [order_row(2)], "next_cursor": "LTE="})),
    ]
    async with serving(*pages) as service, client_of(service.url) as http:
        rows = await account(http).open_orders()
    assert [row.id for row in rows] == ["0x1", "0x2"]
    assert service.seen[1].query == [("next_cursor", "Mg==")]


async def test_trades_are_filtered_by_the_venue() -> None:
    trade = {
        "id": "t1",
        "taker_order_id": ID,
        "market": "0x1",
        "asset_id": "7",
        "side": "BUY",
        "size": "10.5",
        "price": "0.57",
        "status": "TRADE_STATUS_MATCHED_NOT_BROADCASTED",
        "owner": "key-1",
        "match_time": "1795305600",
        "trader_side": "TAKER",
        "maker_orders": [],
    }
    page = reply(json.dumps({"data": [trade], "next_cursor": "LTE="}))
    async with serving(page) as service, client_of(service.url) as http:
        rows = await account(http).trades(after_s=5, trade="t1")
    assert service.seen[0].query == [("id", "t1"), ("after", "5")]
    assert (rows[0].plain_status, rows[0].matched_ns) == ("MATCHED", 1_795_305_600 * 10**9)


@pytest.mark.parametrize("answer", [reply('{"error":"order not found"}', 404), reply("null"), reply("{}")])
async def test_an_order_the_venue_does_not_know(answer: web.Response) -> None:
    async with serving(answer) as service, client_of(service.url) as http:
        assert await account(http).order(ID) is None


async def test_balances_and_restrictions() -> None:
    answers = [
        reply('{"balance":"1000000","allowances":{"0xE111":"5"}}'),
        reply('{"balance":"7","allowances":{}}'),
        reply(""),
        reply('{"closed_only":true}'),
        reply('{"apiKeys":["key-1"]}'),
    ]
    v2_token = TokenId(str(1 << 248))
    async with serving(*answers) as service, client_of(service.url) as http:
        mine = account(http)
        assert (await mine.collateral(SignatureType.POLY_1271)).balance == "1000000"
        assert (await mine.token_balance(v2_token, SignatureType.EOA)).balance == "7"
        await mine.refresh_collateral(SignatureType.EOA)
        assert await mine.closed_only()
        assert await mine.api_keys() == ("key-1",)
    assert service.seen[0].query == [("asset_type", "COLLATERAL"), ("signature_type", "3")]
    assert service.seen[1].query[0] == ("asset_type", "CONDITIONAL-V2")
