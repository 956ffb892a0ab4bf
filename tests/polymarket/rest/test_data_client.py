"""Data API v2 and how its rows become fills."""

import json
from decimal import Decimal

import pytest
from wire_service import Meters, SkippingClock, client_of, reply, serving

from polybot.core.fills import ObservedFill, SourceKind
from polybot.core.ids import Wallet
from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.polymarket.errors import RequestFailed
from polybot.polymarket.observed import observed_fill
from polybot.polymarket.rest.data import DataClient
from polybot.polymarket.rest.data_models import ActivityRow

WALLET = Wallet("0x" + "ab" * 20)
CONDITION = "0x" + "1d" * 32
ROW = {
    "proxy_wallet": WALLET,
    "timestamp": 1788886609,
    "condition_id": CONDITION,
    "type": "TRADE",
    "size": 14.285715,
    "usdc_size": 13.285715,
    "transaction_hash": "0xA661",
    "price": 0.9300000035,
    "token_id": "982553648876699347338646450304885370342636994163",
    "side": "BUY",
    "outcome_index": 999,
}


def page(*rows: object, cursor: str | None = None) -> str:
    return json.dumps(
        {"data": rows, "pagination": {"limit": 100, "has_more": cursor is not None, "next_cursor": cursor}}
    )


async def test_activity_asks_past_the_cdn_and_pages_by_cursor() -> None:
    async with serving(reply(page(ROW, cursor="c1")), reply(page())) as service, client_of(service.url) as http:
        data = DataClient(http, clock=SkippingClock())
        first = await data.activity(WALLET, start_s=5, limit=2)
        second = await data.activity(WALLET, start_s=5, limit=2, cursor=first.next_cursor, fresh=False)
    assert (len(first.rows), first.next_cursor, second.next_cursor) == (1, "c1", None)
    asked = dict(service.seen[0].query)
    assert asked.pop("_").isdecimal()
    assert asked == {"user": WALLET, "type": "TRADE", "start": "5", "sort_direction": "DESC", "limit": "2"}
    assert dict(service.seen[1].query)["cursor"] == "c1"
    assert "_" not in dict(service.seen[1].query)


async def test_two_fresh_calls_never_share_a_url() -> None:
    async with serving(reply(page())) as service, client_of(service.url) as http:
        data = DataClient(http, clock=SkippingClock())
        for _ in range(3):
            await data.activity(WALLET)
    assert len({dict(seen.query)["_"] for seen in service.seen}) == 3


async def test_all_pages_of_positions() -> None:
    row = {
        "proxy_wallet": WALLET,
        "token_id": "7",
        "condition_id": CONDITION,
        "current_size": 28.09,
        "avg_price": 0.6699,
        "current_price": 0.715,
        "current_value": 20.0843,
        "status": "OPEN",
        "redeemable": False,
        "mergeable": False,
        "negative_risk": True,
    }
    async with serving(reply(page(row, cursor="c1")), reply(page(row))) as service, client_of(service.url) as http:
        rows = await DataClient(http, clock=SkippingClock()).positions(WALLET)
    assert [str(found.current_size) for found in rows] == ["28.09", "28.09"]
    assert dict(service.seen[1].query)["cursor"] == "c1"


async def test_a_miss_is_not_an_error() -> None:
    async with serving(reply('{"data":null}')) as service, client_of(service.url) as http:
        data = DataClient(http, clock=SkippingClock())
        assert await data.value(WALLET) == Usdc(0)
        assert (await data.activity(WALLET)).rows == ()


async def test_an_error_of_the_service_names_its_code() -> None:
    body = '{"error":"limit must be at most 1000","code":"invalid_request","retryable":false,"trace_id":"x"}'
    async with serving(reply(body, 400)) as service, client_of(service.url) as http:
        with pytest.raises(RequestFailed) as failed:
            await DataClient(http, clock=SkippingClock()).activity(WALLET, limit=1001)
    assert failed.value.failure.code == "invalid_request"


async def test_the_retired_shape_is_refused_by_name() -> None:
    async with serving(reply(json.dumps([{"proxyWallet": WALLET}]))) as service, client_of(service.url) as http:
        with pytest.raises(RequestFailed, match=r"data\.activity: HTTP 200: Expected `object`, got `array`"):
            await DataClient(http, clock=SkippingClock()).activity(WALLET)


async def test_a_row_of_a_wrong_type_costs_only_itself() -> None:
    bad = ROW | {"size": "many"}
    async with serving(reply(page(bad, ROW))) as service, client_of(service.url) as http:
        found = await DataClient(http, clock=SkippingClock()).activity(WALLET)
    assert (len(found.rows), found.refused) == (1, 1)


async def test_a_page_without_one_good_row_is_refused_by_field() -> None:
    async with serving(reply(page(ROW | {"size": "many"}))) as service, client_of(service.url) as http:
        with pytest.raises(RequestFailed, match=r"\$\.size"):
            await DataClient(http, clock=SkippingClock()).activity(WALLET)


async def test_trades_of_a_wallet_include_its_maker_fills() -> None:
    async with serving(reply(page())) as service, client_of(service.url) as http:
        await DataClient(http, clock=SkippingClock()).trades(wallet=WALLET)
    assert dict(service.seen[0].query)["taker_only"] == "false"


def activity(**changes: object) -> ActivityRow:
    base = {name: value for name, value in ROW.items() if name != "outcome_index"}
    numbers = {"size": Decimal("14.285715"), "usdc_size": Decimal(0), "price": Decimal("0.9300000035")}
    return ActivityRow(**(base | numbers | changes))  # type: ignore[arg-type]


def fill_of(row: ActivityRow, meters: Meters) -> ObservedFill | None:
    return observed_fill(row, seen_ns=1, seen_mono_ns=2, telemetry=meters)


def test_a_trade_becomes_a_fill_with_exact_shares_and_the_nearest_price() -> None:
    fill = fill_of(activity(proxy_wallet="0x" + "AB" * 20), Meters())
    assert fill == ObservedFill(
        source=SourceKind.ACTIVITY_POLL,
        wallet=WALLET,
        token=ROW["token_id"],  # type: ignore[arg-type]
        condition=CONDITION,  # type: ignore[arg-type]
        side=Side.BUY,
        shares=Shares(14_285_715),
        price=Price(930_000),
        tx="0xa661",
        timestamp_s=1788886609,
        seen_ns=1,
        seen_mono_ns=2,
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "REDEEM", "token_id": "", "side": ""}, "redeem"),
        ({"is_combo": True}, "combo"),
        ({"condition_id": "0x" + "03" * 31}, "combo"),
        ({"side": "IN"}, "side"),
        ({"token_id": ""}, "id"),
        ({"proxy_wallet": "0x1"}, "id"),
        ({"size": Decimal(0)}, "amount"),
        ({"size": Decimal(-1)}, "amount"),
        ({"price": Decimal("1.1")}, "amount"),
        ({"price": Decimal("NaN")}, "amount"),
        ({"size": Decimal("Infinity")}, "amount"),
        ({"size": Decimal("1e999999999")}, "amount"),
    ],
)
def test_what_is_not_a_plain_trade_is_ignored_and_counted(changes: dict[str, object], reason: str) -> None:
    meters = Meters()
    assert fill_of(activity(**changes), meters) is None
    assert meters.counts[("rows_ignored", SourceKind.ACTIVITY_POLL, reason)] == 1
