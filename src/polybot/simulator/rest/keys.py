"""API keys of the CLOB: who may speak for which signing address."""

import base64
import hashlib
import uuid
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`address` is the signing EOA, lower case; secrets are never printed."""

    address: str
    nonce: int
    key: str
    secret: str = field(repr=False)
    passphrase: str = field(repr=False)


class KeyExists(ValueError):
    """A key was created for this address and nonce before."""


class ApiKeys:
    """Deterministic: an address and nonce get the same key in every run with the same seed."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self._by_owner: dict[tuple[str, int], ApiKey] = {}
        self._by_key: dict[str, ApiKey] = {}
        self._first: dict[str, str] = {}

    def create(self, address: str, *, nonce: int) -> ApiKey:
        """KeyExists if there is one already."""
        owner = (address.lower(), nonce)
        if owner in self._by_owner:
            raise KeyExists
        made = self._make(*owner)
        self._by_owner[owner] = self._by_key[made.key] = made
        self._first.setdefault(owner[0], made.key)
        return made

    def derive(self, address: str, *, nonce: int) -> ApiKey | None:
        return self._by_owner.get((address.lower(), nonce))

    def find(self, key: str) -> ApiKey | None:
        return self._by_key.get(key)

    def of(self, address: str) -> list[ApiKey]:
        return [key for key in self._by_key.values() if key.address == address.lower()]

    def label(self, address: str) -> str:
        """The key an order of this address shows as its owner; before one is created, the one it would get."""
        owned = self._first.get(address)
        if owned is None:
            owned = self._first[address] = self._make(address, 0).key
        return owned

    def delete(self, key: ApiKey) -> None:
        self._by_key.pop(key.key, None)
        self._by_owner.pop((key.address, key.nonce), None)

    def _make(self, address: str, nonce: int) -> ApiKey:
        raw = b"".join(
            hashlib.blake2b(f"{self._seed}:{address}:{nonce}:{part}".encode(), digest_size=32).digest()
            for part in range(3)
        )
        return ApiKey(
            address=address,
            nonce=nonce,
            key=str(uuid.UUID(bytes=raw[:16], version=4)),
            secret=base64.urlsafe_b64encode(raw[32:64]).decode(),
            passphrase=raw[64:96].hex(),
        )
