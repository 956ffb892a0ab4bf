"""What subscribers are told: heads, logs, reorganisations; and what a bad provider keeps from them."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node_at_work import AtWork, Wire, pad, told, wallet

from polybot.core.orders import TradeStatus
from polybot.simulator.chain import abi
from polybot.simulator.chain.feed import Connection
from simulated_venue import V1, V2

FILLED = abi.ORDER_FILLED.topic


def numbers(heads: list[Any]) -> list[int]:
    return [int(head["number"], 16) for head in heads]


def filled(work: AtWork) -> tuple[Connection, Wire]:
    return work.listen("logs", {"topics": [FILLED]})


def test_heads_come_one_after_the_other() -> None:
    work = AtWork()
    connection, wire = work.listen("newHeads")
    first = work.node.head
    work.advance(6)
    heads = told(wire)
    assert numbers(heads) == [first + n for n in (1, 2, 3, 4)]
    assert heads[1]["parentHash"] == heads[0]["hash"]
    work.node.leave(connection)
    work.advance(6)
    assert not wire.sent


def test_logs_are_told_once_after_their_block() -> None:
    work = AtWork()
    alice = work.account("alice")
    work.account("bob")
    _, wire = work.listen("logs", {"topics": [FILLED, None, pad(alice.wallet)]})
    work.buy("alice", work.token(V1), "5")
    work.buy("bob", work.token(V1), "5")
    work.advance(2)
    assert not told(wire)
    work.advance(3)
    (log,) = told(wire)
    assert log["topics"][2] == pad(alice.wallet)
    assert log["removed"] is False
    assert [log] == work.logs(topics=[FILLED, None, pad(alice.wallet)])


def test_unsubscribing_ends_it() -> None:
    work = AtWork()
    wire = Wire()
    connection = work.node.join(wire)
    work.node.obey(connection, '{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["newHeads"]}')
    name = wire.sent.pop()["result"]
    for expected in (True, None):
        frame = f'{{"jsonrpc":"2.0","id":2,"method":"eth_unsubscribe","params":["{name}"]}}'
        work.node.obey(connection, frame)
        assert wire.sent.pop().get("result") is expected
    work.advance(6)
    assert not wire.sent
    work.node.obey(connection, '{"jsonrpc":"2.0","id":3,"method":"eth_subscribe","params":["weather"]}')
    assert wire.sent.pop()["error"]["code"] == -32602
    work.node.obey(connection, '{"jsonrpc":"2.0","id":3,"method":"eth_chainId","params":[]}')
    assert wire.sent.pop()["result"] == "0x89"


def test_a_reorganisation_takes_logs_back_and_tells_them_again_elsewhere() -> None:
    work = AtWork()
    work.account("alice")
    _, wire = filled(work)
    _, heads = work.listen("newHeads")
    work.buy("alice", work.token(V1), "5")
    work.to_block(work.node.head + 3)
    before = told(wire)
    told(heads)
    work.node.reorg(3)
    gone, again = (told_now := told(wire))[:2], told_now[2:]
    assert [{**log, "removed": False} for log in reversed(gone)] == before
    assert all(log["removed"] for log in gone)
    assert not any(log["removed"] for log in again)
    places = ("blockHash", "blockNumber")
    assert [_without(log, places) for log in again] == [_without(log, places) for log in before]
    assert {log["blockHash"] for log in again}.isdisjoint(log["blockHash"] for log in before)
    new = told(heads)
    assert numbers(new) == [work.node.head - 2, work.node.head - 1, work.node.head]
    assert new[0]["parentHash"] == work.ask("eth_getBlockByNumber", hex(work.node.head - 3), False)["hash"]
    assert work.logs(topics=[FILLED]) == again
    assert work.ask("eth_getBlockByHash", before[0]["blockHash"], False) is None


def _without(log: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in log.items() if name not in names}


def test_what_was_not_told_yet_is_not_taken_back() -> None:
    work = AtWork()
    work.account("alice")
    _, wire = filled(work)
    work.buy("alice", work.token(V1), "5")
    work.to_block(work.node.head + 1)
    work.advance(1e-9)
    assert not wire.sent
    work.node.reorg(2)
    assert not wire.sent
    work.advance(1)
    assert [log["removed"] for log in told(wire)] == [False, False]


@settings(max_examples=25, deadline=None)
@given(depths=st.lists(st.integers(1, 8), max_size=4), trades=st.integers(1, 4))
def test_reorganisations_lose_and_double_nothing(depths: list[int], trades: int) -> None:
    """Whoever counts what is told and what is taken back has in the end what eth_getLogs has."""
    work = AtWork()
    work.account("alice", cash="100000")
    _, wire = filled(work)
    for depth in [*depths, *[0] * trades]:
        work.buy("alice", work.token(V1), "5")
        work.advance(1.3)
        if depth:
            work.node.reorg(depth)
    work.advance(10)
    kept: Counter[str] = Counter()
    for log in told(wire):
        name = json.dumps({**log, "removed": False}, sort_keys=True)
        kept[name] += -1 if log["removed"] else 1
    known = {json.dumps(log, sort_keys=True) for log in work.logs(topics=[FILLED])}
    assert {name for name, count in kept.items() if count} == known
    assert set(kept.values()) <= {0, 1}
    assert len(known) == 2 * (len(depths) + trades)


def test_a_dropped_transaction_is_pending_and_then_mined_again() -> None:
    work = AtWork()
    work.account("alice")
    _, wire = filled(work)
    work.buy("alice", work.token(V1), "5")
    work.advance(3.5)
    tx = told(wire)[0]["transactionHash"]
    work.node.reorg(3, drop={tx})
    assert [log["removed"] for log in told(wire)] == [True, True]
    assert work.ask("eth_getTransactionReceipt", tx) is None
    assert work.ask("eth_getTransactionByHash", tx)["blockNumber"] is None
    head = work.node.head
    work.advance(4.5)
    assert {int(log["blockNumber"], 16) for log in told(wire)} == {head + 2}


def test_a_reorganisation_needs_a_depth() -> None:
    with pytest.raises(ValueError, match="depth 0"):
        AtWork().node.reorg(0)


def test_a_trade_that_the_venue_takes_back_leaves_the_chain() -> None:
    work = AtWork()
    alice = work.account("alice")
    _, wire = filled(work)
    work.buy("alice", work.token(V1), "5")
    work.advance(3.2)
    before = told(wire)
    (trade,) = [
        trade for trade in work.exchange.trades_of(_owner(work, wallet(alice))) if trade.status is TradeStatus.MINED
    ]
    work.exchange.revert_trade(trade.id, again=True)
    assert [log["removed"] for log in told(wire)] == [True, True]
    assert work.ask("eth_getTransactionByHash", before[0]["transactionHash"]) is None
    work.advance(5)
    again = told(wire)
    assert len(again) == 2
    assert again[0]["transactionHash"] != before[0]["transactionHash"]


@pytest.mark.parametrize("again", [True, False])
def test_a_trade_that_is_taken_back_while_its_transaction_is_dropped_does_not_return(*, again: bool) -> None:
    work = AtWork()
    alice = work.account("alice")
    work.buy("alice", work.token(V1), "5")
    work.advance(3.2)
    (trade,) = [
        trade for trade in work.exchange.trades_of(_owner(work, wallet(alice))) if trade.status is TradeStatus.MINED
    ]
    work.node.reorg(3, drop={trade.tx})
    work.exchange.revert_trade(trade.id, again=again)
    work.advance(10)
    assert work.node.transaction(trade.tx) is None
    assert len(work.logs(topics=[FILLED])) == (2 if again else 0)


def _owner(work: AtWork, holder: Any) -> Any:
    account = work.exchange.accounts.find(holder)
    assert account is not None
    return account.owner


def test_a_deaf_provider_acknowledges_and_says_nothing() -> None:
    work = AtWork()
    work.account("alice")
    work.node.provider.deaf = True
    listeners = [work.listen("newHeads"), filled(work), work.listen("newPendingTransactions")]
    work.buy("alice", work.token(V1), "5")
    work.advance(6)
    assert not any(wire.sent for _, wire in listeners)
    assert len(work.logs(topics=[FILLED])) == 2
    work.node.provider.deaf = False
    work.advance(3)
    assert len(told(listeners[0][1])) == 2


def test_withheld_logs_are_in_get_logs_unless_withheld_everywhere() -> None:
    work = AtWork()
    work.account("alice", cash="100000")
    work.node.provider.withheld_ratio = 0.5
    _, wire = filled(work)
    for _ in range(20):
        work.buy("alice", work.token(V1), "5")
        work.advance(2)
    work.advance(3)
    delivered = told(wire)
    assert 8 <= len(delivered) <= 32
    assert len(work.logs(topics=[FILLED])) == 40
    work.node.provider.withheld_everywhere = True
    assert work.logs(topics=[FILLED]) == delivered


def test_get_logs_may_lag_behind_the_head() -> None:
    work = AtWork()
    work.account("alice")
    work.node.provider.lag_blocks = 3
    work.buy("alice", work.token(V1), "5")
    work.advance(4)
    assert not work.logs()
    work.advance(4.5)
    assert work.logs()


def test_uneven_backends_know_different_heads() -> None:
    work = AtWork()
    work.node.provider.uneven_ratio = 1.0
    error = work.error("eth_getLogs", {"fromBlock": hex(work.node.head - 1), "toBlock": hex(work.node.head)})
    assert error["message"] == "invalid block range params"
    assert work.ask("eth_getLogs", {"fromBlock": hex(work.node.head - 5), "toBlock": hex(work.node.head)}) == []


def test_sockets_may_be_cut_without_a_word() -> None:
    work = AtWork()
    _, wire = work.listen("newHeads")
    work.node.provider.closing_ratio = 1.0
    work.advance(2)
    assert wire.codes == [None]


def test_the_same_script_sends_the_same_frames() -> None:
    def frames() -> list[Any]:
        work = AtWork()
        work.account("alice")
        wires = [filled(work)[1], work.listen("newHeads")[1], work.listen("newPendingTransactions", True)[1]]
        for condition in (V1, V2):
            work.buy("alice", work.token(condition), "5")
            work.advance(4)
        work.node.reorg(2)
        return [wire.sent for wire in wires]

    assert frames() == frames()
