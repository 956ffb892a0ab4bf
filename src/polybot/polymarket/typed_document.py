"""EIP-712 documents as data: what a person is shown is, by construction, what is signed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from polybot.polymarket.typed_data import address_word, keccak, typed_digest, word

Fields: TypeAlias = tuple[tuple[str, str], ...]
"""(type, name) of each member of a struct."""

_DOMAIN_FIELDS: Fields = (
    ("string", "name"),
    ("string", "version"),
    ("uint256", "chainId"),
    ("address", "verifyingContract"),
)


@dataclass(frozen=True, slots=True)
class TypedDocument:
    """`types` are the structs by name; `message` is a `primary`. Members: address, uint<n>, string, bytes, structs,
    and lists of these. ValueError where a value does not fit."""

    domain: Mapping[str, Any]
    types: Mapping[str, Fields]
    primary: str
    message: Mapping[str, Any]

    def digest(self) -> bytes:
        domain_type = tuple(field for field in _DOMAIN_FIELDS if field[1] in self.domain)
        domain = _struct_hash("EIP712Domain", self.domain, {"EIP712Domain": domain_type})
        return typed_digest(domain, _struct_hash(self.primary, self.message, self.types))

    def shown(self) -> dict[str, object]:
        """As wallets show it: JSON values, numbers as text, bytes as 0x-hex."""
        types = {name: [{"name": n, "type": t} for t, n in fields] for name, fields in self.types.items()}
        return {
            "domain": _plain(self.domain),
            "types": types,
            "primaryType": self.primary,
            "message": _plain(self.message),
        }


def _struct_hash(kind: str, value: Mapping[str, Any], types: Mapping[str, Fields]) -> bytes:
    words = (_encoded(member, value[name], types) for member, name in types[kind])
    return keccak(keccak(_type_text(kind, types).encode()) + b"".join(words))


def _encoded(kind: str, value: Any, types: Mapping[str, Fields]) -> bytes:  # noqa: ANN401 - as the document says
    if kind.endswith("[]"):
        return keccak(b"".join(_encoded(kind[:-2], item, types) for item in value))
    if kind in types:
        return _struct_hash(kind, value, types)
    if kind in ("string", "bytes"):
        return keccak(value.encode() if kind == "string" else value)
    return address_word(value) if kind == "address" else _number(kind, value)


def _number(kind: str, value: Any) -> bytes:  # noqa: ANN401 - as the document says
    if kind.startswith("uint") and 0 <= value < 1 << int(kind[4:]):
        return word(value)
    raise ValueError(f"{value!r} is no {kind}")


def _type_text(kind: str, types: Mapping[str, Fields]) -> str:
    """The struct's own type, then those it uses by name."""
    used = sorted(set(_used(kind, types)) - {kind})
    return "".join(f"{name}({','.join(f'{t} {n}' for t, n in types[name])})" for name in (kind, *used))


def _used(kind: str, types: Mapping[str, Fields]) -> Iterator[str]:
    yield kind
    for member, _ in types[kind]:
        inner = member.removesuffix("[]")
        if inner in types:
            yield from _used(inner, types)


def _plain(value: object) -> object:
    match value:
        case bytes():
            return "0x" + value.hex()
        case bool() | str():
            return value
        case int():
            return str(value)
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case Sequence():
            return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")
