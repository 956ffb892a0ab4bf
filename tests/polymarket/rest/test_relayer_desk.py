"""The relayer's answers: what each proves, who asks, and that nothing is sent twice."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from wire_service import SkippingClock, client_of, reply, serving

from polybot.core.ids import Wallet
from polybot.core.orders import SignatureType
from polybot.polymarket.auth import ApiCredentials
from polybot.polymarket.chain.rpc import RpcClient
from polybot.polymarket.relayer.auth import BuilderAuth, RelayerAuth, RelayerKeyAuth
from polybot.polymarket.relayer.client import RelayerClient
from polybot.polymarket.relayer.desk import RelayerDesk
from polybot.polymarket.signing import LocalSigner
from polybot.polymarket.wallet_calls import TRADING, approve
from polybot.polymarket.wallets import checksum, funder_for
from polybot.ports.venue import NoAnswer
from polybot.ports.wallet import (
    Accepted,
    Done,
    Failed,
    Later,
    Outcome,
    Pending,
    Refused,
    Submission,
    TransactionRef,
    Unknown,
)

OWNER = LocalSigner.from_hex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
BUILDER = ApiCredentials(key="b-key", secret=base64.urlsafe_b64encode(b"s" * 32).decode(), passphrase="b-pass")
CALLS = [approve(approval) for approval in TRADING[:2]]
ACCEPTED = {"transactionID": "tx-1", "state": "STATE_NEW"}
RELAY = "0x" + "7e" * 20


@dataclass
class Stage:
    """One relayer that is also the node; `submit` answers POST /submit, `node` the node's calls by method."""

    submit: Callable[[], web.Response] = lambda: reply(json.dumps(ACCEPTED))
    node: dict[str, Any] = field(default_factory=lambda: {"eth_getBlockByNumber": None, "eth_estimateGas": "0x61a80"})
    nonce: str = "7"
    relay: str = RELAY
    transaction: dict[str, Any] = field(default_factory=dict)
    submitted: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/submit":
            self.submitted.append(await request.json())
            self.headers.append(dict(request.headers))
            return self.submit()
        if request.path == "/":
            return self._node(await request.json())
        if "transactions/" in request.path and not request.path.endswith("params"):
            return reply(json.dumps(self.transaction)) if self.transaction else reply("down", status=502)
        if request.path == "/deployed":
            return reply(json.dumps({"deployed": True}))
        return reply(json.dumps({"address": self.relay, "nonce": self.nonce}))

    def _node(self, call: dict[str, Any]) -> web.Response:
        found = self.node.get(call["method"], KeyError)
        answer = {"error": {"code": 3, "message": "execution reverted"}} if found is KeyError else {"result": found}
        return reply(json.dumps({"jsonrpc": "2.0", "id": 1, **answer}))


@asynccontextmanager
async def desk_at(
    stage: Stage,
    kind: SignatureType = SignatureType.POLY_1271,
    auth: RelayerAuth | None = None,
    **options: bool,
) -> AsyncIterator[RelayerDesk]:
    clock = SkippingClock()
    async with serving(stage.answer) as service, client_of(service.url, clock=clock) as http:
        yield RelayerDesk(
            RelayerClient(http, clock=clock, auth=auth or BuilderAuth(BUILDER)),
            node=RpcClient(http),
            signer=OWNER,
            wallet=funder_for(OWNER.address, kind),
            signature_type=kind,
            clock=clock,
            **options,
        )


async def sent(stage: Stage, kind: SignatureType = SignatureType.POLY_1271) -> Submission:
    async with desk_at(stage, kind) as desk:
        answer = await desk.send(CALLS, why="approvals")
    assert len(stage.submitted) == 1
    return answer


def refusal(text: str, status: int = 400) -> Callable[[], web.Response]:
    return lambda: reply(json.dumps({"error": text}), status=status)


