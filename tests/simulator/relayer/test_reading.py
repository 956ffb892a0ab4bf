"""Whatever is sent, it is read or refused."""

import contextlib
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polybot.core.ids import Wallet
from polybot.polymarket.contracts import PUSD, SAFE_MULTISEND
from polybot.polymarket.relayer.payloads import SafeTransaction, proxy_data
from polybot.polymarket.signing import BadSignature, LocalSigner
from polybot.ports.wallet import Call as Sent
from polybot.simulator.chain import abi
from polybot.simulator.chain.contracts import Call
from polybot.simulator.relayer import bodies, calls, signatures
from polybot.simulator.rest.replies import Refusal

PROXY, MULTISEND = abi.Function("proxy", "(uint8,address,uint256,bytes)[]"), abi.Function("multiSend", "bytes")
SENT = st.lists(
    st.builds(
        lambda target, value, data: Sent("0x" + target.hex(), data, "", value),
        st.binary(min_size=20, max_size=20),
        st.integers(min_value=0, max_value=2**256 - 1),
        st.binary(max_size=100),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_data_are_calls_or_unreadable(data: bytes) -> None:
    readers: tuple[Callable[[], list[Call]], ...] = (
        lambda: calls.proxied(PROXY.selector + data),
        lambda: calls.proxied(data),
        lambda: calls.of_safe(SAFE_MULTISEND, value=0, data=MULTISEND.selector + data, operation=1),
        lambda: calls.of_safe(SAFE_MULTISEND, value=0, data=MULTISEND.call(data), operation=1),
        lambda: calls.of_safe(PUSD, value=0, data=data, operation=len(data) % 3),
    )
    for read in readers:
        with contextlib.suppress(calls.UnreadableCalls):
            assert isinstance(read(), list)


@settings(max_examples=60, deadline=None)
@given(SENT)
def test_what_clients_pack_is_unpacked(sent: list[Sent]) -> None:
    wanted = [(call.target, call.value, call.data) for call in sent]
    assert [tuple(call) for call in calls.proxied(proxy_data(sent))] == wanted
    signer = LocalSigner.from_hex("11" * 32)
    body = bodies.read_submission(SafeTransaction(Wallet("0x" + "aa" * 20), sent, nonce=0).body(signer, metadata=""))
    assert isinstance(body, bodies.Safe)
    value, operation = int(body.value), int(body.params.operation)
    read = calls.of_safe(body.to, value=value, data=bytes.fromhex(body.data[2:]), operation=operation)
    assert [tuple(call) for call in read] == wanted


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_any_signature_is_somebodys_or_bad(signature: bytes, wrapped: bool) -> None:
    tail = bytes.fromhex("6492") * 16 if wrapped else b""
    try:
        signer = signatures.batch_signer(PUSD, nonce=0, deadline_s=1, calls=[], signature=signature + tail)
    except BadSignature:
        return
    assert len(signer) == 42


@settings(max_examples=60, deadline=None)
@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)))
def test_any_other_json_is_refused(value: object) -> None:
    for body in (value, {"type": "WALLET", "from": value}, {"type": value}):
        try:
            raw = msgspec.json.encode(body)
        except OverflowError:
            continue
        with pytest.raises(Refusal):
            bodies.read_submission(raw)
