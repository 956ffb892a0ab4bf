"""A match's transaction: its logs in the contracts' order and encoding, its calldata, its fate."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from node_at_work import AtWork, pad, told, wallet

from polybot.core.ids import ConditionId, Wallet
from polybot.core.market import Side
from polybot.core.money import Ratio, Shares, Usdc
from polybot.polymarket.contracts import NEG_RISK as NEG_RISK_EXCHANGE
from polybot.polymarket.contracts import POLYGON, STANDARD, V3
from polybot.simulator.chain import abi
from polybot.simulator.engine.meddler import Fate
from polybot.simulator.engine.model import NewOrder, Print, SimTrade
from simulated_venue import NEG_RISK, V1, V2

EXCHANGES = {V1: STANDARD[POLYGON], NEG_RISK: NEG_RISK_EXCHANGE[POLYGON], V2: V3[POLYGON]}
EVENTS = {event.topic: event for event in vars(abi).values() if isinstance(event, abi.Event)}
CONDITIONS = [pytest.param(condition, id=exchange.name) for condition, exchange in EXCHANGES.items()]


def named(logs: list[dict[str, Any]]) -> list[str]:
    return [EVENTS[log["topics"][0]].signature.split("(")[0] for log in logs]


def words(log: dict[str, Any]) -> list[int]:
    data = log["data"][2:]
    return [int(data[i : i + 64], 16) for i in range(0, len(data), 64)]


def of_exchange(work: AtWork, condition: ConditionId) -> list[dict[str, Any]]:
    return work.logs(address=EXCHANGES[condition].address)


def test_topics_are_the_recorded_ones(shared: Path) -> None:
    known = json.loads((shared / "samples/vectors/topic0.json").read_text())
    for event in EVENTS.values():
        if event.signature in known:
            assert event.topic == known[event.signature]
    assert abi.UNWRAPPED.topic == "0x18b42b684d0b621cc609f4d888916e5ed9e934a476259ec1c11ec116f2b9aa7f"


def test_order_filled_is_encoded_as_recorded(shared: Path) -> None:
    recorded = json.loads((shared / "samples/polygon/order_filled_v2_rn1.json").read_text())["logs"]
    for log in recorded:
        side, token, gave, got, fee, builder, metadata = words(log)
        order, maker, taker = log["topics"][1:]
        made = abi.ORDER_FILLED.log(
            STANDARD[POLYGON].address, order, "0x" + maker[26:], "0x" + taker[26:],
            side, token, gave, got, fee, builder.to_bytes(32, "big"), metadata.to_bytes(32, "big"),
        )  # fmt: skip
        assert made.topics == tuple(log["topics"])
        assert made.data == log["data"]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_direct_buy_ends_with_fee_taker_and_match(condition: ConditionId) -> None:
    work = AtWork()
    alice = work.account("alice")
    work.buy("alice", work.token(condition), "52")
    work.advance(5)
    logs = of_exchange(work, condition)
    assert named(logs) == ["OrderFilled", "FeeCharged", "OrderFilled", "OrdersMatched"]
    maker, _, taker, matched = logs
    exchange = EXCHANGES[condition].address
    assert maker["topics"][3] == pad(alice.wallet)
    assert taker["topics"][2:] == [pad(alice.wallet), pad(exchange)]
    assert words(maker)[:4] == [1, int(work.token(condition)), 100_000_000, 52_000_000]
    fee = words(taker)[4]
    assert words(taker)[:4] == [0, int(work.token(condition)), 52_000_000, 100_000_000]
    assert fee == words(logs[1])[0] > 0
    assert matched["topics"][1:] == [taker["topics"][1], pad(alice.wallet)]
    assert words(matched) == words(taker)[:4]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_cash_and_shares_of_a_match_add_up(condition: ConditionId) -> None:
    """Mixed minting and direct buying, then selling into a merge: what the logs move is what the accounts have."""
    work = AtWork()
    alice, bob = work.account("alice"), work.account("bob")
    work.rest("bob", work.token(condition, 1), Side.BUY, "0.49", "20")
    work.buy("alice", work.token(condition), "20")
    work.advance(5)
    work.rest("bob", work.token(condition, 1), Side.SELL, "0.49", "20")
    work.sell("alice", work.token(condition), "20.5")
    work.advance(5)
    for account in (alice, bob):
        kept = work.exchange.accounts.find(wallet(account))
        assert kept is not None
        assert _moved(work.logs(), wallet(account)) == kept.cash_micro - 1_000_000_000
        for token in (work.token(condition), work.token(condition, 1)):
            assert _shares(work.logs(), wallet(account), int(token)) == kept.held_micro[token]


def _moved(logs: list[dict[str, Any]], holder: str) -> int:
    pusd = [
        log for log in logs if log["topics"][0] == abi.TRANSFER.topic and log["address"].startswith("0xc011a7e12a19")
    ]
    incoming = sum(words(log)[0] for log in pusd if log["topics"][2] == pad(holder))
    return incoming - sum(words(log)[0] for log in pusd if log["topics"][1] == pad(holder))


def _shares(logs: list[dict[str, Any]], holder: str, token: int) -> int:
    balance = 0
    for log in logs:
        if log["topics"][0] == abi.TRANSFER_SINGLE.topic and words(log)[0] == token:
            balance += words(log)[1] * ((log["topics"][3] == pad(holder)) - (log["topics"][2] == pad(holder)))
    return balance


def test_a_mint_is_split_by_the_adapter_as_on_the_real_chain() -> None:
    """The order of a real mint of 2026-04-17, without the allowances of USDC.e."""
    work = AtWork()
    work.account("alice")
    work.account("bob")
    work.rest("bob", work.token(V1, 1), Side.BUY, "0.49", "20")
    work.desk.trade(trader="alice", token=work.token(V1), side=Side.BUY, amount=Usdc.parse("5.1"))
    work.advance(5)
    assert named(work.logs()) == [
        "Transfer", "Transfer", "Transfer", "Transfer", "Transfer", "Unwrapped", "Transfer",
        "TransferBatch", "PositionSplit", "TransferBatch", "TransferSingle", "OrderFilled",
        "FeeCharged", "Transfer", "TransferSingle", "OrderFilled", "OrdersMatched",
    ]  # fmt: skip
    split = next(log for log in work.logs() if log["topics"][0] == abi.CTF_SPLIT.topic)
    assert split["topics"][3] == V1
    assert words(split)[-3:] == [2, 1, 2]


def test_a_module_mint_names_the_exchange_as_initiator() -> None:
    work = AtWork()
    work.account("alice")
    work.account("bob")
    work.rest("bob", work.token(V2, 1), Side.BUY, "0.49", "20")
    work.buy("alice", work.token(V2), "5.1")
    work.advance(5)
    split = next(log for log in work.logs() if log["topics"][0] == abi.MODULE_SPLIT.topic)
    assert split["topics"][1] == pad(V3[POLYGON].address)
    assert split["topics"][2] == V2
    assert named(of_exchange(work, V2)) == ["OrderFilled", "FeeCharged", "OrderFilled", "OrdersMatched"]


def test_a_module_merge_takes_the_shares_straight_from_the_sellers() -> None:
    work = AtWork()
    alice, bob = work.account("alice"), work.account("bob")
    for account in (alice, bob):
        work.exchange.split(wallet(account), V2, Shares.parse("20"))
    work.advance(3)
    work.rest("bob", work.token(V2, 1), Side.SELL, "0.49", "10")
    work.sell("alice", work.token(V2), "10")
    first = work.node.head
    work.advance(5)
    logs = work.logs(fromBlock=hex(first))
    assert named(logs) == [
        "TransferSingle", "OrderFilled", "TransferSingle", "Transfer", "TransferSingle", "TransferSingle",
        "PositionsMerged", "Transfer", "Transfer", "Transfer", "FeeCharged", "OrderFilled", "OrdersMatched",
    ]  # fmt: skip
    assert [log["topics"][2] for log in logs[:3:2]] == [pad(bob.wallet), pad(alice.wallet)]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_pending_calldata_says_what_the_logs_will(condition: ConditionId) -> None:
    work = AtWork()
    alice = work.account("alice")
    _, wire = work.listen("newPendingTransactions", True)
    work.buy("alice", work.token(condition), "52")
    work.advance(0.6)
    assert not told(wire)
    work.advance(0.1)
    (pending,) = told(wire)
    exchange = EXCHANGES[condition]
    function = abi.MATCH_ORDERS_V3 if exchange.version == "3" else abi.MATCH_ORDERS_V2
    assert pending["to"] == exchange.address.lower()
    assert pending["blockHash"] is None
    data = bytes.fromhex(pending["input"][2:])
    assert data[:4] == function.selector
    arguments = function.arguments(data)
    taker = arguments[0] if exchange.version == "3" else arguments[1]
    assert taker[1] == alice.wallet.lower()
    assert taker[3:7] == (int(work.token(condition)), 52_000_000, 100_000_000, 0)
    assert work.ask("eth_getTransactionReceipt", pending["hash"]) is None
    work.advance(4)
    receipt = work.ask("eth_getTransactionReceipt", pending["hash"])
    assert receipt["status"] == "0x1"
    assert receipt["from"] == pending["from"]
    assert [log["logIndex"] for log in receipt["logs"]] == [hex(n) for n in range(len(receipt["logs"]))]


def test_some_matches_are_never_seen_pending() -> None:
    work = AtWork()
    work.account("alice", cash="100000")
    work.node.provider.unseen_ratio = 0.3
    _, wire = work.listen("newPendingTransactions")
    for _ in range(100):
        work.buy("alice", work.token(V1), "1")
        work.advance(1)
    assert 50 <= len(told(wire)) <= 90


def test_a_retried_trade_leaves_a_reverted_transaction_and_another_hash() -> None:
    work = AtWork()
    work.account("alice")
    work.exchange.meddler = Doomed(Fate(retries=1))
    work.buy("alice", work.token(V1), "52")
    hashes = _hashes(work, 12)
    first, second = (work.ask("eth_getTransactionReceipt", tx) for tx in hashes)
    assert (first["status"], first["logs"]) == ("0x0", [])
    assert second["status"] == "0x1"
    assert {log["transactionHash"] for log in work.logs()} == {hashes[1]}


def test_a_failed_trade_is_never_mined() -> None:
    work = AtWork()
    work.account("alice")
    work.exchange.meddler = Doomed(Fate(retries=1, fails=True))
    work.buy("alice", work.token(V1), "52")
    assert [work.ask("eth_getTransactionReceipt", tx)["status"] for tx in _hashes(work, 12)] == ["0x0", "0x0"]
    assert not work.logs()


def _hashes(work: AtWork, seconds: int) -> list[str]:
    first = work.node.head
    work.advance(seconds)
    blocks = [work.ask("eth_getBlockByNumber", hex(number), False) for number in range(first, work.node.head + 1)]
    return [tx for block in blocks for tx in block["transactions"]]


class Doomed:
    def __init__(self, fate: Fate) -> None:
        self._fate = fate

    def fate(self, trade: SimTrade) -> Fate:
        return self._fate

    def share(self, order: NewOrder) -> Ratio:
        return Ratio.parse("1")


def test_recorded_prints_are_matches_with_made_up_orders() -> None:
    work = AtWork()
    seller, buyer, tx = "0x" + "aa" * 20, "0x" + "bb" * 20, "0x" + "77" * 32
    token = work.token(V1)
    prints = [
        Print(Wallet(buyer), token, Side.BUY, Shares.parse("30"), Usdc.parse("18"), Usdc.parse("0.2")),
        Print(Wallet(seller), token, Side.SELL, Shares.parse("10"), Usdc.parse("6")),
    ]
    work.exchange.print_fills(prints, tx=tx)
    work.advance(2)
    logs = of_exchange(work, V1)
    assert {log["transactionHash"] for log in logs} == {tx}
    assert named(logs) == ["OrderFilled", "OrderFilled", "FeeCharged", "OrderFilled", "OrdersMatched"]
    assert sum(words(log)[2] for log in logs[:2]) == words(logs[3])[3] == 30_000_000
    assert len({log["topics"][1] for log in logs if len(log["topics"]) == 4}) == 3


def test_log_indexes_run_through_a_block() -> None:
    work = AtWork()
    work.account("alice")
    for _ in range(3):
        work.buy("alice", work.token(V1), "5")
    work.advance(5)
    indexes = [int(log["logIndex"], 16) for log in work.logs()]
    assert indexes[0] == 0
    assert all(later == earlier + 1 for earlier, later in pairwise(indexes))
