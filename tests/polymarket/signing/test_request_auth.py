"""L1 and L2 headers equal the recorded ones, and the venue's side accepts exactly what they prove."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from polymarket._internal.hmac import build_hmac_signature
from polymarket._internal.l1_auth import sign_api_key_auth

from polybot.polymarket.auth import ApiCredentials, AuthFailed, L2Auth, l1_headers, verify_l1
from polybot.polymarket.signing import LocalSigner

KEY = "11" * 32
NOW_S = 1_795_000_000
SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
CREDENTIALS = ApiCredentials(key="019a-key", secret=SECRET, passphrase="feec54")


def load(shared: Path, name: str) -> Any:
    return json.loads((shared / "vectors" / name).read_bytes())


def l2(secret: str = SECRET) -> L2Auth:
    signer = LocalSigner.from_hex(KEY)
    return L2Auth(signer.address, ApiCredentials(key="019a-key", secret=secret, passphrase="feec54"))


def test_recorded_l1_headers(shared: Path) -> None:
    for vector in load(shared, "auth_l1.json")["vectors"]:
        at, nonce = vector["timestamp"], vector["nonce"]
        signer = LocalSigner.from_hex(vector["private_key"])
        headers = l1_headers(signer, chain_id=vector["chain_id"], timestamp_s=at, nonce=nonce)
        assert headers == vector["headers"]
        assert verify_l1(headers, chain_id=vector["chain_id"], now_s=at + 60) == (signer.address, nonce)


def test_l1_signatures_others_recorded(shared: Path) -> None:
    real = load(shared, "peers/signing-and-real-orders.json")["clob_auth"]
    typescript = load(shared, "peers/ts-clob-client-v2-signing.json")
    for case in [real, *({"privateKey": typescript["privateKey"], **auth} for auth in typescript["clobAuth"])]:
        signer = LocalSigner.from_hex(case["privateKey"])
        headers = l1_headers(signer, chain_id=case["chainId"], timestamp_s=case["timestamp"], nonce=case["nonce"])
        assert headers["POLY_SIGNATURE"] == case["signature"]


def test_recorded_l2_headers(shared: Path) -> None:
    for vector in load(shared, "auth_l2.json")["vectors"]:
        expected, body = vector["headers"], (vector["body"] or "").encode()
        credentials = ApiCredentials(
            key=expected["POLY_API_KEY"], secret=vector["secret"], passphrase=expected["POLY_PASSPHRASE"]
        )
        auth = L2Auth(expected["POLY_ADDRESS"], credentials)
        method, path, at = vector["method"], vector["path"], vector["timestamp"]
        assert auth.headers(method=method, path=path, body=body, timestamp_s=at) == expected, vector["note"]
        auth.verify(expected, method=method, path=path, body=body, now_s=at)


def test_l2_signatures_others_recorded(shared: Path) -> None:
    cases = [load(shared, "peers/signing-and-real-orders.json")["hmac"]]
    cases += load(shared, "peers/ts-clob-client-v2-signing.json")["hmac"]
    for case in cases:
        headers = l2(case["secret"]).headers(
            method=case["method"],
            path=case.get("path") or case["requestPath"],
            body=(case.get("body") or "").encode(),
            timestamp_s=case["timestamp"],
        )
        assert headers["POLY_SIGNATURE"] == case["signature"]


def test_captured_requests_are_accepted(shared: Path) -> None:
    """Requests of both official clients, as they arrived at a recording server."""
    checked = 0
    for request in load(shared, "wire_capture.json")["requests"]:
        headers = {name.upper(): value for name, value in request["headers"].items()}
        if "l2_ok" in request["server_checks"] and "POLY_API_KEY" in headers:
            credentials = ApiCredentials(headers["POLY_API_KEY"], SECRET, headers["POLY_PASSPHRASE"])
            L2Auth(headers["POLY_ADDRESS"], credentials).verify(
                headers,
                method=request["method"],
                path=request["path"],
                body=(request["body"] or "").encode(),
                now_s=int(headers["POLY_TIMESTAMP"]),
            )
            checked += 1
        elif "POLY_NONCE" in headers:
            verify_l1(headers, chain_id=137, now_s=int(headers["POLY_TIMESTAMP"]))
            checked += 1
    assert checked >= 20


def test_headers_equal_the_official_client_on_random_requests() -> None:
    rng = random.Random(3)  # noqa: S311 - the same cases in every run
    for _ in range(200):
        key, at, nonce = f"{rng.getrandbits(255) + 1:064x}", rng.randrange(1, 2_000_000_000), rng.getrandbits(40)
        chain_id = rng.choice((137, 80002))
        official = sign_api_key_auth(Account.from_key(key), chain_id=chain_id, timestamp=at, nonce=nonce)
        ours = l1_headers(LocalSigner.from_hex(key), chain_id=chain_id, timestamp_s=at, nonce=nonce)
        assert (ours["POLY_ADDRESS"], ours["POLY_SIGNATURE"]) == (official.address, official.signature)

        body = rng.choice(("", '{"a":"é\'"}', '["x"]'))
        secret = rng.choice((SECRET, SECRET.rstrip("="), "_-" * 43))
        signature = build_hmac_signature(secret=secret, timestamp=at, method="POST", path="/order", body=body)
        headers = l2(secret).headers(method="POST", path="/order", body=body.encode(), timestamp_s=at)
        assert headers["POLY_SIGNATURE"] == signature


def test_an_l1_proof_is_refused_when_anything_differs() -> None:
    signer = LocalSigner.from_hex(KEY)
    good = l1_headers(signer, chain_id=137, timestamp_s=NOW_S)
    assert verify_l1(good, chain_id=137, now_s=NOW_S) == (signer.address, 0)
    changes: list[tuple[dict[str, str], str]] = [
        ({"POLY_ADDRESS": "0x" + "22" * 20}, "not by POLY_ADDRESS"),
        ({"POLY_ADDRESS": "nobody"}, "is not an address"),
        ({"POLY_NONCE": "1"}, "not by POLY_ADDRESS"),
        ({"POLY_NONCE": "-1"}, "POLY_NONCE"),
        ({"POLY_NONCE": str(1 << 256)}, "too big"),
        ({"POLY_SIGNATURE": "0x12"}, "65 bytes"),
        ({"POLY_SIGNATURE": "0xzz"}, "hexadecimal"),
        ({"POLY_TIMESTAMP": str(NOW_S - 61)}, "more than 60 s"),
        ({"POLY_TIMESTAMP": str(NOW_S * 1000)}, "more than 60 s"),
        ({"POLY_TIMESTAMP": "now"}, "Unix seconds"),
    ]
    for change, complaint in changes:
        with pytest.raises(AuthFailed, match=complaint):
            verify_l1({**good, **change}, chain_id=137, now_s=NOW_S)
    with pytest.raises(AuthFailed, match="not by POLY_ADDRESS"):
        verify_l1(good, chain_id=80002, now_s=NOW_S)
    with pytest.raises(AuthFailed):
        verify_l1({}, chain_id=137, now_s=NOW_S)


def test_an_l2_proof_is_refused_when_anything_differs() -> None:
    auth = l2()
    request: dict[str, Any] = {"method": "POST", "path": "/order", "body": b'{"a":1}'}
    good = auth.headers(**request, timestamp_s=NOW_S)
    auth.verify(good, **request, now_s=NOW_S)
    for change in ({"body": b'{"a": 1}'}, {"path": "/orders"}, {"method": "DELETE"}):
        with pytest.raises(AuthFailed, match="POLY_SIGNATURE"):
            auth.verify(good, **{**request, **change}, now_s=NOW_S)
    for name in good:
        with pytest.raises(AuthFailed, match=name):
            auth.verify({**good, name: ""}, **request, now_s=NOW_S)
    with pytest.raises(AuthFailed, match="more than 60 s"):
        auth.verify(good, **request, now_s=NOW_S + 61)
    with pytest.raises(AuthFailed, match="POLY_SIGNATURE"):
        l2("c" * 43).verify(good, **request, now_s=NOW_S)
