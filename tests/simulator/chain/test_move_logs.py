"""What wallets do outside the book, as logs: read back by the bot's own reader of the chain."""

from typing import Any

import msgspec
import pytest
from node_at_work import AtWork, pad, wallet

from polybot.core.ids import ConditionId, Wallet
from polybot.core.market import MarketVersion
from polybot.core.money import Shares, Usdc
from polybot.polymarket.chain.attribution import settled_moves
from polybot.polymarket.chain.moves import ChainMove, MoveKind
from polybot.polymarket.chain.rpc import Log
from polybot.polymarket.contracts import (
    CONDITIONAL_TOKENS,
    NEG_RISK_COLLATERAL_ADAPTER,
    OFFRAMP,
    ONRAMP,
    PUSD,
    ROUTER,
    USDC_E,
)
from polybot.polymarket.token_ids import WRAPPED_COLLATERAL
from polybot.simulator.chain import abi
from polybot.simulator.engine.moves import GroupId, Move
from simulated_venue import NEG_RISK, V1, V2, make_market

MARKETS = [pytest.param(V1, id="ctf"), pytest.param(NEG_RISK, id="neg_risk"), pytest.param(V2, id="v2")]
COLLATERALS = {PUSD: "pUSD", USDC_E: "USDC.e", WRAPPED_COLLATERAL: "wrapped"}


def logs_of(work: AtWork, tx: str) -> list[dict[str, Any]]:
    """Once it is mined."""
    work.advance(1.5)
    receipt = work.ask("eth_getTransactionReceipt", tx)
    assert receipt["status"] == "0x1"
    logs: list[dict[str, Any]] = receipt["logs"]
    return logs


def read(logs: list[dict[str, Any]]) -> list[ChainMove]:
    return settled_moves([msgspec.convert(log, Log) for log in logs])


def held_at(logs: list[dict[str, Any]], holder: str) -> dict[str, int]:
    """By contract: what the ERC-20 transfers of these logs brought."""
    found = dict.fromkeys(COLLATERALS.values(), 0)
    for log in logs:
        name = next((name for address, name in COLLATERALS.items() if address.lower() == log["address"]), None)
        if name and log["topics"][0] == abi.TRANSFER.topic:
            sign = (log["topics"][2] == pad(holder)) - (log["topics"][1] == pad(holder))
            found[name] += sign * int(log["data"], 16)
    return found


@pytest.mark.parametrize("condition", MARKETS)
def test_split_merge_and_redemption_are_read_as_the_wallets(condition: ConditionId) -> None:
    work = AtWork()
    alice = work.account("alice")
    holder, ten = wallet(alice), Shares.parse("10")
    split = logs_of(work, work.exchange.split(holder, condition, ten))
    assert [_told(move) for move in read(split)] == [(MoveKind.SPLIT, holder, condition, ten)]
    assert held_at(split, holder)["pUSD"] == -10_000_000
    merged = logs_of(work, work.exchange.merge(holder, condition, Shares.parse("4")))
    assert [_told(move) for move in read(merged)] == [(MoveKind.MERGE, holder, condition, Shares.parse("4"))]
    assert held_at(merged, holder)["pUSD"] == 4_000_000
    work.exchange.resolve(condition, winner=work.token(condition))
    work.advance(1.5)
    resolution = work.logs(topics=[[abi.CTF_RESOLUTION.topic, abi.MODULE_RESOLUTION.topic]])
    (result,) = read(resolution)
    assert (result.kind, result.condition, result.payouts[1]) == (MoveKind.RESOLVE, condition, 0)
    redeemed = logs_of(work, work.exchange.redeem(holder, condition))
    assert {(move.kind, move.wallet) for move in read(redeemed)} == {(MoveKind.REDEEM, holder)}
    assert sum(move.usdc.micro for move in read(redeemed)) == 6_000_000
    assert held_at(redeemed, holder)["pUSD"] == 6_000_000


def _told(move: ChainMove) -> tuple[MoveKind, Wallet, ConditionId, Shares]:
    return move.kind, move.wallet, move.condition, move.shares


@pytest.mark.parametrize("condition", MARKETS)
def test_no_contract_in_between_keeps_anything(condition: ConditionId) -> None:
    """Only the wallet, the reserve, ConditionalTokens and the wrapped collateral end with another balance."""
    work = AtWork()
    holder = wallet(work.account("alice"))
    logs = logs_of(work, work.exchange.split(holder, condition, Shares.parse("10")))
    logs += logs_of(work, work.exchange.merge(holder, condition, Shares.parse("10")))
    parties = {
        "0x" + topic[26:] for log in logs if log["topics"][0] == abi.TRANSFER.topic for topic in log["topics"][1:]
    }
    for party in parties:
        assert not any(held_at(logs, party).values()), party


