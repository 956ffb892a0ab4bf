"""The CLOB's public reads and the credentials."""

import base64
import json

import pytest
from wire_service import SkippingClock, client_of, reply, serving

from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import MarketVersion
from polybot.core.money import Price, Ratio, Shares
from polybot.polymarket.errors import RequestFailed
from polybot.polymarket.rest.clob import ClobClient
from polybot.polymarket.signing import LocalSigner

YES, NO = TokenId("7" * 77), TokenId("5" * 77)
BOOK = {
    "market": "0x11",
    "asset_id": YES,
    "timestamp": "1795305600123",
    "hash": "abc",
    "bids": [{"price": "0.01", "size": "1000"}, {"price": "0.55", "size": "500"}],
    "asks": [{"price": "0.99", "size": "1000"}],
    "min_order_size": "5",
    "tick_size": "0.01",
    "neg_risk": False,
    "last_trade_price": "0.490",
    "new_field": [1],
}
NO_BOOK = reply('{"error":"No orderbook exists for the requested token id"}', 404)


async def test_a_book_keeps_the_wire_texts() -> None:
    async with serving(reply(json.dumps(BOOK))) as service, client_of(service.url) as http:
        book = await ClobClient(http, clock=SkippingClock()).book(YES)
    assert book is not None
    assert (book.last_trade_price, book.bids[-1].price, book.neg_risk) == ("0.490", "0.55", False)
    assert service.seen[0].query == [("token_id", YES)]


async def test_no_book_is_an_answer_not_a_failure() -> None:
    async with serving(NO_BOOK) as service, client_of(service.url) as http:
        assert await ClobClient(http, clock=SkippingClock()).book(YES) is None


async def test_a_web_page_with_404_says_nothing_about_the_book() -> None:
    async with serving(reply("<html>", 404, "text/html")) as service, client_of(service.url) as http:
        with pytest.raises(RequestFailed):
            await ClobClient(http, clock=SkippingClock()).book(YES)


@pytest.mark.parametrize(
    "body", ['{"market":"0x11"}', '{"market":5}', '{"mark', "", "[]", "<html>", '{"x":' + "[" * 99999]
)
async def test_a_wrong_shape_is_refused_by_name(body: str) -> None:
    async with serving(reply(body)) as service, client_of(service.url) as http:
        with pytest.raises(RequestFailed, match=r"clob.book.*BookFrame"):
            await ClobClient(http, clock=SkippingClock()).book(YES)


async def test_books_are_asked_in_batches_and_matched_by_token() -> None:
    tokens = [TokenId(str(n)) for n in range(501)]
    first = json.dumps([BOOK | {"asset_id": "3"}, BOOK | {"asset_id": "1"}])
    async with serving(reply(first), reply("[]")) as service, client_of(service.url) as http:
        books = await ClobClient(http, clock=SkippingClock()).books(tokens)
    assert set(books) == {"1", "3"}
    assert [len(json.loads(seen.body)) for seen in service.seen] == [500, 1]


async def test_a_market_is_put_together_from_two_answers() -> None:
    of_token = {"condition_id": "0xAA", "primary_token_id": YES, "secondary_token_id": NO}
    compact = {
        "c": "0xAA",
        "t": [{"t": YES, "o": "Yes"}, {"t": NO, "o": "No"}],
        "mts": 0.001,
        "mos": 5,
        "fd": {"r": 0.072, "e": 1, "to": True},
        "ao": True,
        "sd": 3,
    }
    async with (
        serving(reply(json.dumps(of_token)), reply(json.dumps(compact))) as service,
        client_of(service.url) as http,
    ):
        market = await ClobClient(http, clock=SkippingClock()).market(YES)
    assert market is not None
    assert [seen.path for seen in service.seen] == [f"/markets-by-token/{YES}", "/clob-markets/0xaa"]
    assert (market.condition, market.version, market.neg_risk) == (ConditionId("0xaa"), MarketVersion.V1, False)
    assert (market.tick, market.min_order, market.fee.rate) == (Price(1_000), Shares(5_000_000), Ratio(72_000))
    assert (market.outcome(NO).name, market.seconds_delay, market.accepting_orders) == ("No", 3, True)


async def test_small_answers() -> None:
    answers = [
        reply("1795305600"),
        reply('{"version":2}'),
        reply('"OK"'),
        reply('{"minimum_tick_size":0.0025}'),
        reply('{"base_fee":1000}'),
        reply('{"neg_risk":true}'),
    ]
    async with serving(*answers) as service, client_of(service.url) as http:
        clob = ClobClient(http, clock=SkippingClock())
        assert await clob.server_time_s() == 1_795_305_600
        assert await clob.version() == 2
        assert await clob.ok()
        assert await clob.tick_size(YES) == Price(2_500)
        assert await clob.base_fee_bps(YES) == 1000
        assert await clob.neg_risk(YES) is True


def _credentials() -> str:
    secret = base64.urlsafe_b64encode(bytes(32)).decode()
    return json.dumps({"apiKey": "key-1", "secret": secret, "passphrase": "pass"})


async def test_credentials_are_created_or_else_derived_with_one_signature() -> None:
    exists = reply('{"error":"Could not create api key"}', 400)
    signer = LocalSigner.from_hex("0x" + "11" * 32)
    async with serving(exists, reply(_credentials())) as service, client_of(service.url) as http:
        found = await ClobClient(http, clock=SkippingClock()).credentials(signer)
    create, derive = service.seen
    assert (create.method, create.path, create.body) == ("POST", "/auth/api-key", b"")
    assert (derive.method, derive.path) == ("GET", "/auth/derive-api-key")
    assert create.headers["POLY_SIGNATURE"] == derive.headers["POLY_SIGNATURE"]
    assert (found.key, "pass" in repr(found)) == ("key-1", False)


async def test_credentials_fail_loudly_when_the_venue_does_not_answer() -> None:
    async with serving(reply("", 500)) as service, client_of(service.url) as http:
        with pytest.raises(RequestFailed):
            await ClobClient(http, clock=SkippingClock()).credentials(LocalSigner.from_hex("0x" + "11" * 32))
    assert len(service.seen) == 1