@pytest.mark.parametrize("kind", [kind for kind in SignatureType if kind is not SignatureType.EOA])
async def test_each_kind_of_wallet_is_sent_in_its_own_form(kind: SignatureType) -> None:
    stage = Stage()
    assert await sent(stage, kind) == Accepted(TransactionRef("tx-1"))
    (body,) = stage.submitted
    names = {1: "PROXY", 2: "SAFE", 3: "WALLET"}
    assert (body["type"], body["nonce"], body["metadata"]) == (names[kind.value], "7", "approvals")


@pytest.mark.parametrize(
    ("answer", "proves"),
    [
        (refusal("wallet busy: 0xabc has an active action 9"), Later),
        (refusal("wallet has in-flight action"), Later),
        (refusal("batch nonce 7 does not match on-chain nonce 9"), Later),
        (refusal("slow down", status=429), Later),
        (refusal("quota exceeded, resets in 3600 seconds"), Refused),
        (refusal("quota exceeded, resets in 3600 seconds", status=429), Refused),
        (refusal("invalid signature"), Refused),
        (refusal("Unauthorized/Invalid api key", status=401), Refused),
        (refusal("internal error", status=500), Unknown),
        (lambda: reply("<html>gateway</html>", status=502, kind="text/html"), Unknown),
        (lambda: reply("<html>forbidden</html>", status=403, kind="text/html"), Unknown),
        (lambda: reply('{"unexpected": 1}'), Unknown),
    ],
)
async def test_what_an_answer_proves(answer: Callable[[], web.Response], proves: type[Submission]) -> None:
    assert isinstance(await sent(Stage(submit=answer)), proves)


async def test_a_wrong_key_comes_with_a_remedy() -> None:
    answer = await sent(Stage(submit=refusal("Unauthorized/Invalid api key", status=401)))
    assert isinstance(answer, Refused)
    assert "builder key" in answer.remedy


async def test_the_nonce_that_the_relayer_names_is_used_by_the_next_try() -> None:
    stage = Stage(submit=refusal("batch nonce 7 does not match on-chain nonce 9"))
    async with desk_at(stage) as desk:
        await desk.send(CALLS, why="")
        await desk.send(CALLS, why="")
    assert [body["nonce"] for body in stage.submitted] == ["7", "9"]
    assert stage.submitted[0]["signature"] != stage.submitted[1]["signature"]


async def test_no_nonce_no_transaction() -> None:
    stage = Stage(nonce="seven")
    async with desk_at(stage) as desk:
        answer = await desk.send(CALLS, why="")
    assert isinstance(answer, Refused)
    assert stage.submitted == []


async def test_a_deadline_follows_the_chain_s_clock_if_that_is_ahead() -> None:
    ahead_s = SkippingClock().now_ns() // 10**9 + 3_600
    block = {"number": "0x1", "hash": "0x", "parentHash": "0x", "timestamp": hex(ahead_s)}
    stage = Stage(node={"eth_getBlockByNumber": block})
    await sent(stage)
    assert stage.submitted[0]["depositWalletParams"]["deadline"] == str(ahead_s + 600)


@pytest.mark.parametrize(("estimate", "limit"), [({"eth_estimateGas": "0x61a80"}, "400000"), ({}, "300000")])
async def test_a_proxy_s_gas_is_estimated_or_ample(estimate: dict[str, Any], limit: str) -> None:
    stage = Stage(node=estimate)
    await sent(stage, SignatureType.POLY_PROXY)
    params = stage.submitted[0]["signatureParams"]
    assert (params["gasLimit"], params["relay"]) == (limit, RELAY)


async def test_a_builder_key_signs_what_is_sent() -> None:
    stage = Stage()
    async with desk_at(stage) as desk:
        await desk.deploy()
    (seen,), (body,) = stage.headers, stage.submitted
    text = json.dumps(body, separators=(",", ":"))
    message = f"{seen['POLY_BUILDER_TIMESTAMP']}POST/submit{text}".encode()
    proof = base64.urlsafe_b64encode(hmac.new(b"s" * 32, message, hashlib.sha256).digest()).decode()
    assert (seen["POLY_BUILDER_SIGNATURE"], seen["POLY_BUILDER_API_KEY"]) == (proof, "b-key")
    assert seen["POLY_BUILDER_PASSPHRASE"] == "b-pass"
    assert "POLY_ADDRESS" not in seen
    assert body == {"type": "WALLET-CREATE", "from": OWNER.address, "to": body["to"], "metadata": ""}


