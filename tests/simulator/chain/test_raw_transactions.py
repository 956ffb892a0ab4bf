"""Transactions that an EOA signs: taken or refused in a node's words, carried out in the next block."""

from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from node_at_work import AtWork, told, wallet

from polybot.core.ids import Wallet
from polybot.core.money import Shares
from polybot.core.orders import SignatureType
from polybot.polymarket.contracts import (
    COLLATERAL_ADAPTER,
    CONDITIONAL_TOKENS,
    NEG_RISK_COLLATERAL_ADAPTER,
    POSITION_MANAGER,
    PUSD,
    ROUTER,
)
from polybot.simulator.chain import abi
from polybot.simulator.chain.contracts import Call, Reverted
from simulated_venue import NEG_RISK, V1, V2

GWEI = 10**9
SPENDER = "0x" + "99" * 20


class Eoa:
    """An account with its key."""

    def __init__(self, work: AtWork, *, cash: str = "1000") -> None:
        opened = work.account("eoa", kind=SignatureType.EOA, cash=cash)
        self.work = work
        self.wallet = wallet(opened)
        self.signer: LocalAccount = Account.from_key(opened.private_key)

    def signed(self, to: str, data: bytes, **more: Any) -> str:
        fields: dict[str, Any] = {
            "to": to, "value": 0, "data": data, "gas": 300_000, "gasPrice": 90 * GWEI, "nonce": 0, "chainId": 137,
        } | more  # fmt: skip
        raw: bytes = self.signer.sign_transaction({k: v for k, v in fields.items() if v is not None}).raw_transaction
        return "0x" + raw.hex()

    def send(self, to: str, data: bytes, **more: Any) -> str:
        tx: str = self.work.ask("eth_sendRawTransaction", self.signed(to, data, **more))
        return tx

    def done(self, to: str, data: bytes) -> dict[str, Any]:
        """The receipt."""
        nonce = int(self.work.ask("eth_getTransactionCount", self.wallet, "pending"), 16)
        tx = self.send(to, data, nonce=nonce)
        self.work.advance(1.5)
        receipt: dict[str, Any] = self.work.ask("eth_getTransactionReceipt", tx)
        return receipt


DYNAMIC = {"gasPrice": None, "maxFeePerGas": 200 * GWEI, "maxPriorityFeePerGas": 30 * GWEI, "type": 2}
KINDS = [
    pytest.param({}, id="legacy"),
    pytest.param({"accessList": [], "type": 1}, id="access_list"),
    pytest.param(DYNAMIC, id="dynamic_fee"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_approval_is_mined_in_the_next_block(kind: dict[str, Any]) -> None:
    work = AtWork()
    eoa = Eoa(work)
    _, pending = work.listen("newPendingTransactions")
    tx = eoa.send(PUSD, abi.APPROVE.call(SPENDER, 123), **kind)
    work.advance(0)
    assert told(pending) == [tx]
    assert work.ask("eth_getTransactionReceipt", tx) is None
    assert work.ask("eth_getTransactionByHash", tx)["blockNumber"] is None
    counts = [int(work.ask("eth_getTransactionCount", eoa.wallet, tag), 16) for tag in ("latest", "pending")]
    assert counts == [0, 1]
    head, had = work.node.head, int(work.ask("eth_getBalance", eoa.wallet, "latest"), 16)
    work.advance(1.5)
    receipt = work.ask("eth_getTransactionReceipt", tx)
    assert (receipt["status"], int(receipt["blockNumber"], 16)) == ("0x1", head + 1)
    assert receipt["from"] == eoa.wallet
    (log,) = receipt["logs"]
    assert log["topics"][0] == abi.APPROVAL.topic
    account = work.exchange.accounts.find(eoa.wallet)
    assert account is not None
    assert account.allowances[SPENDER] == 123
    paid = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert int(work.ask("eth_getBalance", eoa.wallet, "latest"), 16) == had - paid


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"chainId": 1}, "invalid chain id for signer: have 1 want 137"),
        ({"chainId": None}, "only replay-protected (EIP-155) transactions allowed over RPC"),
        ({"gas": 21_000}, "intrinsic gas too low"),
        ({"gasPrice": GWEI}, "transaction underpriced"),
        ({"value": 10**21}, "insufficient funds for gas * price + value"),
    ],
)
def test_a_transaction_is_refused_in_the_nodes_words(change: dict[str, Any], text: str) -> None:
    work = AtWork()
    raw = Eoa(work).signed(PUSD, abi.APPROVE.call(SPENDER, 1), **change)
    error = work.error("eth_sendRawTransaction", raw)
    assert error["code"] == -32000
    assert text in error["message"]