def test_a_router_names_itself_as_initiator_and_the_wallet_as_recipient() -> None:
    work = AtWork()
    holder = wallet(work.account("alice"))
    logs = logs_of(work, work.exchange.split(holder, V2, Shares.parse("10")))
    (split,) = [log for log in logs if log["topics"][0] == abi.MODULE_SPLIT.topic]
    assert split["topics"][1] == pad(ROUTER)
    assert split["topics"][3] == pad(holder)
    assert [log["topics"][:2] for log in logs if log["address"] == ROUTER.lower()] == [
        [abi.ROUTER_SPLIT_DONE.topic, pad(holder)]
    ]


def test_nobody_wins_is_a_half_each() -> None:
    work = AtWork()
    for condition in (V1, V2):
        work.exchange.resolve(condition, winner=None)
    work.advance(1.5)
    results = read(work.logs(topics=[[abi.CTF_RESOLUTION.topic, abi.MODULE_RESOLUTION.topic]]))
    assert [result.payouts for result in results] == [(1, 1), (500_000, 500_000)]


def test_a_conversion_gives_no_and_brings_yes_of_the_others() -> None:
    work = AtWork()
    group, conditions = GroupId("0x" + "44" * 32), [ConditionId("0x" + f"{n:02x}" * 32) for n in (0xA1, 0xA2, 0xA3)]
    for index, condition in enumerate(conditions):
        market = make_market(condition, neg_risk=True, version=MarketVersion.V1)
        work.exchange.list_market(market, event_slug="three", group=group, index=index)
    holder = wallet(work.account("alice"))
    for condition in conditions[:2]:
        work.exchange.split(holder, condition, Shares.parse("10"))
    tx = work.exchange.convert(holder, group, index_set=0b011, shares=Shares.parse("10"))
    logs = logs_of(work, tx)
    (move,) = read(logs)
    assert (move.kind, move.wallet, move.group, move.index_set) == (MoveKind.CONVERT, holder, group, 0b011)
    assert move.shares == Shares.parse("10")
    assert held_at(logs, holder)["pUSD"] == 10_000_000
    batches = [log for log in logs if log["topics"][0] == abi.TRANSFER_BATCH.topic]
    assert [log["topics"][2:] for log in batches] == [
        [pad(holder), pad(NEG_RISK_COLLATERAL_ADAPTER)],
        [pad(NEG_RISK_COLLATERAL_ADAPTER), pad(holder)],
    ]


def test_cash_in_out_wrapped_and_given() -> None:
    work = AtWork()
    holder, other = wallet(work.account("alice")), wallet(work.account("bob"))
    five = Usdc.parse("5")
    work.exchange.grant_usdc_e(holder, five)
    work.exchange.approve(holder, ONRAMP, 2**256 - 1, contract=USDC_E)
    work.exchange.approve(holder, OFFRAMP, 2**256 - 1)
    for tx, change in (
        (work.exchange.deposit(holder, five), {"pUSD": 5_000_000}),
        (work.exchange.withdraw(holder, five), {"pUSD": -5_000_000}),
        (work.exchange.withdraw(holder, five, to=other), {"pUSD": -5_000_000}),
        (work.exchange.wrap(holder, five), {"pUSD": 5_000_000, "USDC.e": -5_000_000}),
        (work.exchange.unwrap(holder, five), {"pUSD": -5_000_000, "USDC.e": 5_000_000}),
        (work.exchange.reward(holder, Move.REWARD, five), {"pUSD": 5_000_000}),
    ):
        logs = logs_of(work, tx)
        assert held_at(logs, holder) == {"pUSD": 0, "USDC.e": 0, "wrapped": 0} | change
    assert len(work.logs(topics=[abi.TRANSFER.topic, pad(holder), pad(other)])) == 1


def test_approvals_are_told_by_the_token() -> None:
    work = AtWork()
    holder, spender = wallet(work.account("alice")), "0x" + "99" * 20
    (approval,) = logs_of(work, work.exchange.approve(holder, spender, 7))
    assert (approval["address"], approval["topics"][0]) == (PUSD.lower(), abi.APPROVAL.topic)
    assert int(approval["data"], 16) == 7
    for allowed in (True, False):
        (operator,) = logs_of(work, work.exchange.approve_operator(holder, spender, allowed))
        assert (operator["address"], operator["topics"][2]) == (CONDITIONAL_TOKENS.lower(), pad(spender))
        assert int(operator["data"], 16) == allowed


def test_what_others_send_is_pending_until_it_is_settled() -> None:
    work = AtWork()
    holder, relay = wallet(work.account("alice")), Wallet("0x" + "7e" * 20)
    for succeeded, tx in ((True, "0x" + "51" * 32), (False, "0x" + "52" * 32)):
        work.node.relay(tx, sender=relay, to=holder, data=b"\x12\x34")
        shown = work.ask("eth_getTransactionByHash", tx)
        assert (shown["from"], shown["to"], shown["input"], shown["blockHash"]) == (relay, holder, "0x1234", None)
        if succeeded:
            work.exchange.split(holder, V1, Shares.parse("1"), tx=tx)
        work.node.settle(tx, succeeded=succeeded)
        work.advance(1.5)
        receipt = work.ask("eth_getTransactionReceipt", tx)
        assert receipt["status"] == hex(succeeded)
        assert bool(receipt["logs"]) is succeeded
