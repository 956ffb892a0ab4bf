"""The one thing that touches the private key."""

from typing import Protocol


class Signer(Protocol):
    """Holds a key and shows only what it may: its address and signatures. Never printable."""

    @property
    def address(self) -> str:
        """EIP-55 checksum address of the key (the signing EOA)."""
        ...

    def sign(self, digest: bytes) -> bytes:
        """65 bytes r, s, v (27 or 28) over a 32-byte digest; deterministic (RFC 6979)."""
        ...
