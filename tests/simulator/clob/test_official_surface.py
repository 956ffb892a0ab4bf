"""The official clients' whole trading surface: every order type, wallet type and exchange, and every list."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from clob_venue import Venue, open_venue
from polymarket.errors import RateLimitError, RequestRejectedError
from polymarket.models.clob.notifications import OrderCancellationNotification, OrderFillNotification
from polymarket.rate_limit import RateLimitUpdate
from py_clob_client_v2 import (
    AssetType,
    BalanceAllowanceParams,
    BookParams,
    ClobClient,
    MarketOrderArgsV2,
    OrderArgsV2,
    OrderMarketCancelParams,
    OrderPayload,
    OrdersScoringParams,
    OrderType,
    PostOrdersV2Args,
)

from official import environment
from polybot.core.ids import ConditionId
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polybot.simulator.rest.clob_options import ClobOptions
from polybot.simulator.rest.modes import Mode
from polymarket import AsyncSecureClient
from simulated_venue import NEG_RISK, V1, V2

DEPOSIT = SignatureType.POLY_1271
EXCHANGES = [pytest.param(V1, id="ctf"), pytest.param(NEG_RISK, id="neg_risk"), pytest.param(V2, id="v3")]
BUILDER = "0x" + "ab" * 32


@asynccontextmanager
async def trader(
    venue: Venue, kind: SignatureType = DEPOSIT, *, seen: list[RateLimitUpdate] | None = None
) -> AsyncIterator[AsyncSecureClient]:
    account = venue.running.simulator.desk.open_account(signature_type=kind, balance=Usdc.parse("1000"))
    client = await AsyncSecureClient.create(
        private_key=account.private_key,
        wallet=account.wallet,
        environment=environment(venue.running.urls),
        on_rate_limit_update=None if seen is None else seen.append,
    )
    try:
        yield client
    finally:
        await client.close()


def token_of(venue: Venue, condition: ConditionId, outcome: int = 0) -> str:
    return venue.running.market(condition).outcomes[outcome].token


@pytest.mark.parametrize("condition", EXCHANGES)
@pytest.mark.parametrize("kind", list(SignatureType))
async def test_every_order_type(venue: Venue, kind: SignatureType, condition: ConditionId) -> None:
    token = token_of(venue, condition)
    async with trader(venue, kind) as client:
        expiration = venue.running.clock.now_ns() // 1_000_000_000 + 400
        resting = [
            await client.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY"),
            await client.place_limit_order(asset_id=token, price="0.41", size="10", side="BUY", post_only=True),
            await client.place_limit_order(asset_id=token, price="0.42", size="10", side="BUY", expiration=expiration),
        ]
        assert [placed.status for placed in resting] == ["live"] * 3  # type: ignore[union-attr]
        taken = [
            await client.place_market_order(asset_id=token, side="BUY", amount="5.2", max_price="0.52"),
            await client.place_market_order(
                asset_id=token, side="BUY", amount="5.2", max_price="0.52", order_type="FOK"
            ),
            await client.place_limit_order(asset_id=token, price="0.52", size="10", side="BUY"),
            await client.place_market_order(asset_id=token, side="SELL", shares="5", order_type="FOK"),
            await client.place_market_order(asset_id=token, side="SELL", shares="5"),
        ]
        assert [placed.status for placed in taken] == ["matched"] * 5  # type: ignore[union-attr]
        signed = [
            await client.create_limit_order(asset_id=token, price=price, size="10", side="BUY")
            for price in ("0.43", "0.44")
        ]
        batch = await client.post_orders(signed)
        assert [placed.ok for placed in batch] == [True, True]
        gone = await client.cancel_orders(order_ids=[order.order_id for order in batch if order.ok])
        assert len(gone.canceled) == 2
        left = (await client.list_open_orders(asset_id=token).first_page()).items
        assert {order.order_type for order in left} == {"GTC", "GTD"}
        await venue.running.advance(345)
        left = (await client.list_open_orders(asset_id=token).first_page()).items
        assert {order.order_type for order in left} == {"GTC"}


async def test_refusals_have_the_clients_own_names(venue: Venue) -> None:
    token = token_of(venue, V1)
    async with trader(venue) as client:
        killed = await client.create_market_order(
            asset_id=token, side="BUY", amount="900", max_price="0.52", order_type="FOK"
        )
        crossing = await client.create_limit_order(asset_id=token, price="0.53", size="10", side="BUY", post_only=True)
        poor = await client.create_limit_order(asset_id=token, price="0.5", size="5000", side="BUY")
        refused = await client.post_orders([killed, crossing, poor])
        assert [one.code for one in refused if not one.ok] == [
            "fok_not_filled",
            "post_only_would_cross",
            "not_enough_balance",
        ]
        modes = venue.running.simulator.modes
        for mode, restriction in (
            (Mode.RESTARTING, "restarting"),
            (Mode.POST_ONLY, "post_only"),
            (Mode.CANCEL_ONLY, "cancel_only"),
        ):
            modes.set(mode, for_s=60)
            with pytest.raises(RequestRejectedError) as rejected:
                await client.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")
            assert rejected.value.restriction == restriction
            modes.set(Mode.NORMAL)


async def test_cancels_of_every_kind(venue: Venue) -> None:
    async with trader(venue) as client:

        async def rest(condition: ConditionId) -> str:
            token = token_of(venue, condition)
            placed = await client.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")
            assert placed.ok
            return str(placed.order_id)

        one, two, three, four = await rest(V1), await rest(V1), await rest(NEG_RISK), await rest(V2)
        assert (await client.cancel_order(order_id=one)).canceled == (one,)
        assert (await client.cancel_market_orders(market=V1)).canceled == (two,)
        assert (await client.cancel_market_orders(asset_id=token_of(venue, NEG_RISK))).canceled == (three,)
        assert (await client.cancel_all()).canceled == (four,)
        reasons = (await client.cancel_orders(order_ids=[one, "0x" + "ab" * 32])).not_canceled
        assert set(reasons.values()) == {"Order not found or already canceled"}
        bought = await client.place_limit_order(asset_id=token_of(venue, V1), price="0.52", size="10", side="BUY")
        assert bought.ok
        reasons = (await client.cancel_order(order_id=bought.order_id)).not_canceled
        assert set(reasons.values()) == {"Order already matched"}


async def test_every_list_pages_to_its_end() -> None:
    async with open_venue(ClobOptions(page_size=2)) as venue, trader(venue) as client:
        token = token_of(venue, V1)
        for price in ("0.40", "0.41", "0.42"):
            await client.place_limit_order(asset_id=token, price=price, size="10", side="BUY")
            bought = await client.place_market_order(
                asset_id=token, side="BUY", amount="5.2", max_price="0.52", builder_code=BUILDER
            )
            assert bought.ok, bought
        assert len([order async for order in client.list_open_orders().iter_items()]) == 3
        assert len([trade async for trade in client.list_account_trades().iter_items()]) == 3
        built = [trade async for trade in client.list_builder_trades(builder_code=BUILDER).iter_items()]
        assert [trade.fee_usdc > 0 for trade in built] == [True] * 3
        rates = await client.get_builder_fee_rates(BUILDER)
        assert not rates.maker + rates.taker
        assert not [reward async for reward in client.list_current_rewards().iter_items()]
        assert not [earned async for earned in client.list_user_earnings_for_day(date="2026-11-22").iter_items()]


async def test_an_account_reads_itself(venue: Venue) -> None:
    token = token_of(venue, V1)
    seen: list[RateLimitUpdate] = []
    async with trader(venue, seen=seen) as client:
        placed = await client.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")
        assert placed.ok
        assert (seen[-1].remaining, seen[-1].tier, seen[-1].warning) == (59, "Standard", False)
        assert await client.get_order_scoring(order_id=placed.order_id) is False
        assert await client.get_orders_scoring(order_ids=[placed.order_id]) == {placed.order_id: False}
        assert await client.get_total_earnings_for_user_for_day(date="2026-11-22") == ()
        assert await client.get_reward_percentages() == {}
        assert await client.get_current_rebates(date="2026-11-22", maker_address=str(client.wallet)) == ()
        assert await client.get_closed_only_mode() is False
        await venue.control("/restrictions", wallet=str(client.wallet), restriction="closed_only")
        assert await client.get_closed_only_mode() is True
        await client.cancel_all()
        (told,) = await client.get_notifications()
        assert isinstance(told, OrderCancellationNotification)
        assert told.payload.order_id == placed.order_id
        await client.drop_notifications(ids=[told.id])
        assert await client.get_notifications() == ()


async def test_a_fill_is_notified_and_heartbeats_guard(venue: Venue) -> None:
    token = token_of(venue, V1)
    async with trader(venue) as client:
        bought = await client.place_market_order(asset_id=token, side="BUY", amount="5.2", max_price="0.52")
        assert bought.ok
        await venue.running.advance(20)
        (told,) = await client.get_notifications()
        assert isinstance(told, OrderFillNotification)
        assert told.payload.trade_id == bought.trade_ids[0]
        handle = await client.wait_for_order_fill_settlement(bought)
        assert handle
        await client.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")
        beat = await client.send_order_heartbeat()
        await client.send_order_heartbeat(heartbeat_id=beat.heartbeat_id)
        await venue.running.advance(11)
        assert not (await client.list_open_orders().first_page()).items


async def test_too_many_orders_are_a_rate_limit_error(venue: Venue) -> None:
    async with trader(venue) as client:
        signed = await client.create_limit_order(asset_id=token_of(venue, V1), price="0.4", size="10", side="BUY")

        async def post_many() -> None:
            for _ in range(12):
                await client.post_orders([signed] * 15)

        with pytest.raises(RateLimitError) as limited:
            await post_many()
        assert limited.value.retry_after


async def test_the_market_is_read_in_batches(venue: Venue) -> None:
    yes, no = token_of(venue, V1), token_of(venue, V1, 1)
    async with trader(venue) as client:
        assert str(await client.get_midpoint(asset_id=yes)) == "0.51"
        assert len(await client.get_midpoints(asset_ids=[yes, no])) == 2
        assert len(await client.get_spreads(asset_ids=[yes, no])) == 2
        assert len(await client.get_order_books(asset_ids=[yes, no])) == 2
        await client.place_market_order(asset_id=yes, side="BUY", amount="5.2", max_price="0.52")
        last = await client.get_last_trade_prices(asset_ids=[yes, no])
        assert [(str(one.price), one.side) for one in last] == [("0.52", "BUY"), ("0.48", "SELL")]
        assert str(await client.estimate_market_price(asset_id=yes, side="BUY", amount="10")) == "0.52"


def older_day(url: str, key: str, wallet: str, token: str, condition: str) -> dict[str, Any]:
    """What the older client can do, one after another."""
    client: Any = ClobClient(url, 137, key=key, signature_type=3, funder=wallet)
    client.set_api_creds(client.create_or_derive_api_key())
    day: dict[str, Any] = {"version": client.get_version(), "ok": client.get_ok()}
    args = [OrderArgsV2(token_id=token, price=price, size=10, side="BUY") for price in (0.40, 0.41, 0.42, 0.43)]
    rested = [client.create_and_post_order(one) for one in args[:2]]
    resting: Any = OrderType.GTC
    signed = [PostOrdersV2Args(order=client.create_order(one), orderType=resting) for one in args[2:]]
    batch = client.post_orders(signed)
    day["open"] = len(client.get_open_orders())
    day["single"] = client.get_order(rested[0]["orderID"])["status"]
    day["old"] = client.get_pre_migration_orders()
    day["cancelled"] = [
        client.cancel_order(OrderPayload(orderID=rested[0]["orderID"]))["canceled"],
        client.cancel_orders([batch[0]["orderID"]])["canceled"],
        client.cancel_market_orders(OrderMarketCancelParams(market=condition))["canceled"],
        client.cancel_all()["canceled"],
    ]
    client.create_and_post_market_order(
        MarketOrderArgsV2(token_id=token, amount=26, side="BUY", price=0.52),
        order_type=OrderType.FOK,
        defer_exec=True,
    )
    day["trades"] = len(client.get_trades())
    day["closed"] = client.get_closed_only_mode()
    day["beat"] = client.post_heartbeat()["heartbeat_id"]
    collateral: Any = AssetType.COLLATERAL
    cash = BalanceAllowanceParams(asset_type=collateral)
    client.update_balance_allowance(cash)
    day["cash"] = client.get_balance_allowance(cash)["balance"]
    day["notified"] = [told["type"] for told in client.get_notifications()]
    day["scoring"] = client.are_orders_scoring(OrdersScoringParams(orderIds=[rested[0]["orderID"]]))
    day["books"] = len(client.get_order_books([BookParams(token_id=token)]))
    day["lists"] = [
        len(client.get_markets()["data"]),
        len(client.get_simplified_markets()["data"]),
        len(client.get_sampling_markets()["data"]),
        len(client.get_sampling_simplified_markets()["data"]),
    ]
    day["rewards"] = client.get_current_rewards()
    day["activity"] = client.get_market_trades_events(condition)
    return day


async def test_the_older_clients_day(venue: Venue) -> None:
    account = venue.running.simulator.desk.open_account(signature_type=DEPOSIT, balance=Usdc.parse("1000"))
    day = await asyncio.to_thread(
        older_day, venue.running.urls.clob, account.private_key, account.wallet, token_of(venue, V1), V1
    )
    assert (day["version"], day["ok"], day["open"], day["single"], day["old"]) == (2, "OK", 4, "LIVE", [])
    assert [len(ids) for ids in day["cancelled"]] == [1, 1, 2, 0]
    assert (day["trades"], day["closed"]) == (1, {"closed_only": False})
    assert day["beat"]
    assert day["cash"] == "1000000000"
    assert day["notified"] == [1, 1, 1, 1]
    assert set(day["scoring"].values()) == {False}
    assert (day["books"], day["lists"], day["rewards"]) == (1, [3, 3, 3, 3], [])
