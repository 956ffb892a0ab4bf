"""The official client with an EOA: it signs, sends and follows its own transactions through the node."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from polymarket.errors import RequestRejectedError, TransactionFailedError

from official import connected
from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polybot.polymarket.contracts import AUTO_REDEEMER, POLYGON, POSITION_MANAGER, PUSD, STANDARD
from polybot.simulator.chain import abi
from polybot.simulator.desk import OpenedAccount
from polybot.simulator.engine.accounts import Account
from polymarket import AsyncSecureClient
from simulated_venue import NEG_RISK, V1, V2, Running

MARKETS = [pytest.param(V1, id="ctf"), pytest.param(NEG_RISK, id="neg_risk"), pytest.param(V2, id="v2")]
FAST = 100.0
"""Blocks come every 15 ms of the machine's time."""


@pytest.fixture
def venue(simulator: Running) -> Running:
    simulator.clock.set_speed(FAST)
    return simulator


@asynccontextmanager
async def trader(venue: Running, *, approve: bool = True) -> AsyncIterator[tuple[AsyncSecureClient, Account]]:
    opened = venue.simulator.desk.open_account(
        signature_type=SignatureType.EOA, balance=Usdc.parse("1000"), approve=approve
    )
    async with connected(venue.urls, opened.private_key, wallet=opened.wallet) as client:
        yield client, _books(venue, opened)


def _books(venue: Running, opened: OpenedAccount) -> Account:
    found = venue.simulator.world.exchange.accounts.find(Wallet(opened.wallet.lower()))
    assert found is not None
    return found


def held(venue: Running, account: Account, condition: ConditionId) -> list[int]:
    return [account.held_micro[outcome.token] for outcome in venue.market(condition).outcomes]


async def test_it_approves_all_that_trading_needs_once(venue: Running) -> None:
    async with trader(venue, approve=False) as (client, account):
        await client.setup_trading_approvals()
        assert account.allowances[STANDARD[POLYGON].address.lower()] == 2**256 - 1
        assert (POSITION_MANAGER.lower(), AUTO_REDEEMER.lower()) in account.operators
        sent = venue.simulator.chain.rpc.answer(_count(account))
        await client.setup_trading_approvals()
        assert venue.simulator.chain.rpc.answer(_count(account)) == sent


def _count(account: Account) -> str:
    return f'{{"jsonrpc":"2.0","id":1,"method":"eth_getTransactionCount","params":["{account.wallet}","latest"]}}'


@pytest.mark.parametrize("condition", MARKETS)
async def test_it_splits_merges_and_redeems(venue: Running, condition: ConditionId) -> None:
    async with trader(venue) as (client, account):
        await (await client.split_position(condition_id=condition, amount=10_000_000)).wait()
        assert held(venue, account, condition) == [10_000_000] * 2
        await (await client.merge_positions(condition_id=condition, amount="max")).wait()
        assert held(venue, account, condition) == [0, 0]
        await (await client.split_position(condition_id=condition, amount=5_000_000)).wait()
        account.operators = {pair for pair in account.operators if pair[1] != AUTO_REDEEMER.lower()}
        venue.simulator.world.exchange.resolve(condition, winner=TokenId(venue.market(condition).outcomes[1].token))
        await (await client.redeem_positions(condition_id=condition)).wait()
        assert held(venue, account, condition) == [0, 0]
        assert account.cash_micro == 1_000_000_000


async def test_a_call_that_would_revert_is_not_sent(venue: Running) -> None:
    async with trader(venue) as (client, _):
        with pytest.raises(RequestRejectedError, match="exceeds balance"):
            await client.transfer_erc20(token_address=PUSD, recipient_address="0x" + "99" * 20, amount=5_000_000_000)


async def test_a_transaction_that_reverts_in_its_block_is_told(venue: Running) -> None:
    """What was there when it was sent is gone when it is mined."""
    venue.clock.set_speed(1.0)
    async with trader(venue) as (client, account):
        handle = await client.transfer_erc20(token_address=PUSD, recipient_address="0x" + "99" * 20, amount=900_000_000)
        venue.simulator.world.exchange.withdraw(account.wallet, Usdc.parse("500"))
        venue.clock.set_speed(FAST)
        with pytest.raises(TransactionFailedError, match="reverted"):
            await handle.wait()


async def test_orders_appear_in_calldata_as_they_were_signed(venue: Running) -> None:
    venue.simulator.chain.provider.unseen_ratio = 0.0
    async with (
        trader(venue) as (client, account),
        aiohttp.ClientSession() as session,
        session.ws_connect(venue.urls.ws_rpc) as socket,
    ):
        await socket.send_json(
            {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newPendingTransactions", True]}
        )
        assert (await socket.receive_json(timeout=5))["result"]
        token = venue.market(V1).outcomes[0].token
        signed = await client.create_market_order(asset_id=token, side="BUY", amount="52", max_price="0.52")
        posted = await client.post_order(signed)
        assert posted.ok, posted
        frame = await socket.receive_json(timeout=5)
        data = bytes.fromhex(frame["params"]["result"]["input"][2:])
        taker = abi.MATCH_ORDERS_V2.arguments(data)[1]
        assert taker[0] == signed.salt
        assert taker[1] == account.wallet
        assert "0x" + taker[-1].hex() == signed.signature
