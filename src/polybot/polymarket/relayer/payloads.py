"""What the owner's key signs for each kind of wallet, and the bodies of POST /submit (official Python client 0.14.0).

Each payload is for one nonce: however often it is submitted, it can happen once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import msgspec

from polybot.core.ids import Wallet
from polybot.polymarket import session_keys
from polybot.polymarket.abi import call_data
from polybot.polymarket.contracts import DEPOSIT_FACTORY, POLYGON, PROXY_FACTORY, RELAY_HUB, SAFE_MULTISEND
from polybot.polymarket.typed_data import address_bytes, keccak, word
from polybot.polymarket.typed_document import TypedDocument
from polybot.polymarket.wallets import checksum
from polybot.ports.signer import Signer
from polybot.ports.wallet import Call

METADATA_LENGTH = 500
_ZERO_ADDRESS = "0x" + "0" * 40
_CALL_BY_PROXY = 1
_SAFE_CALL, _SAFE_DELEGATE_CALL = 0, 1

_BATCH_TYPES = {
    "Batch": (("address", "wallet"), ("uint256", "nonce"), ("uint256", "deadline"), ("Call[]", "calls")),
    "Call": (("address", "target"), ("uint256", "value"), ("bytes", "data")),
}
_SAFE_TYPES = {
    "SafeTx": (
        ("address", "to"),
        ("uint256", "value"),
        ("bytes", "data"),
        ("uint8", "operation"),
        ("uint256", "safeTxGas"),
        ("uint256", "baseGas"),
        ("uint256", "gasPrice"),
        ("address", "gasToken"),
        ("address", "refundReceiver"),
        ("uint256", "nonce"),
    )
}


class Payload(Protocol):
    """Calls of one wallet under one nonce."""

    kind: ClassVar[str]
    """The relayer's name for this kind of transaction."""

    @property
    def nonce(self) -> int: ...

    def shown(self) -> Mapping[str, object]:
        """Exactly what will be signed, as JSON values."""
        ...

    def body(self, signer: Signer, *, metadata: str) -> bytes:
        """Signs, and returns the body of POST /submit."""
        ...


@dataclass(frozen=True, slots=True)
class DepositBatch:
    """Calls of a deposit wallet, signed by its owner or (`by_session_key`) by a key that it has authorised."""

    kind: ClassVar[str] = "WALLET"
    wallet: Wallet
    calls: Sequence[Call]
    nonce: int
    deadline_s: int
    by_session_key: bool = False

    def shown(self) -> Mapping[str, object]:
        return self._document().shown()

    def signature(self, signer: Signer) -> str:
        signature = signer.sign(self._document().digest())
        return "0x" + (session_keys.wrap(signer.address, signature) if self.by_session_key else signature).hex()

    def body(self, signer: Signer, *, metadata: str) -> bytes:
        calls = [{"target": c.target, "value": str(c.value), "data": _hex(c.data)} for c in self.calls]
        return _json(
            {
                "type": self.kind,
                "from": signer.address,
                "to": DEPOSIT_FACTORY,
                "nonce": str(self.nonce),
                "signature": self.signature(signer),
                "metadata": _checked(metadata),
                "depositWalletParams": {
                    "depositWallet": checksum(self.wallet),
                    "deadline": str(self.deadline_s),
                    "calls": calls,
                },
            }
        )

    def _document(self) -> TypedDocument:
        wallet = checksum(self.wallet)
        calls = [{"target": c.target, "value": c.value, "data": c.data} for c in self.calls]
        return TypedDocument(
            domain={"name": "DepositWallet", "version": "1", "chainId": POLYGON, "verifyingContract": wallet},
            types=_BATCH_TYPES,
            primary="Batch",
            message={"wallet": wallet, "nonce": self.nonce, "deadline": self.deadline_s, "calls": calls},
        )


