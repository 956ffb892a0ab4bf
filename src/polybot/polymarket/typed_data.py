"""EIP-712 in packed 32-byte words, and Ethereum's hash."""

from functools import lru_cache

import sha3

_DOMAIN = b"EIP712Domain(string name,string version,uint256 chainId"


def keccak(data: bytes) -> bytes:
    digest: bytes = sha3.keccak_256(data).digest()
    return digest


def word(number: int) -> bytes:
    """uint256; OverflowError if it is negative or does not fit."""
    return number.to_bytes(32, "big")


@lru_cache(maxsize=4096)
def address_bytes(address: str) -> bytes:
    """The 20 bytes of 0x + 40 hex digits; ValueError otherwise."""
    raw = bytes.fromhex(address[2:]) if address.startswith("0x") else b""
    if len(raw) != 20:
        raise ValueError(f"{address!r} is not an address (0x and 40 hex digits)")
    return raw


@lru_cache(maxsize=4096)
def address_word(address: str) -> bytes:
    """An address as an ABI word."""
    return bytes(12) + address_bytes(address)


def domain_separator(*, name: str, version: str, chain_id: int, contract: str | None = None) -> bytes:
    """Hash of the signing domain; the field `verifyingContract` is left out where there is no contract."""
    kind = keccak(_DOMAIN + (b",address verifyingContract)" if contract else b")"))
    fields = kind + keccak(name.encode()) + keccak(version.encode()) + word(chain_id)
    return keccak(fields + (address_word(contract) if contract else b""))


def typed_digest(domain: bytes, struct_hash: bytes) -> bytes:
    """What is signed: both arguments are 32-byte hashes."""
    return keccak(b"\x19\x01" + domain + struct_hash)
