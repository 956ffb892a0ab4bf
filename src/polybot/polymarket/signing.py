"""Signing with a local key, and recovering who signed. libsecp256k1 does the curve."""

import re
from typing import NoReturn, Self, SupportsIndex

from coincurve import PrivateKey, PublicKey

from polybot.polymarket.typed_data import keccak
from polybot.polymarket.wallets import checksum

_KEY = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1


class BadSignature(ValueError):
    """A signature that does not prove what it should; the text says what is wrong with it."""


class LocalSigner:
    """The `Signer` port over a key in memory. Shows its address, never its key; cannot be copied or pickled."""

    __slots__ = ("_sign", "address")

    def __init__(self, key: PrivateKey) -> None:
        self._sign = key.sign_recoverable
        self.address = _address_of(key.public_key)

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """From 64 hex digits, with or without 0x. The ValueError says what is wrong, never what was given."""
        found = _KEY.fullmatch(text.strip())
        length = len(text.strip())
        del text  # a traceback that prints local variables must not print the key
        if found is None:
            raise ValueError(f"private key: not 64 hex digits with or without 0x (got {length} characters)")
        if not 0 < int(found[1], 16) < _ORDER:
            del found
            raise ValueError("private key: zero or not below the order of secp256k1; no wallet has such a key")
        return cls(PrivateKey(bytes.fromhex(found[1])))

    def sign(self, digest: bytes) -> bytes:
        """65 bytes r, s, v (27 or 28) over a 32-byte digest; deterministic (RFC 6979)."""
        compact = self._sign(digest, hasher=None)
        return compact[:64] + (b"\x1c" if compact[64] else b"\x1b")

    def __repr__(self) -> str:
        return f"LocalSigner({self.address})"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a signer holds a key: it cannot be copied or pickled")


def recover_signer(digest: bytes, signature: bytes) -> str:
    """The checksum address whose key made the 65-byte signature (low s, v 27 or 28); BadSignature if none did."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        raise BadSignature("signature is not 65 bytes r, s, v with v 27 or 28")
    if int.from_bytes(signature[32:64], "big") > _ORDER // 2:
        raise BadSignature("signature has a high s: not the canonical form")
    compact = signature[:64] + bytes([signature[64] - 27])
    try:
        return _address_of(PublicKey.from_signature_and_message(compact, digest, hasher=None))
    except ValueError:
        raise BadSignature("signature recovers to no key") from None


def _address_of(key: PublicKey) -> str:
    return checksum("0x" + keccak(key.format(compressed=False)[1:])[12:].hex())
