"""Derived wallets and token ids equal what Polymarket's contracts and clients derive."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st
from polymarket._internal import wallet as official
from polymarket._internal.protocol import decode_v2_outcome_position_id, is_v2_position_id
from polymarket.environments import PRODUCTION

from polybot.core.ids import ConditionId, TokenId
from polybot.core.orders import SignatureType
from polybot.polymarket.token_ids import (
    V2Position,
    ctf_token_id,
    decode_position,
    has_v2_shape,
    parse_token,
    v2_position_id,
)
from polybot.polymarket.wallets import (
    checksum,
    derive_deposit,
    derive_old_deposit,
    derive_proxy,
    derive_safe,
    funder_for,
    funders,
)


def load(shared: Path, name: str) -> Any:
    return json.loads((shared / "vectors" / name).read_bytes())


def test_recorded_wallets(shared: Path) -> None:
    for vector in load(shared, "wallets.json")["vectors"]:
        eoa = vector["eoa"]
        assert vector["wallets"] == {
            "proxy": checksum(derive_proxy(eoa)),
            "safe": checksum(derive_safe(eoa)),
            "deposit_uups": checksum(derive_old_deposit(eoa)),
            "deposit_beacon": checksum(derive_deposit(eoa)),
        }
    for case in load(shared, "peers/signing-and-real-orders.json")["wallets"]["cases"]:
        ours = {"proxy": derive_proxy(case["owner"]), "safe": derive_safe(case["owner"])}
        for name in ours.keys() & case.keys():
            assert checksum(ours[name]) == case[name]


def test_wallets_of_random_accounts_equal_the_official_clients() -> None:
    rng = random.Random(5)  # noqa: S311 - the same accounts in every run
    config = PRODUCTION._config.wallet_derivation
    for _ in range(100):
        eoa = Account.from_key(rng.randbytes(32)).address
        assert checksum(eoa.lower()) == eoa
        assert checksum(derive_proxy(eoa)) == official.derive_proxy_wallet_address(eoa, config)
        assert checksum(derive_safe(eoa)) == official.derive_safe_wallet_address(eoa, config)
        assert checksum(derive_deposit(eoa)) == official.derive_beacon_deposit_wallet_address(eoa, config)
        assert checksum(derive_old_deposit(eoa)) == official.derive_uups_deposit_wallet_address(eoa, config)


def test_the_signature_type_names_the_wallet() -> None:
    eoa = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert [funder_for(eoa, kind) for kind in SignatureType] == [
        eoa.lower(),
        derive_proxy(eoa),
        derive_safe(eoa),
        derive_deposit(eoa),
    ]
    assert funders(eoa, SignatureType.POLY_1271) == (derive_deposit(eoa), derive_old_deposit(eoa))


@given(st.binary(min_size=20, max_size=20))
def test_checksums(raw: bytes) -> None:
    assert checksum("0x" + raw.hex()) == to_checksum_address(raw)


@pytest.mark.parametrize("text", ["", "0x12", "12" * 20, "0x" + "g" * 40])
def test_what_is_no_address_has_no_wallet(text: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        checksum(text)
    with pytest.raises(ValueError, match=r"address|hex"):
        derive_safe(text)


def test_recorded_position_ids(shared: Path) -> None:
    for row in load(shared, "wallets.json")["position_ids"]:
        token, decoded = TokenId(row["token_id"]), row["sdk_decode"]
        assert has_v2_shape(parse_token(token)) is row["sdk_is_v2"] is is_v2_position_id(token)
        if not row["sdk_is_v2"]:
            assert decode_position(token) is None
        elif "error" in decoded:
            with pytest.raises(ValueError, match="position id"):
                decode_position(token)
        else:
            fields = row["fields"]
            position = decode_position(token)
            assert position == V2Position(
                fields["module_id"], decoded["condition_id_bytes31"], decoded["outcome_index"]
            )
            assert token == v2_position_id(
                module=fields["module_id"],
                base_hash=bytes.fromhex(fields["base_hash"][2:]),
                outcome=fields["outcome_index"],
                arity=fields["arity"],
                index=fields["condition_index"],
            )


@given(st.sampled_from((1, 2, 3)), st.binary(min_size=16, max_size=16), st.sampled_from((0, 1)), st.integers(0, 65_535))
def test_position_ids_we_make_are_read_by_the_official_client(
    module: int, base_hash: bytes, outcome: int, index: int
) -> None:
    token = v2_position_id(module=module, base_hash=base_hash, outcome=outcome, arity=index, index=index)
    theirs = decode_v2_outcome_position_id(token)
    assert is_v2_position_id(token)
    assert decode_position(token) == V2Position(module, ConditionId(theirs.condition_id), theirs.outcome_index)


@pytest.mark.parametrize("tape", ["rtds-2026-08-19", "fed-event-books"])
def test_token_ids_of_recorded_markets_are_derived(shared: Path, tape: str) -> None:
    derived = 0
    with gzip.open(shared / "tapes" / f"{tape}.jsonl.gz") as lines:
        for market in (json.loads(line).get("body") for line in lines if b"clobTokenIds" in line):
            if market["version"] == "v1":
                condition, neg_risk = ConditionId(market["conditionId"]), market["negRisk"]
                ours = [ctf_token_id(condition, outcome=n, neg_risk=neg_risk) for n in (0, 1)]
                assert ours == json.loads(market["clobTokenIds"])
                derived += 1
    assert derived > 0


@pytest.mark.parametrize("text", ["", "0x12", "-1", "1.5", str(1 << 256), "²"])
def test_what_is_no_token_id_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is not a decimal uint256"):
        decode_position(TokenId(text))


def test_impossible_position_ids_are_refused() -> None:
    for wrong in ({"module": 4}, {"outcome": 2}, {"base_hash": b"short"}):
        fields: dict[str, Any] = {"module": 1, "base_hash": bytes(16), "outcome": 0, **wrong}
        with pytest.raises(ValueError, match="no position id has"):
            v2_position_id(**fields)
