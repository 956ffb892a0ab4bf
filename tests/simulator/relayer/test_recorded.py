"""What the official clients signed is what we recover; one changed field and it is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from polybot.polymarket.signing import BadSignature
from polybot.simulator.chain.contracts import Call
from polybot.simulator.relayer import bodies, calls, signatures


def vectors(shared: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((shared / "vectors" / "relayer.json").read_text())["vectors"]
    assert len(found) == 40
    return found


def read(body: dict[str, Any]) -> bodies.Submission:
    return bodies.read_submission(json.dumps(body).encode())


def signed(body: bodies.Submission) -> tuple[str, list[Call]]:
    """Who signed, and which calls."""
    match body:
        case bodies.Wallet():
            sent = calls.batched(body.params.calls)
            signer = signatures.batch_signer(
                body.params.deposit_wallet,
                nonce=int(body.nonce),
                deadline_s=int(body.params.deadline),
                calls=sent,
                signature=bytes.fromhex(body.signature[2:]),
            )
            return signer, sent
        case bodies.Proxy():
            return signatures.proxy_signer(body), calls.proxied(bytes.fromhex(body.data[2:]))
        case bodies.Safe():
            value, data, operation = int(body.value), bytes.fromhex(body.data[2:]), int(body.params.operation)
            return signatures.safe_signer(body), calls.of_safe(body.to, value=value, data=data, operation=operation)
        case bodies.SafeCreate():
            return signatures.safe_create_signer(body), []
        case bodies.WalletCreate():
            raise AssertionError("unsigned")


def test_every_recorded_payload_is_by_its_sender_and_holds_its_calls(shared: Path) -> None:
    for vector in vectors(shared):
        body = read(vector["submit_body"])
        signer, sent = signed(body)
        assert signer == body.sender.lower(), vector["name"]
        wanted = [(call["to"].lower(), int(call["value"]), call["data"]) for call in vector["calls"]]
        assert [(call.target, call.value, "0x" + call.data.hex()) for call in sent] == wanted, vector["name"]
        assert {call.target for call in sent} <= calls.TARGETS, vector["name"]


def test_a_changed_nonce_or_call_is_by_somebody_else(shared: Path) -> None:
    for vector in vectors(shared):
        changed = json.loads(json.dumps(vector["submit_body"]))
        changed["nonce"] = "8"
        if vector["wallet_type"] == "DEPOSIT_WALLET":
            assert_foreign(changed)
            changed["nonce"] = "7"
            changed["depositWalletParams"]["deadline"] = "1795306201"
        assert_foreign(changed)


def assert_foreign(body: dict[str, Any]) -> None:
    try:
        signer, _ = signed(read(body))
    except BadSignature:
        return
    assert signer != body["from"].lower()


def test_what_the_official_clients_sent_over_http_is_by_its_sender(shared: Path) -> None:
    captured = json.loads((shared / "vectors" / "wire_capture.json").read_text())["requests"]
    sent = [json.loads(request["body"]) for request in captured if request["path"] == "/submit"]
    assert sent
    for body in sent:
        assert signed(read(body))[0] == body["from"].lower()


def test_the_making_of_a_safe_is_by_its_owner(shared: Path) -> None:
    checks = json.loads((shared / "vectors" / "relayer.json").read_text())["upstream_checks"]
    body = checks["safe_create"]["body"]
    assert signed(read(body))[0] == body["from"].lower()
    with pytest.raises(AssertionError):
        assert signed(read({**body, "from": "0x" + "11" * 20}))[0] == "0x" + "11" * 20
