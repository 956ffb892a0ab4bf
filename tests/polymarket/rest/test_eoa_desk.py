"""Plain wallets: transactions as Ethereum's own library signs them, and what a node's answers prove."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st
from wire_service import client_of, reply, serving

from polybot.polymarket.chain.rpc import RpcClient
from polybot.polymarket.eoa import EoaDesk, LegacyTransaction
from polybot.polymarket.signing import LocalSigner
from polybot.polymarket.typed_data import keccak
from polybot.polymarket.wallet_calls import TRADING, approve
from polybot.polymarket.wallets import checksum
from polybot.ports.venue import NoAnswer
from polybot.ports.wallet import Accepted, Call, Done, Failed, Later, Pending, Refused, TransactionRef, Unknown

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
SIGNER = LocalSigner.from_hex(KEY)
CALL = approve(TRADING[0])
GWEI = 10**9


@given(
    call=st.builds(
        Call,
        st.binary(min_size=20, max_size=20).map(lambda raw: checksum("0x" + raw.hex())),
        st.binary(max_size=100),
        st.just(""),
        value=st.integers(0, 10**24),
    ),
    nonce=st.integers(0, 1 << 40),
    gas=st.integers(0, 1 << 40),
    price=st.integers(0, 1 << 60),
)
def test_transactions_are_signed_as_ethereum_s_own_library_signs_them(
    call: Call, nonce: int, gas: int, price: int
) -> None:
    ours = LegacyTransaction(call, nonce, gas, price).signed(SIGNER)
    fields = {"to": call.target, "data": call.data, "value": call.value, "chainId": 137}
    fields |= {"nonce": nonce, "gas": gas, "gasPrice": price}
    assert ours == bytes(Account.sign_transaction(fields, KEY).raw_transaction)


@dataclass
class Node:
    """Answers by method; a text for eth_sendRawTransaction is the node's refusal."""

    pol_wei: int = 10**18
    nonces: tuple[int, int] = (4, 4)
    gas: int | None = 50_000
    price: int = 30 * GWEI
    refusal: str = ""
    receipt: dict[str, Any] | None = None
    broken: str = ""
    raw: list[bytes] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        call = await request.json()
        method = call["method"]
        if method == "eth_sendRawTransaction":
            self.raw.append(bytes.fromhex(call["params"][0][2:]))
        if method == self.broken:
            return reply("bad gateway", status=502)
        return reply(json.dumps({"jsonrpc": "2.0", "id": 1, **self._told(method, call["params"])}))

    def _told(self, method: str, params: list[Any]) -> dict[str, Any]:
        known = {
            "eth_getBalance": hex(self.pol_wei),
            "eth_gasPrice": hex(self.price),
            "eth_getTransactionCount": hex(self.nonces["pending" in params]),
            "eth_getTransactionReceipt": self.receipt,
        }
        if method in known:
            return {"result": known[method]}
        if method == "eth_estimateGas" and self.gas is not None:
            return {"result": hex(self.gas)}
        if method == "eth_sendRawTransaction" and not self.refusal:
            return {"result": "0x" + keccak(self.raw[-1]).hex()}
        return {"error": {"code": -32000, "message": self.refusal or "execution reverted: no"}}


@asynccontextmanager
async def desk_at(node: Node) -> AsyncIterator[EoaDesk]:
    async with serving(node.answer) as service, client_of(service.url) as http:
        yield EoaDesk(RpcClient(http), signer=SIGNER)


async def test_a_call_is_sent_once_under_the_next_nonce_with_gas_to_spare() -> None:
    node = Node()
    async with desk_at(node) as desk:
        answer = await desk.send([CALL], why="")
    expected = LegacyTransaction(CALL, 4, 60_000, 30 * GWEI).signed(SIGNER)
    assert node.raw == [expected]
    assert answer == Accepted(TransactionRef("0x" + keccak(expected).hex()))


async def test_without_gas_nothing_is_sent_and_the_need_is_named() -> None:
    node = Node(pol_wei=10**15)
    async with desk_at(node) as desk:
        answer = await desk.send([CALL], why="")
    assert isinstance(answer, Refused)
    assert "0.0018 POL" in answer.detail
    assert "has 0.001" in answer.detail
    assert SIGNER.address in answer.remedy
    assert node.raw == []


async def test_no_node_can_make_a_transaction_cost_a_fortune() -> None:
    node = Node(pol_wei=10**24, price=20_000 * GWEI)
    async with desk_at(node) as desk:
        answer = await desk.send([CALL], why="")
    assert isinstance(answer, Refused)
    assert "may cost 1.2 POL, and polybot pays 1 at most" in answer.detail
    assert node.raw == []


async def test_while_one_transaction_waits_no_other_is_sent() -> None:
    node = Node(nonces=(4, 5))
    async with desk_at(node) as desk:
        assert isinstance(await desk.send([CALL], why=""), Later)
    assert node.raw == []


async def test_what_would_be_reverted_is_not_sent() -> None:
    node = Node(gas=None)
    async with desk_at(node) as desk:
        answer = await desk.send([CALL], why="")
    assert isinstance(answer, Refused)
    assert "execution reverted: no" in answer.detail
    assert node.raw == []


@pytest.mark.parametrize(
    ("node", "proves"),
    [
        (Node(refusal="already known"), Accepted),
        (Node(refusal="nonce too low"), Later),
        (Node(refusal="replacement transaction underpriced"), Later),
        (Node(refusal="transaction underpriced"), Refused),
        (Node(broken="eth_sendRawTransaction"), Unknown),
        (Node(broken="eth_gasPrice"), Refused),
    ],
)
async def test_what_a_node_s_answer_proves(node: Node, proves: type[object]) -> None:
    async with desk_at(node) as desk:
        assert isinstance(await desk.send([CALL], why=""), proves)


@pytest.mark.parametrize(("status", "ends"), [("0x1", Done), ("0x0", Failed)])
async def test_a_receipt_is_the_end(status: str, ends: type[object]) -> None:
    receipt = {"transactionHash": "0xaa", "blockNumber": "0x1", "status": status}
    async with desk_at(Node(receipt=receipt)) as desk:
        assert isinstance(await desk.outcome(TransactionRef("0xaa")), ends)


async def test_no_receipt_is_no_end() -> None:
    async with desk_at(Node()) as desk:
        assert isinstance(await desk.outcome(TransactionRef("0xaa")), Pending)
    async with desk_at(Node(broken="eth_getTransactionReceipt")) as desk:
        assert isinstance(await desk.outcome(TransactionRef("0xaa")), NoAnswer)


async def test_a_preview_is_the_transaction_and_sends_nothing() -> None:
    node = Node()
    async with desk_at(node) as desk:
        shown = await desk.preview([CALL])
    assert (shown["to"], shown["data"], shown["nonce"]) == (CALL.target, "0x" + CALL.data.hex(), "4")
    assert (shown["gas"], shown["gasPrice"], shown["chainId"]) == ("60000", str(30 * GWEI), 137)
    assert node.raw == []


async def test_a_preview_of_what_is_not_possible_yet_says_so() -> None:
    async with desk_at(Node(gas=None)) as desk:
        assert "estimated before it is sent" in str((await desk.preview([CALL]))["gas"])
