"""The official client sets wallets up and moves them as it would there: every kind that the relayer carries."""

import asyncio
from typing import Any

import pytest
from polymarket._internal.actions.relayer.calls import TransactionCall
from polymarket.auth import RelayerApiKey
from polymarket.errors import RequestRejectedError, TransactionFailedError, UserInputError

from official import connected
from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import MarketVersion
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polybot.polymarket.abi import call_data
from polybot.polymarket.contracts import (
    AUTO_REDEEMER,
    CONDITIONAL_TOKENS,
    NEG_RISK_COLLATERAL_ADAPTER,
    POLYGON,
    POSITION_MANAGER,
    PUSD,
    STANDARD,
)
from polybot.polymarket.wallets import derive_deposit
from polybot.simulator.desk import OpenedAccount
from polybot.simulator.engine.accounts import Account
from polybot.simulator.rest.keys import KeyKind
from polymarket.streams import UserSpec
from simulated_venue import GROUP, NEG_RISK, V1, V2, Running, make_market

KINDS = [
    pytest.param(SignatureType.POLY_PROXY, id="proxy"),
    pytest.param(SignatureType.POLY_GNOSIS_SAFE, id="safe"),
    pytest.param(SignatureType.POLY_1271, id="deposit"),
]
MARKETS = (V1, NEG_RISK, V2)
FAST = 100.0
"""Blocks come every 15 ms of the machine's time."""


@pytest.fixture
def venue(simulator: Running) -> Running:
    simulator.clock.set_speed(FAST)
    return simulator


def opened(venue: Running, kind: SignatureType, **how: Any) -> OpenedAccount:
    return venue.simulator.desk.open_account(signature_type=kind, balance=Usdc.parse("1000"), **how)


def relayer_key(venue: Running, account: OpenedAccount) -> RelayerApiKey:
    key = venue.simulator.keys.mint(account.eoa, KeyKind.RELAYER)
    return RelayerApiKey(key=key.key, address=account.eoa)


def books(venue: Running, wallet: str) -> Account:
    found = venue.simulator.world.exchange.accounts.find(Wallet(wallet.lower()))
    assert found is not None
    return found


def held(venue: Running, wallet: str, condition: ConditionId) -> list[int]:
    account = books(venue, wallet)
    return [account.held_micro[outcome.token] for outcome in venue.market(condition).outcomes]


async def test_a_deposit_wallet_is_deployed_approved_and_trades(venue: Running) -> None:
    account = opened(venue, SignatureType.EOA)
    async with connected(venue.urls, account.private_key, wallet=None, api_key=relayer_key(venue, account)) as client:
        wallet = str(client.wallet)
        assert wallet.lower() == derive_deposit(account.eoa)
        venue.simulator.world.exchange.accounts.deposit(books(venue, wallet), Usdc.parse("1000"))
        await client.setup_trading_approvals()
        token = venue.market(V1).outcomes[0].token
        placed = await client.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")
        assert placed.ok, placed
        assert placed.status == "live"


async def test_an_undeployed_proxy_is_no_wallet_yet(venue: Running) -> None:
    account = opened(venue, SignatureType.POLY_PROXY, deployed=False)
    with pytest.raises(UserInputError, match="does not exist"):
        async with connected(venue.urls, account.private_key, wallet=account.wallet):
            pass


@pytest.mark.parametrize("kind", KINDS)
async def test_it_approves_revokes_and_sends_cash(venue: Running, kind: SignatureType) -> None:
    account = opened(venue, kind, approve=False)
    here, spender = books(venue, account.wallet), STANDARD[POLYGON].address
    async with connected(
        venue.urls, account.private_key, wallet=account.wallet, api_key=relayer_key(venue, account)
    ) as client:
        await client.setup_trading_approvals()
        assert here.allowances[spender.lower()] == 2**256 - 1
        assert (POSITION_MANAGER.lower(), AUTO_REDEEMER.lower()) in here.operators
        nonce = venue.simulator.relayer.wallets.nonce(here.wallet)
        await client.setup_trading_approvals()
        assert venue.simulator.relayer.wallets.nonce(here.wallet) == nonce == 1

        await (await client.approve_erc20(token_address=PUSD, spender_address=spender, amount=7)).wait()
        assert here.allowances[spender.lower()] == 7
        handle = await client.approve_erc1155_for_all(
            token_address=CONDITIONAL_TOKENS, operator_address=spender, approved=False
        )
        assert (await handle.wait()).transaction_hash
        assert (CONDITIONAL_TOKENS.lower(), spender.lower()) not in here.operators
        handle = await client.transfer_erc20(token_address=PUSD, recipient_address="0x" + "77" * 20, amount=1_000_000)
        await handle.wait()
    assert here.cash_micro == 999_000_000


@pytest.mark.parametrize("kind", KINDS)
async def test_it_splits_merges_and_redeems(venue: Running, kind: SignatureType) -> None:
    account, exchange = opened(venue, kind), venue.simulator.world.exchange
    here = books(venue, account.wallet)
    here.operators -= {entry for entry in here.operators if entry[1] == AUTO_REDEEMER.lower()}
    async with connected(
        venue.urls, account.private_key, wallet=account.wallet, api_key=relayer_key(venue, account)
    ) as client:
        for condition in MARKETS:
            await (await client.split_position(condition_id=condition, amount=50_000_000)).wait()
            assert held(venue, account.wallet, condition) == [50_000_000, 50_000_000]
        await (await client.merge_positions(condition_id=V1, amount=20_000_000)).wait()
        some: Any = [
            {"condition_id": str(V1), "amount": 10_000_000},
            *({"condition_id": str(each)} for each in (NEG_RISK, V2)),
        ]
        await (await client.merge_multiple_positions(positions=some)).wait()
        assert [held(venue, account.wallet, condition)[0] for condition in MARKETS] == [20_000_000, 0, 0]
        for condition in MARKETS:
            await (await client.split_position(condition_id=condition, amount=5_000_000)).wait()
            exchange.resolve(condition, winner=TokenId(venue.market(condition).outcomes[1].token))
            await (await client.redeem_positions(condition_id=condition)).wait()
            assert held(venue, account.wallet, condition) == [0, 0]
        failing = await client.transfer_erc20(
            token_address=PUSD, recipient_address="0x" + "77" * 20, amount=1_001_000_000
        )
        with pytest.raises(TransactionFailedError, match="exceeds balance"):
            await failing.wait()
    assert here.cash_micro == 1_000_000_000
    assert not exchange.imbalance()