@dataclass(frozen=True, slots=True)
class ProxyCalls:
    """Calls of a proxy wallet through Polymarket's relay hub; `relay` is the address that will carry them."""

    kind: ClassVar[str] = "PROXY"
    owner: str
    wallet: Wallet
    calls: Sequence[Call]
    nonce: int
    relay: str
    gas_limit: int

    def shown(self) -> Mapping[str, object]:
        return {
            "message": "personal_sign of hash: keccak256 of rlx: and, in this order, the values below",
            "from": self.owner,
            "to": PROXY_FACTORY,
            "data": _hex(self.data),
            "relayerFee": "0",
            "gasPrice": "0",
            "gasLimit": str(self.gas_limit),
            "nonce": str(self.nonce),
            "relayHub": RELAY_HUB,
            "relay": self.relay,
            "hash": _hex(self._hash()),
        }

    @property
    def data(self) -> bytes:
        return proxy_data(self.calls)

    def body(self, signer: Signer, *, metadata: str) -> bytes:
        return _json(
            {
                "type": self.kind,
                "from": signer.address,
                "to": PROXY_FACTORY,
                "proxyWallet": checksum(self.wallet),
                "data": _hex(self.data),
                "nonce": str(self.nonce),
                "signature": _hex(signer.sign(_personal(self._hash()))),
                "metadata": _checked(metadata),
                "signatureParams": {
                    "gasLimit": str(self.gas_limit),
                    "gasPrice": "0",
                    "relay": self.relay,
                    "relayHub": RELAY_HUB,
                    "relayerFee": "0",
                },
            }
        )

    def _hash(self) -> bytes:
        numbers = word(0) + word(0) + word(self.gas_limit) + word(self.nonce)
        ends = address_bytes(self.owner) + address_bytes(PROXY_FACTORY)
        return keccak(b"rlx:" + ends + self.data + numbers + address_bytes(RELAY_HUB) + address_bytes(self.relay))


@dataclass(frozen=True, slots=True)
class SafeTransaction:
    """Calls of a 1-of-1 Gnosis Safe; several go through its MultiSend, all or none."""

    kind: ClassVar[str] = "SAFE"
    wallet: Wallet
    calls: Sequence[Call]
    nonce: int

    def shown(self) -> Mapping[str, object]:
        return self._document().shown()

    def body(self, signer: Signer, *, metadata: str) -> bytes:
        inner = self._inner()
        signature = signer.sign(_personal(self._document().digest()))
        packed = signature[:64] + bytes([signature[64] + 4])  # tells the Safe that the personal prefix was used
        body = {
            "type": self.kind,
            "from": signer.address,
            "to": inner.target,
            "proxyWallet": checksum(self.wallet),
            "data": _hex(inner.data),
            "nonce": str(self.nonce),
            "signature": _hex(packed),
            "metadata": _checked(metadata),
            "signatureParams": {
                "baseGas": "0",
                "gasPrice": "0",
                "gasToken": _ZERO_ADDRESS,
                "operation": str(self._operation),
                "refundReceiver": _ZERO_ADDRESS,
                "safeTxnGas": "0",
            },
        }
        return _json(body | ({"value": str(inner.value)} if inner.value else {}))

    @property
    def _operation(self) -> int:
        return _SAFE_CALL if len(self.calls) == 1 else _SAFE_DELEGATE_CALL

    def _inner(self) -> Call:
        if len(self.calls) == 1:
            return self.calls[0]
        packed = b"".join(
            b"\0" + address_bytes(c.target) + word(c.value) + word(len(c.data)) + c.data for c in self.calls
        )
        return Call(SAFE_MULTISEND, call_data("multiSend(bytes)", packed), "all of these, or none")

    def _document(self) -> TypedDocument:
        inner = self._inner()
        zeros: dict[str, Any] = {"safeTxGas": 0, "baseGas": 0, "gasPrice": 0}
        zeros |= {"gasToken": _ZERO_ADDRESS, "refundReceiver": _ZERO_ADDRESS}
        what = {"to": inner.target, "value": inner.value, "data": inner.data, "operation": self._operation}
        return TypedDocument(
            domain={"chainId": POLYGON, "verifyingContract": checksum(self.wallet)},
            types=_SAFE_TYPES,
            primary="SafeTx",
            message={**what, **zeros, "nonce": self.nonce},
        )


def proxy_data(calls: Sequence[Call]) -> bytes:
    """Calldata for the proxy factory, which passes the calls on to the caller's proxy."""
    inner = [(_CALL_BY_PROXY, call.target, call.value, call.data) for call in calls]
    return call_data("proxy((uint8,address,uint256,bytes)[])", inner)


def wallet_creation(owner: str) -> bytes:
    """The body that asks the relayer to deploy a deposit wallet; needs no signature."""
    return _json({"type": "WALLET-CREATE", "from": owner, "to": DEPOSIT_FACTORY, "metadata": ""})


def _personal(digest: bytes) -> bytes:
    """Ethereum's personal message around 32 bytes."""
    return keccak(b"\x19Ethereum Signed Message:\n32" + digest)


def _checked(metadata: str) -> str:
    if len(metadata) > METADATA_LENGTH:
        raise ValueError(f"metadata of {len(metadata)} characters: the relayer takes {METADATA_LENGTH}")
    return metadata


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _json(body: Mapping[str, object]) -> bytes:
    return msgspec.json.encode(body)
