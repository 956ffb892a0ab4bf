"""What else the official client asks of the CLOB: its prices, its keys, the fate of its orders, every market event."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from clob_venue import Venue
from polymarket.errors import RequestRejectedError, TransactionFailedError

from official import client_for, environment
from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import MarketVersion, Side
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import SignatureType
from polybot.simulator.engine.meddler import Fate, Honest
from polybot.simulator.engine.model import SimTrade
from polymarket import AsyncPublicClient, AsyncSecureClient, PriceRequest
from polymarket.streams import MarketSpec
from simulated_venue import NEG_RISK, V1, V2, make_market

EXCHANGES = [pytest.param(V1, id="ctf"), pytest.param(NEG_RISK, id="neg_risk"), pytest.param(V2, id="v3")]


@asynccontextmanager
async def trader(venue: Venue, kind: SignatureType = SignatureType.POLY_1271) -> AsyncIterator[AsyncSecureClient]:
    account = venue.running.simulator.desk.open_account(signature_type=kind, balance=Usdc.parse("1000"))
    client = await client_for(venue.running.urls, account)
    try:
        yield client
    finally:
        await client.close()


def token_of(venue: Venue, condition: ConditionId, outcome: int = 0) -> TokenId:
    return venue.running.market(condition).outcomes[outcome].token


@pytest.mark.parametrize("condition", EXCHANGES)
async def test_a_stranger_reads_prices_without_credentials(venue: Venue, condition: ConditionId) -> None:
    yes, no = token_of(venue, condition), token_of(venue, condition, 1)
    client = AsyncPublicClient(environment=environment(venue.running.urls))
    try:
        assert await client.get_price(asset_id=yes, side="BUY") == Decimal("0.5")
        assert await client.get_price(asset_id=yes, side="SELL") == Decimal("0.52")
        wishes = [PriceRequest(asset_id=yes, side="BUY"), PriceRequest(asset_id=no, side="SELL")]
        prices = {str(token): dict(sides) for token, sides in (await client.get_prices(requests=wishes)).items()}
        assert prices == {yes: {"BUY": Decimal("0.5")}, no: {"SELL": Decimal("0.5")}}
        assert await client.get_spread(asset_id=yes) == Decimal("0.02")
        assert await client.get_midpoint(asset_id=no) == Decimal("0.49")
        assert await client.get_last_trade_price(asset_id=yes) is None
        async with trader(venue) as buyer:
            await buyer.place_market_order(asset_id=yes, side="BUY", amount="5.2", max_price="0.52")
        last = await client.get_last_trade_price(asset_id=yes)
        assert last is not None
        assert (last.price, last.side) == (Decimal("0.52"), "BUY")
        for rewards in (client.list_market_rewards(condition_id=condition), client.list_reward_markets()):
            assert [row async for row in rewards.iter_items()] == []
    finally:
        await client.close()


async def test_keys_are_listed_and_deleted(venue: Venue) -> None:
    async with trader(venue) as client:
        assert await client.fetch_api_keys() == (client.credentials.key,)
        earnings = client.list_user_earnings_and_markets_config(date="2026-11-22")
        assert [row async for row in earnings.iter_items()] == []
        await client.delete_api_key()
        with pytest.raises(RequestRejectedError) as refused:
            await client.fetch_api_keys()
        assert refused.value.status == 401


async def test_who_logs_out_reads_on_as_a_stranger(venue: Venue) -> None:
    async with trader(venue) as client:
        stranger = await client.end_authentication()
    try:
        assert await stranger.get_midpoint(asset_id=token_of(venue, V1)) == Decimal("0.51")
    finally:
        await stranger.close()


class Failing(Honest):
    def fate(self, trade: SimTrade) -> Fate:
        return Fate(retries=1, fails=True)


class Retrying(Honest):
    def fate(self, trade: SimTrade) -> Fate:
        return Fate(retries=2)


@pytest.mark.parametrize("kind", list(SignatureType))
async def test_a_trade_that_fails_is_an_error_to_who_waits_for_it(venue: Venue, kind: SignatureType) -> None:
    venue.running.simulator.world.exchange.meddler = Failing()
    async with trader(venue, kind) as client:
        bought = await client.place_market_order(
            asset_id=token_of(venue, V1), side="BUY", amount="5.2", max_price="0.52"
        )
        assert bought.ok
        await venue.running.advance(60)
        with pytest.raises(TransactionFailedError, match=bought.order_id):
            await client.wait_for_order_fill_settlement(bought)


@pytest.mark.parametrize("condition", EXCHANGES)
async def test_a_trade_that_is_sent_again_settles_under_its_last_hash(venue: Venue, condition: ConditionId) -> None:
    exchange = venue.running.simulator.world.exchange
    exchange.meddler = Retrying()
    async with trader(venue) as client:
        bought = await client.place_market_order(
            asset_id=token_of(venue, condition), side="BUY", amount="5.2", max_price="0.52"
        )
        assert bought.ok
        hashes = set()
        for _ in range(60):
            (row,) = (await client.list_account_trades().first_page()).items
            hashes.add(row.transaction_hash)
            await venue.running.advance(0.5)
        (settled,) = await client.wait_for_order_fill_settlement(bought)
        assert settled in hashes
        assert len(hashes - {"", None}) == 3


@pytest.mark.parametrize("condition", EXCHANGES)
async def test_an_order_that_is_held_back_is_accepted(venue: Venue, condition: ConditionId) -> None:
    await venue.control("/markets", condition=condition, seconds_delay=3)
    async with trader(venue) as client:
        held = await client.place_market_order(
            asset_id=token_of(venue, condition), side="BUY", amount="5.2", max_price="0.52"
        )
        assert held.ok
        assert held.status == "delayed"
        assert not held.making_amount
        assert not held.trade_ids
        await venue.running.advance(4)
        assert (await client.get_order(order_id=held.order_id)).associate_trades


async def found(events: AsyncIterator[Any], wanted: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(10):
        async for event in events:
            if wanted(event):
                return event
    raise AssertionError("the stream ended")


async def test_every_event_of_a_market_is_read(venue: Venue) -> None:
    exchange, yes = venue.running.simulator.world.exchange, token_of(venue, V1)
    async with trader(venue) as client:
        events = await client.subscribe(MarketSpec(asset_ids=[yes], custom_feature_enabled=True))
        await found(events, lambda event: event.type == "book")
        exchange.set_house_level(yes, side=Side.SELL, price=Price.parse("0.51"), size=Shares.parse("10"))
        exchange.set_tick(V1, Price.parse("0.001"))
        newcomer = make_market(ConditionId("0x" + "44" * 32), neg_risk=False, version=MarketVersion.V1)
        exchange.list_market(newcomer, event_slug="weather")
        await client.place_market_order(asset_id=yes, side="BUY", amount="5.1", max_price="0.51")
        exchange.resolve(V1, winner=yes)
        await venue.running.advance(1)
        seen: set[str] = set()
        wanted = {
            "price_change", "last_trade_price", "tick_size_change", "best_bid_ask", "new_market", "market_resolved",
        }  # fmt: skip
        async with asyncio.timeout(10):
            async for event in events:
                seen.add(event.type)
                if wanted <= seen:
                    break
    assert wanted <= seen