async def test_a_batch_waits_for_the_one_before_it(venue: Running) -> None:
    """The client is told that the wallet is busy, tries again and signs for the newer nonce."""
    account = opened(venue, SignatureType.POLY_1271)
    async with connected(
        venue.urls, account.private_key, wallet=account.wallet, api_key=relayer_key(venue, account)
    ) as client:
        first = await client.split_position(condition_id=V1, amount=1_000_000)
        second = await client.split_position(condition_id=V1, amount=2_000_000)
        await first.wait()
        await second.wait()
    assert held(venue, account.wallet, V1) == [3_000_000, 3_000_000]


async def test_an_unknown_contract_is_refused(venue: Running) -> None:
    account = opened(venue, SignatureType.POLY_1271)
    async with connected(
        venue.urls, account.private_key, wallet=account.wallet, api_key=relayer_key(venue, account)
    ) as client:
        with pytest.raises(RequestRejectedError, match="is not allowed"):
            await client.approve_erc20(token_address="0x" + "99" * 20, spender_address="0x" + "98" * 20, amount=1)


async def test_builder_keys_are_made_used_and_revoked(venue: Running) -> None:
    account = opened(venue, SignatureType.POLY_1271)
    async with connected(venue.urls, account.private_key, wallet=account.wallet) as client:
        key = await client.create_builder_api_key()
        assert [listed.key for listed in await client.fetch_builder_api_keys()] == [key.key]
    async with connected(venue.urls, account.private_key, wallet=account.wallet, api_key=key) as client:
        await (await client.split_position(condition_id=V1, amount=1_000_000)).wait()
        await client.revoke_builder_api_key()
        assert await client.fetch_builder_api_keys() == ()
        with pytest.raises(RequestRejectedError) as refused:
            await client.split_position(condition_id=V1, amount=1_000_000)
        assert refused.value.status == 401


async def test_a_session_key_is_authorised_trades_and_is_revoked(venue: Running) -> None:
    account, second = opened(venue, SignatureType.POLY_1271), opened(venue, SignatureType.EOA)
    token = venue.market(V1).outcomes[0].token
    async with connected(venue.urls, account.private_key, wallet=account.wallet) as plain:
        key = await plain.create_builder_api_key()
    async with connected(venue.urls, account.private_key, wallet=account.wallet, api_key=key) as owner:
        made = await owner.authorize_session_key(address=second.eoa, scopes=["CLOB"])
        assert [key.address for key in await owner.fetch_session_keys()] == [made.session_key.address]
        async with connected(venue.urls, second.private_key, wallet=account.wallet) as session:
            assert (await session.get_balance_allowance(asset_type="COLLATERAL")).balance == 1_000_000_000
            placed = await session.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")
            assert placed.ok, placed
            heard = await session.subscribe(UserSpec())
            bought = await session.place_market_order(asset_id=token, side="BUY", amount="52", max_price="0.52")
            assert bought.ok, bought
            async with asyncio.timeout(10):
                trade = await anext(event async for event in heard if event.type == "trade")
            assert trade.payload.id in bought.trade_ids
            assert held(venue, account.wallet, V1)[0] == 100_000_000
            assert not (await owner.list_open_orders().first_page()).items
            assert len((await session.list_open_orders().first_page()).items) == 1
            await owner.revoke_session_key(address=second.eoa)
            assert await owner.fetch_session_keys() == ()
            assert not (await session.list_open_orders().first_page()).items
            with pytest.raises(RequestRejectedError, match="invalid signature"):
                await session.place_limit_order(asset_id=token, price="0.40", size="10", side="BUY")


async def test_no_becomes_yes_of_the_other_questions(venue: Running) -> None:
    """The client has no call of its own for it, but sends any."""
    account = opened(venue, SignatureType.POLY_1271)
    add_question(venue)
    no_of_first = call_data("convertPositions(bytes32,uint256,uint256)", bytes.fromhex(GROUP[2:]), 1, 5_000_000)
    async with connected(
        venue.urls, account.private_key, wallet=account.wallet, api_key=relayer_key(venue, account)
    ) as client:
        await (await client.split_position(condition_id=NEG_RISK, amount=5_000_000)).wait()
        call = TransactionCall(to=NEG_RISK_COLLATERAL_ADAPTER, data="0x" + no_of_first.hex())  # type: ignore[arg-type]
        await (await client.execute_transaction(calls=[call])).wait()
    assert held(venue, account.wallet, NEG_RISK) == [5_000_000, 0]
    assert held(venue, account.wallet, OTHER) == [5_000_000, 0]


OTHER = ConditionId("0x" + "22" * 31 + "23")


def add_question(venue: Running) -> None:
    """Another market of the neg-risk event."""
    market = make_market(OTHER, neg_risk=True, version=MarketVersion.V1)
    venue.simulator.world.exchange.list_market(market, event_slug="weather", group=GROUP)
