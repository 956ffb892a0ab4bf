"""Every recorded order: hashes, ids, signatures, bodies; and the check that the venue's side makes of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from polybot.core.ids import ConditionId, OrderId, TokenId
from polybot.core.market import Side
from polybot.core.money import Price
from polybot.core.orders import Amounts, OrderTerms, SignatureType, TimeInForce
from polybot.polymarket.contracts import AMOY, NEG_RISK, POLYGON, STANDARD, V3, Exchange, exchange_for
from polybot.polymarket.order_body import OrderFactory, SignedOrder
from polybot.polymarket.orders import (
    OrderData,
    order_hash,
    order_struct_hash,
    sign_order,
    sign_order_with_session_key,
    verify_order,
)
from polybot.polymarket.signing import BadSignature, LocalSigner, recover_signer
from polybot.polymarket.wallets import checksum, derive_old_deposit, derive_safe, funder_for

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # public: Anvil's first account
CTF_TOKEN = TokenId("71321045679252212594626385532706912750332728571942532289631379312455583992563")
V2_TOKEN = TokenId("495025829825750431944975377615063050136172737557701493692333360384537788416")
KINDS = {"EOA": 0, "POLY_PROXY": 1, "GNOSIS_SAFE": 2, "DEPOSIT_WALLET": 3}
EXCHANGES = {(e.version, e.address, e.chain_id): e for by_chain in (STANDARD, NEG_RISK, V3) for e in by_chain.values()}


def read_order(wire: dict[str, Any]) -> OrderData:
    return OrderData(
        salt=int(wire["salt"]),
        maker=wire["maker"],
        signer=wire["signer"],
        token=TokenId(wire["tokenId"]),
        maker_amount=int(wire["makerAmount"]),
        taker_amount=int(wire["takerAmount"]),
        side=Side(wire["side"]),
        signature_type=SignatureType(wire["signatureType"]),
        timestamp_ms=int(wire["timestamp"]),
        metadata=bytes.fromhex(wire["metadata"][2:]),
        builder=bytes.fromhex(wire["builder"][2:]),
    )


def load(shared: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shared / "vectors" / name).read_bytes())
    return loaded


def test_recorded_orders_of_the_official_client(shared: Path) -> None:
    vectors = load(shared, "orders.json")["vectors"]
    owners = 0
    for vector in vectors:
        given, hashes, order = vector["input"], vector["hashes"], read_order(vector["post_order_body"]["order"])
        exchange = exchange_for(order.token, neg_risk=given["neg_risk"], chain_id=given["chain_id"])
        assert exchange.domain.hex() == hashes["domain_separator"][2:]
        assert order_struct_hash(order).hex() == hashes["order_struct_hash"][2:]
        assert order_hash(order, exchange).hex() == hashes["order_hash_order_id"][2:]
        wire = vector["signature"]["wire"]
        by_session_key = given["signer_type"] == "SESSION_KEY"
        sign = sign_order_with_session_key if by_session_key else sign_order
        assert sign(order, exchange, LocalSigner.from_hex(given["private_key"]))[1] == wire
        known = (given["wallet"].lower(), given["signing_eoa"].lower())
        found = verify_order(order, wire, exchange, authorised=lambda *pair, known=known: pair == known)
        assert found == given["signing_eoa"]
        assert rebuilt(vector) == SignedOrder(
            id=OrderId(hashes["order_hash_order_id"]), body=vector["post_order_body_wire"].encode()
        )
        owners += not by_session_key
    assert (owners, len(vectors)) == (264, 300)


def rebuilt(vector: dict[str, Any]) -> SignedOrder:
    given, amounts = vector["input"], vector["amounts"]
    factory = OrderFactory(
        LocalSigner.from_hex(given["private_key"]),
        funder=given["wallet"],
        signature_type=SignatureType(KINDS[given["wallet_type"]]),
        api_key=given["owner_api_key"],
        chain_id=given["chain_id"],
        builder=bytes.fromhex((given["builder_code"] or "0x" + "00" * 32)[2:]),
        session_key=given["signer_type"] == "SESSION_KEY",
    )
    terms = OrderTerms(
        token=TokenId(given["token_id"]),
        condition=ConditionId(""),
        side=Side(given["side"]),
        limit=Price.parse(given["price"]),
        amounts=Amounts(making=amounts["maker_amount"], taking=amounts["taker_amount"]),
        tif=TimeInForce(given["order_type"]),
        expiration_s=given["expiration"],
        post_only=given["post_only"],
    )
    return factory.build(terms, neg_risk=given["neg_risk"], salt=given["salt"], timestamp_ms=given["timestamp_ms"])


def test_captured_requests_carry_orders_that_verify(shared: Path) -> None:
    requests = load(shared, "wire_capture.json")["requests"]
    bodies = [json.loads(r["body"]) for r in requests if r["method"] == "POST" and r["path"] == "/order"]
    assert len(bodies) >= 8
    for wire in (body["order"] for body in bodies):
        order = read_order(wire)
        exchange = exchange_for(order.token, neg_risk=False)
        assert verify_order(order, wire["signature"], exchange) == LocalSigner.from_hex(KEY).address


def test_recorded_orders_of_the_typescript_client(shared: Path) -> None:
    recorded = load(shared, "peers/ts-clob-client-v2-signing.json")
    signer = LocalSigner.from_hex(recorded["privateKey"])
    for case in recorded["cases"]:
        exchange = EXCHANGES[case["domainVersion"], case["verifyingContract"], case["chainId"]]
        order_id, signature = sign_order(read_order(case["order"]), exchange, signer)
        assert ("0x" + order_id.hex(), signature) == (case["orderHash"], case["signature"])
    assert len(recorded["cases"]) == 48


def test_orders_that_settled_on_chain(shared: Path) -> None:
    recorded = load(shared, "peers/signing-and-real-orders.json")
    for real in recorded["real_settled_orders"]:
        domain, order = real["domain"], read_order(real["order"])
        exchange = EXCHANGES[domain["version"], domain["verifyingContract"], domain["chainId"]]
        assert order_hash(order, exchange).hex() == real["orderHash"][2:]
        assert verify_order(order, real["order"]["signature"], exchange) == checksum(order.signer)

    baseline = recorded["v3_struct_hash"]
    assert order_struct_hash(read_order(baseline["order"])).hex() == baseline["structHash"][2:]

    wrapped = recorded["deposit_wallet_1271"]
    signer = LocalSigner.from_hex(wrapped["privateKey"])
    assert sign_order(read_order(wrapped["order"]), STANDARD[AMOY], signer)[1] == wrapped["signature"]


def test_domain_separators_of_the_documentation() -> None:
    assert [e[POLYGON].domain.hex() for e in (STANDARD, NEG_RISK, V3)] == [
        "3264e159346253e26a64e00b69032db0e7d32f94628de3e6eecb50304d7af3d2",
        "9b858f53327b0bd13af8ec14cfb35234fb9eb7b0504d1a4e61f433840d30e81a",
        "466c63910185bbd55e8679264200c4e0abdcbb0c6264eb3d41d13326022e095b",
    ]


def signed(kind: SignatureType, exchange: Exchange) -> tuple[OrderData, str, LocalSigner]:
    signer = LocalSigner.from_hex(KEY)
    maker = funder_for(signer.address, kind)
    order = OrderData(
        salt=1,
        maker=maker,
        signer=maker if kind is SignatureType.POLY_1271 else signer.address,
        token=CTF_TOKEN,
        maker_amount=5_000_000,
        taker_amount=10_000_000,
        side=Side.BUY,
        signature_type=kind,
        timestamp_ms=1_795_305_600_123,
    )
    return order, sign_order(order, exchange, signer)[1], signer


@pytest.mark.parametrize("kind", SignatureType)
def test_a_check_refuses_what_was_changed_after_signing(kind: SignatureType) -> None:
    exchange = STANDARD[POLYGON]
    order, signature, signer = signed(kind, exchange)
    assert verify_order(order, signature, exchange) == signer.address
    stranger = LocalSigner.from_hex("11" * 32)
    forgeries = [
        (order._replace(salt=2), signature, exchange),
        (order._replace(maker_amount=5_000_001), signature, exchange),
        (order._replace(side=Side.SELL), signature, exchange),
        (order._replace(builder=bytes(31) + b"\1"), signature, exchange),
        (order._replace(builder=b"short"), signature, exchange),
        (order._replace(maker_amount=1 << 256), signature, exchange),
        (order._replace(token=TokenId("no number")), signature, exchange),
        (order._replace(maker=funder_for(stranger.address, kind)), signature, exchange),
        (order, signature, NEG_RISK[POLYGON]),
        (order, signature, STANDARD[AMOY]),
        (order, sign_order(order, exchange, stranger)[1], exchange),
        (order, sign_order(order, V3[POLYGON], signer)[1], exchange),
        (order, signature[:-2], exchange),
        (order, signature + "00", exchange),
        (order, "0x" + "zz" * 65, exchange),
        (order, "0x" + "00" * 65, exchange),
        (order, "", exchange),
    ]
    for forged in forgeries:
        with pytest.raises(BadSignature):
            verify_order(*forged)


def by_session_key(wallet: str) -> tuple[OrderData, str, str]:
    session = LocalSigner.from_hex("22" * 32)
    order = signed(SignatureType.POLY_1271, V3[POLYGON])[0]._replace(maker=wallet, signer=wallet)
    return order, sign_order_with_session_key(order, V3[POLYGON], session)[1], session.address


def test_a_session_key_trades_only_for_a_wallet_that_authorised_it() -> None:
    wallet = "0x" + "0a" * 20
    order, signature, session = by_session_key(wallet)
    assert len(bytes.fromhex(signature[2:])) == 480
    known = (wallet, session.lower())
    assert verify_order(order, signature, V3[POLYGON], authorised=lambda *pair: pair == known) == session
    with pytest.raises(BadSignature, match="no authorised session key"):
        verify_order(order, signature, V3[POLYGON])


@pytest.mark.parametrize(("at", "what"), [(31, b"\x01"), (64, b"\x01"), (127, b"\x00"), (447, b"\x01"), (479, b"\x00")])
def test_a_changed_wrapper_is_refused(at: int, what: bytes) -> None:
    order, signature, _ = by_session_key("0x" + "0a" * 20)
    raw = bytes.fromhex(signature[2:])
    forged = raw[:at] + what + raw[at + 1 :]
    with pytest.raises(BadSignature):
        verify_order(order, "0x" + forged.hex(), V3[POLYGON], authorised=lambda *_: True)


def test_a_session_key_of_another_wallet_type_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="deposit wallet"):
        OrderFactory(
            LocalSigner.from_hex(KEY),
            funder="0x" + "0a" * 20,
            signature_type=SignatureType.POLY_GNOSIS_SAFE,
            api_key="k",
            session_key=True,
        )
    with pytest.raises(ValueError, match="only for POLY_1271"):
        sign_order_with_session_key(signed(SignatureType.EOA, V3[POLYGON])[0], V3[POLYGON], LocalSigner.from_hex(KEY))


def test_a_deposit_wallet_of_the_older_form_is_its_owners_too() -> None:
    signer = LocalSigner.from_hex(KEY)
    old = derive_old_deposit(signer.address)
    order = signed(SignatureType.POLY_1271, V3[POLYGON])[0]._replace(maker=old, signer=old)
    signature = sign_order(order, V3[POLYGON], signer)[1]
    assert verify_order(order, signature, V3[POLYGON]) == signer.address


def test_a_changed_trailer_of_a_deposit_wallet_is_named() -> None:
    exchange = V3[POLYGON]
    order, signature, _ = signed(SignatureType.POLY_1271, exchange)
    with pytest.raises(BadSignature, match="appended domain, contents hash or type"):
        verify_order(order, signature[:-4] + "00bb", exchange)


def test_a_signature_with_a_high_s_is_refused() -> None:
    order, signature, _ = signed(SignatureType.EOA, STANDARD[POLYGON])
    raw = bytes.fromhex(signature[2:])
    n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = (n - int.from_bytes(raw[32:64], "big")).to_bytes(32, "big")
    with pytest.raises(BadSignature, match="high s"):
        recover_signer(order_hash(order, STANDARD[POLYGON]), raw[:32] + high + bytes([55 - raw[64]]))


def factory(kind: SignatureType = SignatureType.POLY_1271, funder: str = "") -> OrderFactory:
    signer = LocalSigner.from_hex(KEY)
    return OrderFactory(
        signer, funder=funder or funder_for(signer.address, kind), signature_type=kind, api_key="019a-key"
    )


def terms(**changes: Any) -> OrderTerms:
    fields: dict[str, Any] = {
        "token": CTF_TOKEN,
        "condition": ConditionId(""),
        "side": Side.BUY,
        "limit": Price.parse("0.5"),
        "amounts": Amounts(making=5_000_000, taking=10_000_000),
        "tif": TimeInForce.GTC,
    }
    return OrderTerms(**{**fields, **changes})


def test_post_only_is_sent_only_when_true() -> None:
    build = factory().build
    resting = build(terms(post_only=True), neg_risk=False, salt=1, timestamp_ms=2)
    assert json.loads(resting.body)["postOnly"] is True
    assert "postOnly" not in json.loads(build(terms(), neg_risk=False, salt=1, timestamp_ms=2).body)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"post_only": True, "tif": TimeInForce.FAK}, "post-only order cannot be FAK"),
        ({"expiration_s": 1_795_305_900}, "only a GTD order has an expiration"),
        ({"tif": TimeInForce.GTD}, "expiration_s 0 with GTD"),
        ({"amounts": Amounts(making=0, taking=1)}, "amounts 0 for 1"),
        ({"token": TokenId("0x12")}, "not a decimal uint256"),
        ({"token": TokenId("123")}, "no CTF token"),
    ],
)
def test_terms_the_venue_cannot_express_are_named(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        factory().build(terms(**changes), neg_risk=False, salt=1, timestamp_ms=2)


@pytest.mark.parametrize("salt", [-1, 1 << 53])
def test_a_salt_that_json_would_corrupt_is_refused(salt: int) -> None:
    with pytest.raises(ValueError, match="53 bits"):
        factory().build(terms(), neg_risk=False, salt=salt, timestamp_ms=2)


def test_a_funder_that_is_not_the_signers_is_refused_with_the_right_one() -> None:
    eoa = LocalSigner.from_hex(KEY).address
    with pytest.raises(ValueError, match=r"no POLY_PROXY wallet .* that is 0x365f0CA36Ae1f641E02fE3B7743673da42A13A70"):
        factory(SignatureType.POLY_PROXY, derive_safe(eoa))


def test_the_shape_of_the_id_chooses_the_exchange_before_the_flag() -> None:
    assert exchange_for(V2_TOKEN, neg_risk=True) is V3[POLYGON]
    assert exchange_for(CTF_TOKEN, neg_risk=True) is NEG_RISK[POLYGON]
    assert exchange_for(CTF_TOKEN, neg_risk=False, chain_id=AMOY) is STANDARD[AMOY]
    with pytest.raises(ValueError, match="chain_id 1 is not 137"):
        exchange_for(CTF_TOKEN, neg_risk=False, chain_id=1)
