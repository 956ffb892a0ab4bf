"""The node's JSON-RPC: shapes, filters, limits, errors."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node_at_work import AtWork, Wire, pad, wallet

from polybot.core.orders import SignatureType
from polybot.polymarket.contracts import DEPOSIT_FACTORY, POLYGON, PUSD, STANDARD, V3
from polybot.polymarket.typed_data import keccak
from polybot.simulator.chain import abi
from polybot.simulator.chain.abi import Function
from polybot.simulator.chain.contracts import _CALLS
from polybot.simulator.chain.state import _GETTERS, CONTRACTS
from polybot.simulator.engine.blocks import block_timestamp_s
from simulated_venue import NEG_RISK, V1, V2

AT_WORK = AtWork()
HOLDER = AT_WORK.account("holder", kind=SignatureType.EOA).wallet
BALANCE_OF = Function("balanceOf", "address")
ALLOWANCE = Function("allowance", "address", "address")
SHARES_OF = Function("balanceOf", "address", "uint256")
SHARES_OF_MANY = Function("balanceOfBatch", "address[]", "uint256[]")
APPROVED = Function("isApprovedForAll", "address", "address")
CTF, MANAGER = "0x4D97DCd97eC945f40cF65F87097ACe5EA0476045", "0x006F54F7f9A22e0000CC2AB60031000000ae9fEF"


def test_blocks_come_every_one_and_a_half_seconds_and_hang_together() -> None:
    work = AtWork()
    first = work.node.head
    work.advance(15)
    assert work.node.head == first + 10
    blocks = [work.ask("eth_getBlockByNumber", hex(first + n), False) for n in range(11)]
    assert [block["parentHash"] for block in blocks[1:]] == [block["hash"] for block in blocks[:-1]]
    assert [int(block["timestamp"], 16) for block in blocks] == [block_timestamp_s(first + n) for n in range(11)]
    assert work.ask("eth_getBlockByHash", blocks[3]["hash"], True) == blocks[3]
    assert work.ask("eth_getBlockByNumber", hex(first + 11), False) is None
    assert int(work.ask("eth_getBlockByNumber", "finalized", False)["number"], 16) == first + 6
    assert int(work.ask("eth_getBlockByNumber", "safe", False)["number"], 16) == first + 7


def test_the_same_seed_gives_the_same_hashes_and_another_one_others() -> None:
    hashes = [AtWork(seed=seed).ask("eth_getBlockByNumber", "latest", False)["hash"] for seed in (1, 1, 2)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_logs_are_filtered_by_address_topics_and_block() -> None:
    work = AtWork()
    alice, bob = work.account("alice"), work.account("bob")
    work.buy("alice", work.token(V1), "5")
    work.advance(10)
    work.buy("bob", work.token(V2), "5")
    work.advance(5)
    exchanges = [STANDARD[POLYGON].address, V3[POLYGON].address]
    filled = abi.ORDER_FILLED.topic
    everyone = work.logs(address=exchanges, topics=[filled])
    assert len(everyone) == 4
    own = work.logs(address=exchanges, topics=[[filled], None, [pad(alice.wallet), pad(bob.wallet)]])
    assert [log["topics"][2] for log in own] == [pad(alice.wallet), pad(bob.wallet)]
    assert work.logs(address=exchanges[0], topics=[filled, None, pad(bob.wallet)]) == []
    wild = work.logs(topics=[[filled, None], [], pad(bob.wallet)])
    assert [log["topics"][0] for log in wild if log["address"] == own[1]["address"]] == [
        filled,
        abi.ORDERS_MATCHED.topic,
    ]
    assert len(work.ask("eth_getLogs", {"blockHash": own[0]["blockHash"], "topics": [filled]})) == 2
    assert work.ask("eth_getLogs", {"fromBlock": "latest", "toBlock": "latest"}) == []
    narrow = {"fromBlock": own[0]["blockNumber"], "toBlock": own[0]["blockNumber"], "topics": [filled]}
    assert len(work.ask("eth_getLogs", narrow)) == 2


@pytest.mark.parametrize(
    ("asked", "code", "text"),
    [
        ({"fromBlock": "0x59d0000", "toBlock": "latest"}, -32701, "exceed maximum block range: 10000"),
        ({"fromBlock": "0x5900000", "toBlock": "0x5900001"}, 4444, "pruned history unavailable"),
        ({"fromBlock": "0x6900000"}, -32000, "invalid block range params"),
        ({"fromBlock": "0x59d53a4", "toBlock": "0x59d53a0"}, -32000, "invalid block range params"),
        ({"blockHash": "0x" + "12" * 32}, -32000, "unknown block"),
        ({"blockHash": "0x" + "12" * 32, "fromBlock": "0x1"}, -32602, "with blockHash"),
        ({"address": "0x12"}, -32602, "'0x12' is no address"),
        ({"topics": ["0x12"]}, -32602, "'0x12' is no hash"),
        ({"topics": [None] * 5}, -32602, "exceed max topics"),
        ({"fromBlock": "0x01"}, -32602, "'0x01' is no quantity"),
        ([], -32602, "a filter object was expected"),
    ],
)
def test_get_logs_refuses_what_a_node_refuses(asked: object, code: int, text: str) -> None:
    error = AtWork().error("eth_getLogs", asked)
    assert error["code"] == code
    assert text in error["message"]


def test_malformed_calls_are_told_apart() -> None:
    work = AtWork()
    assert json.loads(work.node.rpc.answer(b"{"))["error"]["code"] == -32700
    assert json.loads(work.node.rpc.answer(b"[" * 100_000))["error"]["code"] == -32700
    assert work.error("eth_mine")["code"] == -32601
    assert work.error("eth_subscribe", "logs")["code"] == -32601
    assert work.error("eth_getCode")["code"] == -32602
    assert work.answer({"id": 1})["error"]["code"] == -32600
    assert work.answer({"id": 1, "method": "eth_chainId", "params": {}})["error"]["code"] == -32602
    assert work.answer([])["error"]["code"] == -32600


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
    | st.sampled_from(["0x", "0x1", "latest", "0x" + "12" * 20, "0x" + "12" * 32, "0xf8" + "00" * 40]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["to", "from", "data", "value", "address", "topics", "fromBlock", "toBlock", "blockHash"]),
        inner,
    ),
    max_leaves=8,
)  # fmt: skip
METHODS = (
    "eth_getLogs", "eth_call", "eth_estimateGas", "eth_getBlockByNumber", "eth_getBlockByHash", "eth_feeHistory",
    "eth_getTransactionByHash", "eth_getTransactionReceipt", "eth_getTransactionCount", "eth_getBalance",
    "eth_getCode", "eth_sendRawTransaction", "eth_chainId", "eth_subscribe", "eth_unsubscribe",
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(method=st.sampled_from(METHODS), params=st.lists(JSON, max_size=3))
def test_whatever_is_asked_is_answered(method: str, params: list[object]) -> None:
    call = {"jsonrpc": "2.0", "id": 3, "method": method, "params": params}
    answer = AT_WORK.answer(call)
    assert answer["id"] == 3
    assert ("result" in answer) is not ("error" in answer)
    wire = Wire()
    AT_WORK.node.obey(AT_WORK.node.join(wire), json.dumps(call))
    assert len(wire.sent) == 1


CALLABLE = [(target, function.selector) for target, function, _ in _CALLS]
GETTERS = [(target, function.selector) for function, holds, _ in _GETTERS for target in CONTRACTS if holds(target)]
WORDS = st.sampled_from([0, 1, 32, 64, 160, 10**6, 2**255, 2**256 - 1, int(PUSD, 16), int(V1, 16), int(V2, 16)])


@settings(max_examples=200, deadline=None)
@given(called=st.sampled_from(CALLABLE + GETTERS), words=st.lists(WORDS, max_size=9), tail=st.binary(max_size=3))
def test_whatever_is_called_returns_or_reverts(called: tuple[str, bytes], words: list[int], tail: bytes) -> None:
    target, selector = called
    data = selector + b"".join(number.to_bytes(32, "big") for number in words) + tail
    answer = AT_WORK.answer(
        {"id": 1, "method": "eth_call", "params": [{"from": HOLDER, "to": target, "data": "0x" + data.hex()}]}
    )
    assert "result" in answer or answer["error"]["code"] == 3


@given(st.binary(max_size=40))
def test_whatever_is_sent_is_answered(body: bytes) -> None:
    assert b"jsonrpc" in AT_WORK.node.rpc.answer(body)


def test_a_batch_is_answered_in_its_order() -> None:
    calls = [
        {"jsonrpc": "2.0", "id": 7, "method": "eth_chainId"},
        {"jsonrpc": "2.0", "id": "x", "method": "net_version", "params": []},
        {"jsonrpc": "2.0", "id": 9, "method": "nonsense", "params": []},
    ]
    answers = AtWork().answer(calls)
    assert [answer["id"] for answer in answers] == [7, "x", 9]
    assert [answer.get("result") for answer in answers] == ["0x89", "137", None]


def call(work: AtWork, to: str, function: Function, *values: object) -> int:
    return int(work.ask("eth_call", {"to": to, "data": "0x" + function.call(*values).hex()}, "latest"), 16)


def test_balances_are_what_is_mined() -> None:
    work = AtWork()
    alice = work.account("alice")
    holder = wallet(alice)
    for condition in (V1, NEG_RISK, V2):
        work.buy("alice", work.token(condition), "5.2")
    assert call(work, PUSD, BALANCE_OF, holder) == 1_000_000_000
    assert call(work, CTF, SHARES_OF, holder, int(work.token(V1))) == 0
    work.advance(5)
    account = work.exchange.accounts.find(holder)
    assert account is not None
    assert call(work, PUSD, BALANCE_OF, holder) == account.cash_micro < 1_000_000_000
    assert call(work, CTF, SHARES_OF, holder, int(work.token(V1))) == 10_000_000
    assert call(work, MANAGER, SHARES_OF, holder, int(work.token(V1))) == 0
    assert call(work, MANAGER, SHARES_OF, holder, int(work.token(V2))) == 10_000_000
    asked = SHARES_OF_MANY.call([holder, holder], [int(work.token(V1)), int(work.token(V1, 1))])
    answer = bytes.fromhex(work.ask("eth_call", {"to": CTF, "data": "0x" + asked.hex()}, "latest")[2:])
    assert abi.decode(("uint256[]",), answer) == ((10_000_000, 0),)


def test_allowances_code_and_factory() -> None:
    work = AtWork()
    alice, owner = work.account("alice"), work.account("owner", kind=SignatureType.EOA)
    exchange = STANDARD[POLYGON].address
    assert call(work, PUSD, ALLOWANCE, wallet(alice), exchange) == 2**256 - 1
    assert call(work, PUSD, ALLOWANCE, wallet(alice), "0x" + "99" * 20) == 0
    assert call(work, CTF, APPROVED, wallet(alice), exchange) == 1
    assert call(work, PUSD, Function("decimals")) == 6
    assert len(work.ask("eth_getCode", alice.wallet, "latest")) > 2
    assert len(work.ask("eth_getCode", PUSD, "latest")) > 2
    assert work.ask("eth_getCode", owner.wallet, "latest") == "0x"
    beacon = work.ask("eth_call", {"to": DEPOSIT_FACTORY, "data": "0x49493a4d"}, "latest")
    assert beacon[-40:] == "7a18edfe055488a3128f01f563e5b479d92ffc3a"
    assert int(work.ask("eth_call", {"to": alice.wallet, "data": "0xaffed0e0"}, "latest"), 16) == 7


def test_a_revert_has_code_3_and_its_reason_as_data() -> None:
    work = AtWork()
    alice = work.account("alice", kind=SignatureType.EOA, cash="1")
    data = "0x" + abi.ERC20_TRANSFER.call("0x" + "99" * 20, 5_000_000).hex()
    error = work.error("eth_estimateGas", {"from": alice.wallet, "to": PUSD, "data": data})
    assert error["code"] == 3
    assert error["message"] == "execution reverted: ERC20: transfer amount exceeds balance"
    raw = bytes.fromhex(error["data"][2:])
    assert raw[:4] == keccak(b"Error(string)")[:4]
    assert abi.decode(("string",), raw[4:]) == ("ERC20: transfer amount exceeds balance",)
    nonsense = work.error("eth_call", {"from": alice.wallet, "to": PUSD, "data": "0xdeadbeef"}, "latest")
    assert nonsense["code"] == 3


def test_gas_is_priced() -> None:
    work = AtWork()
    assert int(work.ask("eth_gasPrice"), 16) > int(work.ask("eth_maxPriorityFeePerGas"), 16) > 0
    history = work.ask("eth_feeHistory", "0x3", "latest", [10, 50])
    assert len(history["baseFeePerGas"]) == 4
    assert len(history["reward"]) == 3
    assert len(history["reward"][0]) == 2


def test_history_is_forgotten_beyond_what_the_provider_keeps() -> None:
    work = AtWork()
    work.account("alice")
    work.node.provider.history_blocks = 20
    work.buy("alice", work.token(V1), "5")
    work.advance(5)
    tx = work.logs(fromBlock=hex(work.node.head - 5))[0]["transactionHash"]
    work.advance(60)
    work.buy("alice", work.token(V1), "5")
    work.advance(5)
    assert work.ask("eth_getTransactionReceipt", tx) is None
    assert work.error("eth_getLogs", {"fromBlock": hex(work.node.head - 30)})["code"] == 4444
