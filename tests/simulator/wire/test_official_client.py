"""The official client trades here as it would there: every wallet type on every exchange."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from polymarket.errors import RequestRejectedError
from polymarket.models.clob.orders import SignedOrder
from polymarket.models.types import TokenId

from official import client_for
from polybot.core.ids import ConditionId
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polymarket import AsyncSecureClient
from polymarket.streams import MarketSpec, UserSpec
from simulated_venue import NEG_RISK, V1, V2, Running

TYPES = list(SignatureType)
EXCHANGES = [pytest.param(V1, id="ctf"), pytest.param(NEG_RISK, id="neg_risk"), pytest.param(V2, id="v3")]


@asynccontextmanager
async def trader(running: Running, kind: SignatureType) -> AsyncIterator[AsyncSecureClient]:
    account = running.simulator.desk.open_account(signature_type=kind, balance=Usdc.parse("1000"))
    client = await client_for(running.urls, account)
    try:
        yield client
    finally:
        await client.close()


async def found(events: AsyncIterator[Any], wanted: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(10):
        async for event in events:
            if wanted(event):
                return event
    raise AssertionError("the stream ended")


def token_of(running: Running, condition: ConditionId, outcome: int = 0) -> str:
    return running.market(condition).outcomes[outcome].token


@pytest.mark.parametrize("condition", EXCHANGES)
@pytest.mark.parametrize("kind", TYPES)
async def test_it_rests_lists_and_cancels_an_order(
    simulator: Running, kind: SignatureType, condition: ConditionId
) -> None:
    token = token_of(simulator, condition)
    async with trader(simulator, kind) as client:
        placed = await client.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")
        assert placed.ok, placed
        assert placed.status == "live"
        listed = await client.list_open_orders(asset_id=token).first_page()
        assert [order.id for order in listed.items] == [placed.order_id]
        assert (await client.get_order(order_id=placed.order_id)).original_size == 10
        gone = await client.cancel_order(order_id=placed.order_id)
        assert gone.canceled == (placed.order_id,)
        assert not (await client.list_open_orders().first_page()).items


@pytest.mark.parametrize("condition", EXCHANGES)
@pytest.mark.parametrize("kind", TYPES)
async def test_it_buys_and_sells_and_hears_of_it(
    simulator: Running, kind: SignatureType, condition: ConditionId
) -> None:
    token = token_of(simulator, condition)
    async with trader(simulator, kind) as client:
        users = await client.subscribe(UserSpec())
        markets = await client.subscribe(MarketSpec(asset_ids=[token]))
        book = await found(markets, lambda event: event.type == "book")
        assert [str(level.price) for level in book.payload.asks] == ["0.53", "0.52"]

        bought = await client.place_market_order(asset_id=token, side="BUY", amount="52", max_price="0.52")
        assert bought.ok, bought
        assert bought.status == "matched"
        assert bought.making_amount == 52
        assert bought.taking_amount == 100
        assert not bought.transactions_hashes
        trade = await found(users, lambda event: event.type == "trade")
        assert trade.payload.id in bought.trade_ids
        assert (trade.payload.status, trade.payload.size) == ("MATCHED", 100)
        change = await found(markets, lambda event: event.type == "price_change")
        assert token in {entry.asset_id for entry in change.payload.price_changes}
        assert (await found(markets, lambda event: event.type == "last_trade_price")).payload.price == Decimal("0.52")

        await simulator.advance(10)
        confirmed = await found(users, lambda event: event.type == "trade" and event.payload.status == "CONFIRMED")
        assert confirmed.payload.transaction_hash
        sold = await client.place_market_order(asset_id=token, side="SELL", shares="40")
        assert sold.ok, sold
        trades = (await client.list_account_trades(asset_id=token).first_page()).items
        assert {trade.side for trade in trades} == {"BUY", "SELL"}
        await simulator.advance(10)
        held = await client.get_balance_allowance(
            asset_type="CONDITIONAL-V2" if condition == V2 else "CONDITIONAL", asset_id=token
        )
        assert held.balance == 60_000_000


async def test_it_reads_the_market(simulator: Running) -> None:
    token = token_of(simulator, V1)
    async with trader(simulator, SignatureType.POLY_1271) as client:
        book = await client.get_order_book(asset_id=token)
        assert [str(level.price) for level in book.bids] == ["0.49", "0.5"]
        assert str(book.condition_id) == V1
        assert await client.get_closed_only_mode() is False
        cash = await client.get_balance_allowance(asset_type="COLLATERAL")
        assert cash.balance == 1_000_000_000
        assert all(cash.allowances.values())


async def test_a_wallet_is_found_without_being_named(simulator: Running) -> None:
    account = simulator.simulator.desk.open_account(signature_type=SignatureType.POLY_1271, balance=Usdc.parse("10"))
    client = await client_for(simulator.urls, replace(account, wallet=None))  # type: ignore[arg-type]
    try:
        assert str(client.wallet).lower() == account.wallet.lower()
    finally:
        await client.close()


@pytest.mark.parametrize("kind", TYPES)
async def test_a_signature_for_another_exchange_is_refused(simulator: Running, kind: SignatureType) -> None:
    async with trader(simulator, kind) as client:
        for here, elsewhere in itertools.permutations((V1, NEG_RISK, V2), 2):
            signed = await client.create_limit_order(
                asset_id=token_of(simulator, elsewhere), price="0.40", size="10", side="BUY"
            )
            token = TokenId(token_of(simulator, here))
            await refused(client, replace(signed, token_id=token), "invalid signature")


@pytest.mark.parametrize("kind", TYPES)
async def test_a_tampered_field_is_refused(simulator: Running, kind: SignatureType) -> None:
    async with trader(simulator, kind) as client:
        signed = await client.create_limit_order(asset_id=token_of(simulator, V1), price="0.40", size="10", side="BUY")
        for field in ("maker_amount", "taker_amount", "salt", "timestamp"):
            tampered = replace(signed, **{field: getattr(signed, field) + 10_000})
            await refused(client, tampered, "invalid signature")
        await refused(client, replace(signed, side="SELL"), "invalid signature")


@pytest.mark.parametrize("kind", TYPES)
async def test_another_accounts_order_is_refused(simulator: Running, kind: SignatureType) -> None:
    async with trader(simulator, kind) as mine, trader(simulator, kind) as other:
        signed = await other.create_limit_order(asset_id=token_of(simulator, V1), price="0.40", size="10", side="BUY")
        words = "the order signer address has to be the address of the API KEY"
        await refused(mine, signed, words)


async def refused(client: AsyncSecureClient, order: SignedOrder, text: str) -> None:
    with pytest.raises(RequestRejectedError, match=text) as error:
        await client.post_order(order)
    assert error.value.status == 400
