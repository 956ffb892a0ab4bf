"""Every recorded payload of the official client: the calls, what is signed, the exact body."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from polybot.core.ids import ConditionId, TokenId, Wallet, parse_wallet
from polybot.core.market import NO_FEE, Market, MarketVersion, Outcome
from polybot.core.money import Price, Shares, Usdc
from polybot.polymarket import wallet_calls
from polybot.polymarket.contracts import PUSD
from polybot.polymarket.relayer.payloads import (
    DepositBatch,
    Payload,
    ProxyCalls,
    SafeTransaction,
    wallet_creation,
)
from polybot.polymarket.signing import LocalSigner
from polybot.polymarket.typed_document import TypedDocument
from polybot.ports.wallet import Approval, Call, Standard

OWNER = LocalSigner.from_hex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
SESSION = LocalSigner.from_hex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")
PERPS_DEPOSIT = "0xDCa4af75705dbB50f62437045afF9921947917d2"
HUNDRED = Usdc.parse("100")


@pytest.fixture
def recorded(shared: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shared / "vectors" / "relayer.json").read_bytes())
    return loaded


def payload_of(vector: dict[str, Any]) -> Payload:
    calls = [Call(c["to"], bytes.fromhex(c["data"][2:]), "", value=c["value"]) for c in vector["calls"]]
    wallet, nonce = parse_wallet(vector["wallet"]), int(vector["nonce"])
    match vector["wallet_type"]:
        case "DEPOSIT_WALLET":
            by_session_key = vector["signer"] == "session key"
            return DepositBatch(wallet, calls, nonce, int(vector["deadline"]), by_session_key)
        case "POLY_PROXY":
            return ProxyCalls(OWNER.address, wallet, calls, nonce, vector["relay"], int(vector["gas_limit"]))
    return SafeTransaction(wallet, calls, nonce)


def test_bodies_are_the_official_clients_byte_for_byte(recorded: dict[str, Any]) -> None:
    for vector in recorded["vectors"]:
        signer = SESSION if vector.get("signer") == "session key" else OWNER
        assert payload_of(vector).body(signer, metadata="test").decode() == vector["submit_body_wire"], vector["name"]
    assert len(recorded["vectors"]) == 40


def test_a_wallet_s_creation_is_the_official_clients(recorded: dict[str, Any]) -> None:
    assert json.loads(wallet_creation(OWNER.address)) == recorded["wallet_create_body"]


def test_what_is_shown_has_the_hash_that_is_signed(recorded: dict[str, Any]) -> None:
    for vector in recorded["vectors"]:
        shown = payload_of(vector).shown()
        json.dumps(shown)
        if vector["wallet_type"] == "POLY_PROXY":
            assert shown["hash"] == vector["message_hash"]


def market(condition: str, version: MarketVersion, *, neg_risk: bool) -> Market:
    return Market(
        condition=ConditionId(condition),
        slug="rain",
        question="Rain?",
        version=version,
        neg_risk=neg_risk,
        outcomes=(Outcome(TokenId("1"), "Yes"), Outcome(TokenId("2"), "No")),
        tick=Price.parse("0.01"),
        min_order=Shares.parse("5"),
        fee=NO_FEE,
        accepting_orders=True,
        closed=False,
    )


STANDARD = market("0x" + "a1" * 32, MarketVersion.V1, neg_risk=False)
NEG_RISK = market("0x" + "a1" * 32, MarketVersion.V1, neg_risk=True)
V2 = market("0x01182cb88702e97519362b2930030651cd" + "00" * 14, MarketVersion.V2, neg_risk=False)
RAW = "(not an SDK helper)"


def ours(name: str, wallet: Wallet) -> tuple[Call, ...] | None:
    """The same calls, made by us; None for those we do not make."""
    approvals = (*wallet_calls.TRADING, *wallet_calls.CLOSING)
    shares = Shares.parse("100")
    made: dict[str, tuple[Call, ...]] = {
        "approve_pusd_to_standard_exchange": (wallet_calls.approve(approvals[0]),),
        "ctf_setApprovalForAll_standard_exchange": (wallet_calls.approve(approvals[1]),),
        "split_100_standard": (wallet_calls.split(STANDARD, HUNDRED),),
        "merge_100_neg_risk": (wallet_calls.merge(NEG_RISK, shares),),
        "redeem_standard": wallet_calls.redeem(STANDARD, {}),
        "redeem_neg_risk": wallet_calls.redeem(NEG_RISK, {}),
        "router_split_v2": (wallet_calls.split(V2, HUNDRED),),
        "router_merge_v2": (wallet_calls.merge(V2, shares),),
        "router_redeem_v2_yes": wallet_calls.redeem(V2, {0: Shares.parse("50")}),
        f"approve_and_wrap_100_usdce {RAW}": wallet_calls.wrap(wallet, HUNDRED),
        f"approve_and_unwrap_100 {RAW}": wallet_calls.unwrap(wallet, HUNDRED),
    }
    return made.get(name)


def test_calls_are_the_official_clients(recorded: dict[str, Any]) -> None:
    compared = 0
    for vector in recorded["vectors"]:
        calls = ours(vector["name"], parse_wallet(vector["wallet"]))
        if calls is None:
            continue
        assert [(c.target, "0x" + c.data.hex()) for c in calls] == [(c["to"], c["data"]) for c in vector["calls"]]
        compared += 1
    assert compared == 34


def test_approvals_are_the_official_clients_without_perpetuals_but_with_the_neg_risk_adapter(
    recorded: dict[str, Any],
) -> None:
    official = next(v for v in recorded["vectors"] if v["name"] == "all_17_trading_approvals")["calls"]
    theirs = {(call["to"], call["data"]) for call in official}
    calls = {
        (c.target, "0x" + c.data.hex()) for c in map(wallet_calls.approve, wallet_calls.TRADING + wallet_calls.CLOSING)
    }
    perps = wallet_calls.approve(Approval(Standard.ERC20, PUSD, PERPS_DEPOSIT))
    assert theirs - calls == {(perps.target, "0x" + perps.data.hex())}
    extra = [data for _, data in calls - theirs]
    assert len(extra) == 2
    assert all("d91e80cf2e7be2e162c6513ced06f1dd0da35296" in data for data in extra)


def test_every_call_says_what_it_does() -> None:
    approvals = [wallet_calls.approve(a).words for a in wallet_calls.TRADING + wallet_calls.CLOSING]
    assert len(set(approvals)) == len(approvals)
    assert approvals[0] == "let CTFExchangeV2 (ordinary markets) spend your pUSD, without limit"
    assert "UNKNOWN contract" in wallet_calls.approve(Approval(Standard.ERC20, PUSD, "0x" + "ab" * 20)).words


def test_conversion_and_session_keys_have_the_documented_selectors() -> None:
    wallet = Wallet("0x" + "0a" * 20)
    calls = {
        "c64748c4": wallet_calls.convert("0x" + "b2" * 32, index_set=5, shares=Shares.parse("1")),
        "24017fae": wallet_calls.authorize_session_key(wallet, SESSION.address, valid_until_s=1_800_000_000),
        "e63f952f": wallet_calls.revoke_session_key(wallet, SESSION.address),
    }
    assert [call.data[:4].hex() for call in calls.values()] == list(calls)


@pytest.mark.parametrize("condition", ["0x1234", "0x" + "11" * 32])
def test_a_condition_that_is_none_of_version_2_is_refused(condition: str) -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        wallet_calls.split(market(condition, MarketVersion.V2, neg_risk=False), HUNDRED)


addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
calls_strategy = st.lists(
    st.builds(Call, addresses, st.binary(max_size=80), st.just(""), value=st.integers(0, 1 << 200)), max_size=4
)


@given(wallet=addresses, calls=calls_strategy, nonce=st.integers(0, 1 << 64), deadline_s=st.integers(0, 1 << 40))
def test_documents_hash_as_ethereum_s_own_library_hashes_them(
    wallet: str, calls: list[Call], nonce: int, deadline_s: int
) -> None:
    batch = DepositBatch(Wallet(wallet), calls, nonce, deadline_s)
    document: TypedDocument = batch._document()
    shown: dict[str, Any] = document.shown()
    fields = [("string", "name"), ("string", "version"), ("uint256", "chainId"), ("address", "verifyingContract")]
    shown["types"]["EIP712Domain"] = [{"name": name, "type": kind} for kind, name in fields]
    shown["domain"]["chainId"] = 137
    message = shown["message"]
    for call in message["calls"]:
        call["value"], call["data"] = int(call["value"]), bytes.fromhex(call["data"][2:])
    message["nonce"], message["deadline"] = int(message["nonce"]), int(message["deadline"])
    signable = encode_typed_data(full_message=shown)
    assert OWNER.sign(document.digest()) == _signed_elsewhere(signable)


def _signed_elsewhere(signable: Any) -> bytes:
    key = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    return bytes(Account.sign_message(signable, key).signature)
