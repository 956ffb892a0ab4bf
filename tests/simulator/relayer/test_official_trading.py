"""The official client's wallets as they trade: missing approvals, older wallets, session keys, every way to move."""

from typing import Any

import pytest
from polymarket._internal.actions.relayer.calls import TransactionCall
from polymarket.auth import RelayerApiKey
from polymarket.errors import RequestRejectedError

from official import connected
from polybot.core.ids import ConditionId, Wallet
from polybot.core.market import MarketVersion
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polybot.polymarket.abi import call_data
from polybot.polymarket.contracts import (
    CONDITIONAL_TOKENS,
    NEG_RISK_ADAPTER,
    NEG_RISK_COLLATERAL_ADAPTER,
    ONRAMP,
    POLYGON,
    PUSD,
    STANDARD,
    USDC_E,
    exchange_for,
)
from polybot.simulator.desk import OpenedAccount
from polybot.simulator.engine.accounts import Account
from polybot.simulator.rest.keys import KeyKind
from polymarket import AsyncSecureClient
from simulated_venue import GROUP, NEG_RISK, V1, V2, Running, make_market

EXCHANGES = [pytest.param(V1, id="ctf"), pytest.param(NEG_RISK, id="neg_risk"), pytest.param(V2, id="v3")]
KINDS = [pytest.param(kind, id=kind.name.lower()) for kind in SignatureType]
OTHER = ConditionId("0x" + "22" * 31 + "23")
FAST = 100.0
"""Blocks come every 15 ms of the machine's time."""


@pytest.fixture
def venue(simulator: Running) -> Running:
    simulator.clock.set_speed(FAST)
    return simulator


def opened(venue: Running, kind: SignatureType = SignatureType.POLY_1271, **how: Any) -> OpenedAccount:
    return venue.simulator.desk.open_account(signature_type=kind, balance=Usdc.parse("1000"), **how)


def relayer_key(venue: Running, account: OpenedAccount) -> RelayerApiKey:
    return RelayerApiKey(key=venue.simulator.keys.mint(account.eoa, KeyKind.RELAYER).key, address=account.eoa)


def books(venue: Running, wallet: str) -> Account:
    found = venue.simulator.world.exchange.accounts.find(Wallet(wallet.lower()))
    assert found is not None
    return found


@pytest.mark.parametrize("condition", [pytest.param(V1, id="ctf"), pytest.param(V2, id="v3")])
@pytest.mark.parametrize("kind", KINDS)
async def test_it_approves_what_the_venue_misses_and_sends_the_order_again(
    venue: Running, kind: SignatureType, condition: ConditionId
) -> None:
    account = opened(venue, kind, approve=False)
    token = venue.market(condition).outcomes[0].token
    async with connected(
        venue.urls, account.private_key, wallet=account.wallet, api_key=relayer_key(venue, account)
    ) as client:
        bought = await client.place_market_order(asset_id=token, side="BUY", amount="52", max_price="0.52")
        assert bought.ok, bought
        await venue.advance(30)
        sold = await client.place_market_order(asset_id=token, side="SELL", shares="40")
        assert sold.ok, sold
    exchange = exchange_for(token, neg_risk=False).address.lower()
    granted = books(venue, account.wallet)
    assert granted.allowances[exchange] > 2**255
    assert [operator for _, operator in granted.operators] == [exchange]


async def test_of_the_retired_adapter_it_knows_nothing(venue: Running) -> None:
    """The venue still misses its allowance, the official client approves the exchange alone."""
    account = opened(venue, approve=False)
    token = venue.market(NEG_RISK).outcomes[0].token
    async with connected(
        venue.urls, account.private_key, wallet=account.wallet, api_key=relayer_key(venue, account)
    ) as client:
        await client.setup_trading_approvals()
        with pytest.raises(RequestRejectedError, match="allowance is not enough -> spender: 0xd91E"):
            await client.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")
        listed = (await client.get_balance_allowance(asset_type="COLLATERAL")).allowances
        assert [spender for spender, allowance in listed.items() if not allowance] == [NEG_RISK_ADAPTER]
        handle = await client.approve_erc20(token_address=PUSD, spender_address=NEG_RISK_ADAPTER, amount="max")
        await handle.wait()
        placed = await client.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")
        assert placed.ok, placed


@pytest.mark.parametrize("condition", EXCHANGES)
async def test_an_older_deposit_wallet_is_found_and_trades(venue: Running, condition: ConditionId) -> None:
    account = opened(venue, old_form=True)
    token = venue.market(condition).outcomes[0].token
    async with connected(venue.urls, account.private_key, wallet=None) as client:
        assert str(client.wallet).lower() == account.wallet.lower()
        bought = await client.place_market_order(asset_id=token, side="BUY", amount="52", max_price="0.52")
        assert bought.ok, bought
        rested = await client.place_limit_order(asset_id=token, price="0.60", size="10", side="SELL")
        assert rested.ok, rested
        assert (await client.cancel_order(order_id=rested.order_id)).canceled == (rested.order_id,)