def test_garbage_is_no_transaction() -> None:
    work = AtWork()
    assert "rlp" in work.error("eth_sendRawTransaction", "0xc0ff")["message"]
    assert "not supported" in work.error("eth_sendRawTransaction", "0x0501")["message"]
    assert work.error("eth_sendRawTransaction", "0x123")["code"] == -32602


def test_nonces_are_used_in_order_and_once() -> None:
    work = AtWork()
    eoa = Eoa(work)
    later = eoa.send(PUSD, abi.APPROVE.call(SPENDER, 2), nonce=1)
    work.advance(3)
    assert work.ask("eth_getTransactionReceipt", later) is None
    first = eoa.send(PUSD, abi.APPROVE.call(SPENDER, 1), nonce=0)
    for amount, text in ((1, "already known"), (5, "replacement transaction underpriced")):
        error = work.error("eth_sendRawTransaction", eoa.signed(PUSD, abi.APPROVE.call(SPENDER, amount)))
        assert error["message"] == text
    work.advance(1.5)
    receipts = [work.ask("eth_getTransactionReceipt", tx) for tx in (first, later)]
    assert [receipt["transactionIndex"] for receipt in receipts] == ["0x0", "0x1"]
    error = work.error("eth_sendRawTransaction", eoa.signed(PUSD, abi.APPROVE.call(SPENDER, 3), nonce=1))
    assert error["message"] == "nonce too low: next nonce 2, tx nonce 1"


def test_a_better_paid_transaction_takes_the_place() -> None:
    work = AtWork()
    eoa = Eoa(work)
    cheap = eoa.send(PUSD, abi.APPROVE.call(SPENDER, 1))
    dear = eoa.send(PUSD, abi.APPROVE.call(SPENDER, 2), gasPrice=120 * GWEI)
    work.advance(1.5)
    assert work.ask("eth_getTransactionByHash", cheap) is None
    assert work.ask("eth_getTransactionReceipt", dear)["status"] == "0x1"


