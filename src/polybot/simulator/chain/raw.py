"""Signed transactions off the wire: legacy (EIP-155), EIP-2930 and EIP-1559."""

from collections.abc import Sequence
from dataclasses import dataclass

from rlp import codec
from rlp.exceptions import RLPException

from polybot.polymarket.contracts import POLYGON
from polybot.polymarket.signing import BadSignature, recover_signer
from polybot.polymarket.typed_data import keccak

LEGACY, ACCESS_LIST, DYNAMIC_FEE = 0, 1, 2
_FIELDS = {LEGACY: 9, ACCESS_LIST: 11, DYNAMIC_FEE: 12}


class BadTransaction(ValueError):
    """The text is what a node says of it."""


@dataclass(frozen=True, slots=True)
class RawTransaction:
    """`gas_price` is the most it pays and `tip` the most of that which is not the base fee, wei per gas; addresses
    lower case."""

    hash: str
    kind: int
    sender: str
    nonce: int
    gas_price: int
    tip: int
    gas: int
    to: str
    value: int
    data: bytes

    @property
    def most_cost(self) -> int:
        return self.gas * self.gas_price + self.value

    def paid_price(self, base_fee: int) -> int:
        return min(self.gas_price, base_fee + self.tip)


def decode_raw(raw: bytes) -> RawTransaction:
    kind = raw[0] if raw and raw[0] < 0x7F else LEGACY
    if kind not in _FIELDS:
        raise BadTransaction("transaction type not supported")
    fields = _fields(raw if kind == LEGACY else raw[1:], count=_FIELDS[kind])
    chain, signed, v = _unsigned(kind, fields)
    if chain != POLYGON:
        raise BadTransaction(f"invalid chain id for signer: have {chain} want {POLYGON}")
    at = {LEGACY: 0, ACCESS_LIST: 1, DYNAMIC_FEE: 1}[kind]
    price_at = at + 2 if kind == DYNAMIC_FEE else at + 1
    gas, to, value, data = fields[price_at + 1 : price_at + 5]
    return RawTransaction(
        hash="0x" + keccak(raw).hex(),
        kind=kind,
        sender=_sender(keccak(signed), v, *fields[-2:]),
        nonce=_number(fields[at]),
        gas_price=_number(fields[price_at]),
        tip=_number(fields[at + 1]),
        gas=_number(gas),
        to="0x" + to.hex(),
        value=_number(value),
        data=data,
    )


def _fields(encoded: bytes, *, count: int) -> list[bytes]:
    try:
        fields = codec.decode(encoded)
    except RLPException as error:
        raise BadTransaction(f"rlp: {error}") from None
    if not isinstance(fields, list) or len(fields) != count:
        raise BadTransaction(f"rlp: a transaction of {count} fields was expected")
    return fields


def _unsigned(kind: int, fields: list[bytes]) -> tuple[int, bytes, int]:
    """Chain id, what was signed, and the parity of the signature."""
    v = _number(fields[-3])
    if kind != LEGACY:
        return _number(fields[0]), bytes([kind]) + _encoded(fields[:-3]), v
    if v < 35:
        raise BadTransaction("only replay-protected (EIP-155) transactions allowed over RPC")
    chain = (v - 35) // 2
    return chain, _encoded([*fields[:6], chain, b"", b""]), (v - 35) % 2


def _encoded(fields: Sequence[bytes | int]) -> bytes:
    encoded: bytes = codec.encode(fields)
    return encoded


def _sender(digest: bytes, parity: int, r: bytes, s: bytes) -> str:
    try:
        return recover_signer(digest, r.rjust(32, b"\0") + s.rjust(32, b"\0") + bytes([27 + parity % 2])).lower()
    except BadSignature:
        raise BadTransaction("invalid sender") from None


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "big")
