"""Session keys: second keys of a deposit wallet, and the wrapper that tells the wallet which of them signed.

Layout of the official Python client 0.14.0: abi.encode(bytes32 signer, bytes32 0, bytes signature), then ERC-6492's
magic word.
"""

from polybot.core.ids import Wallet
from polybot.polymarket.signing import BadSignature
from polybot.polymarket.typed_data import address_word, word

_MAGIC = bytes.fromhex("6492") * 16
_HEAD_WORDS = 4
"""Signer, zero, the offset of the signature, its length."""


def wrap(session_key: str, signature: bytes) -> bytes:
    """`signature` as made by the address `session_key` for its wallet."""
    padding = bytes(-len(signature) % 32)
    head = address_word(session_key) + bytes(32) + word(3 * 32) + word(len(signature))
    return head + signature + padding + _MAGIC


def is_wrapped(signature: bytes) -> bool:
    return signature.endswith(_MAGIC)


def unwrap(wrapped: bytes) -> tuple[Wallet, bytes]:
    """The address that is said to have signed, and its signature; BadSignature unless it is exactly our form."""
    length = int.from_bytes(wrapped[3 * 32 : _HEAD_WORDS * 32], "big")
    session_key = Wallet("0x" + wrapped[12:32].hex())
    signature = wrapped[_HEAD_WORDS * 32 : _HEAD_WORDS * 32 + min(length, len(wrapped))]
    if len(wrapped) < (_HEAD_WORDS + 1) * 32 or wrap(session_key, signature) != wrapped:
        raise BadSignature("a session key's signature is not wrapped as the wallet expects")
    return session_key, signature
