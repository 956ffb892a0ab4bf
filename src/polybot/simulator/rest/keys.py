"""Credentials the venue gave out: who may speak for which signing address, and how far."""

import base64
import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class KeyKind(StrEnum):
    """TRADING signs each request; READ_ONLY is named in clear and only reads. BUILDER signs requests to the
    relayer, where RELAYER is named in clear."""

    TRADING = "trading"
    READ_ONLY = "read_only"
    BUILDER = "builder"
    RELAYER = "relayer"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`address` is the signing EOA, lower case; secrets are never printed."""

    address: str
    nonce: int
    key: str
    secret: str = field(repr=False)
    passphrase: str = field(repr=False)
    kind: KeyKind = KeyKind.TRADING


class KeyExists(ValueError):
    """A key was created for this address and nonce before."""


class ApiKeys:
    """Deterministic: an address and nonce get the same key in every run with the same seed.

    Whether the venue makes a key again for a nonce whose key was deleted is not known. `reborn`: it does, and
    the key is the old one; otherwise the nonce is spent.
    """

    def __init__(self, *, seed: int, reborn: bool = True) -> None:
        self._seed = seed
        self._reborn = reborn
        self._by_owner: dict[tuple[str, int], ApiKey] = {}
        self._by_key: dict[str, ApiKey] = {}
        self._first: dict[str, str] = {}
        self._spent: set[tuple[str, int]] = set()
        self._minted = 0

    def create(self, address: str, *, nonce: int) -> ApiKey:
        """KeyExists if there is one already, or the nonce is spent."""
        owner = (address.lower(), nonce)
        if owner in self._by_owner or owner in self._spent:
            raise KeyExists
        made = self._make(*owner)
        self._by_owner[owner] = self._by_key[made.key] = made
        self._first.setdefault(owner[0], made.key)
        return made

    def derive(self, address: str, *, nonce: int) -> ApiKey | None:
        return self._by_owner.get((address.lower(), nonce))

    def mint(self, address: str, kind: KeyKind) -> ApiKey:
        """Another key of this kind, as many as one asks for."""
        self._minted += 1
        made = self._make(address.lower(), self._minted, kind)
        self._by_key[made.key] = made
        return made

    def find(self, key: str, kind: KeyKind = KeyKind.TRADING) -> ApiKey | None:
        found = self._by_key.get(key)
        return found if found and found.kind is kind else None

    def of(self, address: str, kind: KeyKind = KeyKind.TRADING) -> list[ApiKey]:
        return [key for key in self._of_kind(kind) if key.address == address.lower()]

    def label(self, address: str) -> str:
        """The key an order of this address shows as its owner; before one is created, the one it would get."""
        owned = self._first.get(address)
        if owned is None:
            owned = self._first[address] = self._make(address, 0).key
        return owned

    def delete(self, key: ApiKey) -> None:
        self._by_key.pop(key.key, None)
        if key.kind is KeyKind.TRADING:
            self._by_owner.pop((key.address, key.nonce), None)
            if not self._reborn:
                self._spent.add((key.address, key.nonce))

    def _of_kind(self, kind: KeyKind) -> Iterator[ApiKey]:
        return (key for key in self._by_key.values() if key.kind is kind)

    def _make(self, address: str, nonce: int, kind: KeyKind = KeyKind.TRADING) -> ApiKey:
        salt = "" if kind is KeyKind.TRADING else f":{kind}"
        raw = b"".join(
            hashlib.blake2b(f"{self._seed}:{address}:{nonce}:{part}{salt}".encode(), digest_size=32).digest()
            for part in range(3)
        )
        return ApiKey(
            address=address,
            nonce=nonce,
            key=str(uuid.UUID(bytes=raw[:16], version=4)),
            secret=base64.urlsafe_b64encode(raw[32:64]).decode(),
            passphrase=raw[64:96].hex(),
            kind=kind,
        )
