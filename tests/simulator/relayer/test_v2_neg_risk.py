"""A question of a Protocol V2 event with one winner: the exchange is V3, the module another, the calls the same."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from polymarket.auth import RelayerApiKey

from official import connected
from polybot.core.book import Level
from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Market, MarketVersion, Outcome
from polybot.core.money import Price, Shares, Usdc
from polybot.core.orders import SignatureType
from polybot.polymarket.chain.reader import ChainReader
from polybot.polymarket.chain.rpc import RpcClient
from polybot.polymarket.contracts import POLYGON, V3, exchange_for
from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.token_ids import v2_position_id
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.moves import GroupId
from polybot.simulator.rest.keys import KeyKind
from polybot.utils.clock import SystemClock
from polymarket import AsyncSecureClient
from simulated_venue import Running, make_market

TOKENS = [v2_position_id(module=2, base_hash=b"\x55" * 16, outcome=n, arity=3, index=1) for n in (0, 1)]
CONDITION = ConditionId(f"0x{int(TOKENS[0]) >> 8:062x}00")
FAST = 100.0
"""Blocks come every 15 ms of the machine's time."""


@pytest.fixture
def market(simulator: Running) -> Market:
    plain = make_market(CONDITION, neg_risk=True, version=MarketVersion.V2)
    market = replace(plain, outcomes=(Outcome(TOKENS[0], "Yes"), Outcome(TOKENS[1], "No")))
    exchange = simulator.simulator.world.exchange
    exchange.list_market(market, event_slug="election", group=GroupId("0x" + "55" * 31 + "00"))
    exchange.set_house_book(
        TOKENS[0],
        bids=[Level(Price.parse("0.50"), Shares.parse("1000"))],
        asks=[Level(Price.parse("0.52"), Shares.parse("1000"))],
    )
    simulator.clock.set_speed(FAST)
    return market


@pytest.fixture(params=list(SignatureType), ids=lambda kind: kind.name.lower())
async def trader(
    simulator: Running, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[AsyncSecureClient, Account]]:
    desk = simulator.simulator.desk
    opened = desk.open_account(signature_type=request.param, balance=Usdc.parse("1000"))
    account = simulator.simulator.world.exchange.accounts.find(Wallet(opened.wallet.lower()))
    assert account is not None
    key = RelayerApiKey(key=simulator.simulator.keys.mint(opened.eoa, KeyKind.RELAYER).key, address=opened.eoa)
    async with connected(simulator.urls, opened.private_key, wallet=opened.wallet, api_key=key) as client:
        yield client, account


async def test_it_is_traded_split_merged_and_redeemed(
    simulator: Running, market: Market, trader: tuple[AsyncSecureClient, Account]
) -> None:
    client, account = trader
    exchange = simulator.simulator.world.exchange
    assert exchange_for(TOKENS[0], neg_risk=True) == V3[POLYGON]
    first = simulator.simulator.chain.head
    bought = await client.place_market_order(asset_id=TOKENS[0], side="BUY", amount="52", max_price="0.52")
    assert bought.ok, bought
    await simulator.advance(30)
    sold = await client.place_market_order(asset_id=TOKENS[0], side="SELL", shares="40")
    assert sold.ok, sold
    await simulator.advance(30)
    await (await client.split_position(condition_id=CONDITION, amount=5_000_000)).wait()
    await (await client.merge_positions(condition_id=CONDITION, amount=2_000_000)).wait()
    assert [account.held_micro[token] for token in TOKENS] == [63_000_000, 3_000_000]
    account.operators = {pair for pair in account.operators if pair[1] not in _redeemers(account)}
    exchange.resolve(CONDITION, winner=TokenId(market.outcomes[1].token))
    await (await client.redeem_positions(condition_id=CONDITION)).wait()
    assert [account.held_micro[token] for token in TOKENS] == [0, 0]
    assert not exchange.imbalance()
    clock = SystemClock()
    async with HttpClient(simulator.urls.rpc, gate=polymarket_gate(clock), clock=clock) as http:
        rpc = RpcClient(http)
        reader, last = ChainReader(rpc), await rpc.block_number()
        fills = await reader.fills([account.wallet], first=first, last=last)
        assert {fill.exchange for fill in fills} == {V3[POLYGON].address.lower()}
        assert [fill.shares for fill in fills] == [Shares.parse("100"), Shares.parse("40")]
        moves = await reader.moves([account.wallet], first=first, last=last)
        assert {move.kind.value for move in moves} == {"split", "merge", "redeem"}


def _redeemers(account: Account) -> set[str]:
    """The AutoRedeemer, which would be quicker."""
    return {operator for _, operator in account.operators if operator.startswith("0xa12")}