async def test_a_relayer_key_is_named() -> None:
    stage = Stage()
    async with desk_at(stage, auth=RelayerKeyAuth("r-key", address=OWNER.address)) as desk:
        await desk.send(CALLS, why="")
    (seen,) = stage.headers
    assert (seen["RELAYER_API_KEY"], seen["RELAYER_API_KEY_ADDRESS"]) == ("r-key", OWNER.address)


@pytest.mark.parametrize("kind", [SignatureType.POLY_PROXY, SignatureType.POLY_GNOSIS_SAFE])
async def test_older_wallets_are_not_deployed_from_here(kind: SignatureType) -> None:
    stage = Stage()
    async with desk_at(stage, kind) as desk:
        answer = await desk.deploy()
    assert isinstance(answer, Refused)
    assert "polymarket.com" in answer.remedy
    assert stage.submitted == []


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("STATE_NEW", Pending("STATE_NEW")),
        ("STATE_EXECUTED", Pending("STATE_EXECUTED")),
        ("STATE_MINED", Pending("STATE_MINED")),
        ("STATE_CONFIRMED", Done("0xaa")),
        ("STATE_FAILED", Failed("execution reverted")),
        ("STATE_INVALID", Failed("execution reverted")),
        ("STATE_OF_THE_ART", Pending("STATE_OF_THE_ART")),
    ],
)
async def test_only_a_final_state_is_an_end(state: str, outcome: Outcome) -> None:
    transaction = {"transaction_id": "t", "transaction_hash": "0xaa", "state": state, "error_msg": "execution reverted"}
    async with desk_at(Stage(transaction=transaction)) as desk:
        assert await desk.outcome(TransactionRef("t")) == outcome


async def test_an_end_that_cannot_be_asked_for_is_no_end() -> None:
    async with desk_at(Stage()) as desk:
        assert isinstance(await desk.outcome(TransactionRef("t")), NoAnswer)


async def test_a_preview_is_what_is_then_signed_and_sends_nothing() -> None:
    stage = Stage()
    async with desk_at(stage) as desk:
        shown: Any = await desk.preview(CALLS)
    assert stage.submitted == []
    assert shown["message"]["wallet"] == checksum(Wallet(funder_for(OWNER.address, SignatureType.POLY_1271)))
    assert [call["target"] for call in shown["message"]["calls"]] == [call.target for call in CALLS]


async def test_metadata_that_the_relayer_would_refuse_is_cut() -> None:
    stage = Stage()
    async with desk_at(stage) as desk:
        await desk.send(CALLS, why="x" * 900)
    assert len(stage.submitted[0]["metadata"]) == 500


@pytest.mark.parametrize("nonce", ["", "-1", "0x7", "9" * 80])
async def test_a_nonce_that_cannot_be_one_is_not_signed(nonce: str) -> None:
    stage = Stage(nonce=nonce)
    async with desk_at(stage) as desk:
        assert isinstance(await desk.send(CALLS, why=""), Refused)
    assert stage.submitted == []


async def test_a_relayer_that_names_no_relay_gets_no_signature_of_a_proxy() -> None:
    stage = Stage(relay="")
    async with desk_at(stage, SignatureType.POLY_PROXY) as desk:
        assert isinstance(await desk.send(CALLS, why=""), Refused)
    assert stage.submitted == []


@pytest.mark.parametrize("timestamp", ["soon", "0xffffffffff"])
async def test_no_node_can_make_a_signature_last_for_ever(timestamp: str) -> None:
    block = {"number": "0x1", "hash": "0x1", "parentHash": "0x0", "timestamp": timestamp}
    stage = Stage(node={"eth_getBlockByNumber": block})
    assert isinstance(await sent(stage), Accepted)
    deadline_s = int(stage.submitted[0]["depositWalletParams"]["deadline"])
    assert deadline_s < SkippingClock().now_ns() // 10**9 + 2 * 86_400