@pytest.mark.parametrize("condition", EXCHANGES)
async def test_a_session_key_places_every_type_of_order(venue: Running, condition: ConditionId) -> None:
    account, second = opened(venue), opened(venue, SignatureType.EOA)
    token = venue.market(condition).outcomes[0].token
    async with connected(venue.urls, account.private_key, wallet=account.wallet) as plain:
        key = await plain.create_builder_api_key()
    async with connected(venue.urls, account.private_key, wallet=account.wallet, api_key=key) as owner:
        await owner.authorize_session_key(address=second.eoa, scopes=["CLOB"])
    async with connected(venue.urls, second.private_key, wallet=account.wallet) as session:
        expiration = venue.clock.now_ns() // 1_000_000_000 + 40_000
        rested = [
            await session.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY"),
            await session.place_limit_order(asset_id=token, price="0.41", size="10", side="BUY", post_only=True),
            await session.place_limit_order(asset_id=token, price="0.42", size="10", side="BUY", expiration=expiration),
        ]
        assert [order.status for order in rested if order.ok] == ["live"] * 3
        for order_type in ("FAK", "FOK"):
            bought = await session.place_market_order(
                asset_id=token, side="BUY", amount="5.2", max_price="0.52", order_type=order_type
            )
            assert bought.ok, bought
        sold = await session.place_market_order(asset_id=token, side="SELL", shares="10")
        assert sold.ok, sold
        signed = [
            await session.create_limit_order(asset_id=token, price=price, size="10", side="BUY")
            for price in ("0.43", "0.44")
        ]
        assert [order.ok for order in await session.post_orders(signed)] == [True, True]
        beat = await session.send_order_heartbeat()
        assert beat.heartbeat_id
        assert len((await session.cancel_all()).canceled) == 5


@pytest.mark.parametrize("kind", KINDS)
async def test_every_wallet_wraps_converts_and_merges_several(venue: Running, kind: SignatureType) -> None:
    """The client has no calls of its own for wrapping and converting, but sends any."""
    account = opened(venue, kind)
    here, exchange = books(venue, account.wallet), venue.simulator.world.exchange
    market = make_market(OTHER, neg_risk=True, version=MarketVersion.V1)
    exchange.list_market(market, event_slug="weather", group=GROUP)
    exchange.grant_usdc_e(here.wallet, Usdc.parse("20"))
    async with connected(
        venue.urls, account.private_key, wallet=account.wallet, api_key=relayer_key(venue, account)
    ) as client:
        wrap = [
            call(USDC_E, "approve(address,uint256)", ONRAMP, 20_000_000),
            call(ONRAMP, "wrap(address,address,uint256)", USDC_E, account.wallet, 20_000_000),
        ]
        await carry_out(client, kind, wrap)
        assert here.cash_micro == 1_020_000_000
        for condition in (V1, NEG_RISK, V2):
            await (await client.split_position(condition_id=condition, amount=5_000_000)).wait()
        no_of_first = call(
            NEG_RISK_COLLATERAL_ADAPTER, "convertPositions(bytes32,uint256,uint256)",
            bytes.fromhex(GROUP[2:]), 1, 5_000_000,
        )  # fmt: skip
        await carry_out(client, kind, [no_of_first])
        assert [here.held_micro[outcome.token] for outcome in market.outcomes] == [5_000_000, 0]
        some: Any = [{"condition_id": str(V1), "amount": 2_000_000}, {"condition_id": str(V2)}]
        await (await client.merge_multiple_positions(positions=some)).wait()
        spender = STANDARD[POLYGON].address
        await (await client.approve_erc20(token_address=PUSD, spender_address=spender, amount=7)).wait()
        await (
            await client.approve_erc1155_for_all(
                token_address=CONDITIONAL_TOKENS, operator_address=spender, approved=False
            )
        ).wait()
    assert here.allowances[spender.lower()] == 7
    assert (CONDITIONAL_TOKENS.lower(), spender.lower()) not in here.operators
    assert here.cash_micro == 1_020_000_000 - 5_000_000 - 3_000_000
    assert not exchange.imbalance()


def call(to: str, signature: str, *arguments: Any) -> TransactionCall:
    return TransactionCall(to=to, data="0x" + call_data(signature, *arguments).hex())  # type: ignore[arg-type]


async def carry_out(client: AsyncSecureClient, kind: SignatureType, calls: list[TransactionCall]) -> None:
    """An EOA sends one after the other, any other wallet all at once."""
    for batch in [[one] for one in calls] if kind is SignatureType.EOA else [calls]:
        await (await client.execute_transaction(calls=batch)).wait()