def test_what_waits_is_counted_against_the_balance() -> None:
    work = AtWork()
    eoa = Eoa(work)
    work.node.set_gas(eoa.wallet, wei=300_000 * 90 * GWEI * 3 // 2)
    eoa.send(PUSD, abi.APPROVE.call(SPENDER, 1))
    error = work.error("eth_sendRawTransaction", eoa.signed(PUSD, abi.APPROVE.call(SPENDER, 2), nonce=1))
    assert f"queued cost {300_000 * 90 * GWEI}, " in error["message"]
    eoa.send(PUSD, abi.APPROVE.call(SPENDER, 2), gasPrice=120 * GWEI)
    work.advance(1.5)
    assert int(work.ask("eth_getBalance", eoa.wallet, "latest"), 16) > 0


def test_a_transfer_of_pol_moves_pol() -> None:
    work = AtWork()
    eoa = Eoa(work)
    eoa.send(SPENDER, b"", value=10**18)
    work.advance(1.5)
    assert int(work.ask("eth_getBalance", SPENDER, "latest"), 16) == 10**18


def test_too_little_gas_reverts_and_costs_it_all() -> None:
    work = AtWork()
    eoa = Eoa(work)
    work.node.set_gas(eoa.wallet, wei=10**18)
    tx = eoa.send(PUSD, abi.APPROVE.call(SPENDER, 1), gas=60_000)
    work.advance(1.5)
    receipt = work.ask("eth_getTransactionReceipt", tx)
    assert (receipt["status"], receipt["logs"], receipt["gasUsed"]) == ("0x0", [], hex(60_000))
    assert int(work.ask("eth_getBalance", eoa.wallet, "latest"), 16) == 10**18 - 60_000 * 90 * GWEI


def test_splits_merges_and_redemptions_of_every_market() -> None:
    for condition, target, shares in (
        (V1, COLLATERAL_ADAPTER, CONDITIONAL_TOKENS),
        (NEG_RISK, NEG_RISK_COLLATERAL_ADAPTER, CONDITIONAL_TOKENS),
        (V2, ROUTER, POSITION_MANAGER),
    ):
        work = AtWork()
        eoa = Eoa(work)
        eoa.done(PUSD, abi.APPROVE.call(target, 2**256 - 1))
        eoa.done(shares, abi.SET_APPROVAL_FOR_ALL.call(target, True))
        raw = bytes.fromhex(condition[2:])
        if condition == V2:
            split, merge = abi.ROUTER_SPLIT.call(raw[:31], 10_000_000), abi.ROUTER_MERGE.call(raw[:31], 4_000_000)
            redeem = abi.ROUTER_REDEEM.call(raw[:31], 0, 6_000_000)
        else:
            partition = (PUSD, bytes(32), raw, [1, 2])
            split = abi.SPLIT_POSITION.call(*partition, 10_000_000)
            merge = abi.MERGE_POSITIONS.call(*partition, 4_000_000)
            redeem = abi.REDEEM_POSITIONS.call(*partition)
        assert eoa.done(target, split)["status"] == "0x1"
        assert eoa.done(target, merge)["status"] == "0x1"
        assert eoa.done(target, redeem)["status"] == "0x0"
        assert _held(work, eoa.wallet, condition) == [Shares(6_000_000)] * 2
        work.exchange.resolve(condition, winner=work.token(condition))
        receipt = eoa.done(target, redeem)
        assert receipt["status"] == "0x1"
        account = work.exchange.accounts.find(eoa.wallet)
        assert account is not None
        assert account.cash_micro == 1_000_000_000
        assert not work.exchange.imbalance()


def _held(work: AtWork, holder: Wallet, condition: Any) -> list[Shares]:
    account = work.exchange.accounts.find(holder)
    assert account is not None
    return [account.held(work.token(condition, n)) for n in (0, 1)]


def test_nothing_happens_of_calls_one_of_which_reverts() -> None:
    work = AtWork()
    eoa = Eoa(work, cash="1")
    approve = Call(PUSD, 0, abi.APPROVE.call(SPENDER, 1))
    spend = Call(PUSD, 0, abi.ERC20_TRANSFER.call(SPENDER, 2_000_000))
    with pytest.raises(Reverted, match="exceeds balance"):
        work.node.contracts.execute(eoa.wallet, [approve, spend], tx="0x12")
    account = work.exchange.accounts.find(eoa.wallet)
    assert account is not None
    assert SPENDER not in account.allowances


@pytest.mark.parametrize(
    "nothing",
    [
        Call(PUSD, 0, abi.ERC20_TRANSFER.call(SPENDER, 0)),
        Call(COLLATERAL_ADAPTER, 0, abi.SPLIT_POSITION.call(PUSD, bytes(32), bytes.fromhex(V1[2:]), [1, 2], 0)),
    ],
)
def test_what_moves_nothing_reverts_with_all_the_rest(nothing: Call) -> None:
    work = AtWork()
    eoa = Eoa(work, cash="1")
    approve = Call(PUSD, 0, abi.APPROVE.call(SPENDER, 1))
    with pytest.raises(Reverted, match="amount is zero"):
        work.node.contracts.execute(eoa.wallet, [approve, nothing], tx="0x12")
    account = work.exchange.accounts.find(eoa.wallet)
    assert account is not None
    assert SPENDER not in account.allowances
