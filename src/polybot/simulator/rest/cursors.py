"""The Data API's page cursors: signed, opaque, bound to the list that issued them. Pure."""

import base64
import hashlib
import hmac
from typing import TypeVar

import msgspec

P = TypeVar("P", bound="CursorParams")


class CursorParams(msgspec.Struct, frozen=True):
    """What a cursor remembers, in the order in which it is written."""


class FeedCursor(CursorParams, frozen=True):
    """Page size, the last row's second and sequence, direction (1 ascending, 2 descending). No filters."""

    l: int  # noqa: E741  the venue's name
    ts: int
    sq: str
    d: int


class PositionsCursor(CursorParams, frozen=True, omit_defaults=True):
    """Page size, the last row's sort key and token; and the query it is bound to: anchor (u user, c condition) and
    its value, status, sort and direction."""

    l: int  # noqa: E741  the venue's name
    d: int
    k: str
    t: str
    a: str
    av: str
    st: str
    s: str
    dir: str
    w: str = ""
    """The last row's wallet, where the anchor is a condition."""


class BoardCursor(CursorParams, frozen=True, omit_defaults=True):
    """Page size and the number of rows before; and what the board was asked for."""

    l: int  # noqa: E741  the venue's name
    o: int
    s: str = ""
    t: str = ""
    c: str = ""


class Signed(msgspec.Struct, forbid_unknown_fields=True):
    data: msgspec.Raw
    sig: str


class Named(msgspec.Struct):
    type: str
    params: msgspec.Raw


def seal(kind: str, params: CursorParams, *, secret: bytes) -> str:
    """Unpadded base64url of {"data": {"type", "params"}, "sig"}."""
    data = msgspec.json.encode(Named(kind, msgspec.Raw(msgspec.json.encode(params))))
    sealed = msgspec.json.encode(Signed(msgspec.Raw(data), _signature(data, secret)))
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def unseal(cursor: str, shape: type[P], *, kind: str, secret: bytes) -> P:
    """The parameters sealed in. ValueError if the cursor is damaged, forged or another list's."""
    try:
        signed = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=Signed)
        named = msgspec.json.decode(signed.data, type=Named)
        params = msgspec.json.decode(named.params, type=shape)
    except ValueError:  # base64's, JSON's and msgspec's errors all are
        raise ValueError("invalid cursor") from None
    if named.type != kind or not hmac.compare_digest(
        signed.sig.encode(), _signature(bytes(signed.data), secret).encode()
    ):
        raise ValueError("invalid cursor")
    if seal(kind, params, secret=secret) != cursor:
        raise ValueError("invalid cursor")
    return params


def _signature(data: bytes, secret: bytes) -> str:
    return hmac.new(secret, data, hashlib.sha256).hexdigest()[:32]
