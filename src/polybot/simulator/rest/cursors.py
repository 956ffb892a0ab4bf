"""The Data API's page cursors: signed, opaque, bound to the feed that issued them. Pure."""

import base64
import hashlib
import hmac
from typing import Any

import msgspec


class Signed(msgspec.Struct):
    data: msgspec.Raw
    sig: str


class Named(msgspec.Struct):
    type: str
    params: dict[str, Any]


def seal(kind: str, params: dict[str, Any], *, secret: bytes) -> str:
    """Unpadded base64url of {"data": {"type", "params"}, "sig"}."""
    data = msgspec.json.encode(Named(kind, params))
    sealed = msgspec.json.encode(Signed(msgspec.Raw(data), _signature(data, secret)))
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def unseal(cursor: str, *, kind: str, secret: bytes) -> dict[str, Any]:
    """The parameters sealed in. ValueError if the cursor is damaged, forged or another feed's."""
    try:
        signed = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=Signed)
        named = msgspec.json.decode(signed.data, type=Named)
    except ValueError:  # base64's, JSON's and msgspec's errors all are
        raise ValueError("invalid cursor") from None
    if named.type != kind or not hmac.compare_digest(signed.sig, _signature(bytes(signed.data), secret)):
        raise ValueError("invalid cursor")
    return named.params


def _signature(data: bytes, secret: bytes) -> str:
    return hmac.new(secret, data, hashlib.sha256).hexdigest()[:32]
