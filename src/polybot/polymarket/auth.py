"""Proving who asks: L1 (a signature of the EOA) for API keys, L2 (HMAC with an API key) for everything private.

Header names as both official clients send them. The query string is never signed, the body byte for byte.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from polybot.polymarket.signing import BadSignature, recover_signer
from polybot.polymarket.typed_data import address_word, domain_separator, keccak, typed_digest, word
from polybot.polymarket.wallets import checksum
from polybot.ports.signer import Signer

_AUTH_TYPE = keccak(b"ClobAuth(address address,string timestamp,uint256 nonce,string message)")
_MESSAGE = keccak(b"This message attests that I control the given wallet")
SKEW_S = 60
"""How much skew the venue allows is not documented; this is our assumption."""


class AuthFailed(ValueError):
    """A request that does not prove who sends it; the text says why and shows no secret."""


@dataclass(frozen=True, slots=True)
class ApiCredentials:
    """An API key of one EOA. `secret` is base64url; ValueError if it is not."""

    key: str
    secret: str = field(repr=False)
    passphrase: str = field(repr=False)

    def __post_init__(self) -> None:
        if _decode_secret(self.secret) is None:
            raise ValueError("API secret: not base64url text; copy it again or derive the credentials anew")


def l1_headers(signer: Signer, *, chain_id: int, timestamp_s: int, nonce: int = 0) -> dict[str, str]:
    """Headers of POST /auth/api-key and GET /auth/derive-api-key."""
    digest = _l1_digest(signer.address, chain_id=chain_id, timestamp=str(timestamp_s), nonce=nonce)
    return {
        "POLY_ADDRESS": signer.address,
        "POLY_SIGNATURE": "0x" + signer.sign(digest).hex(),
        "POLY_TIMESTAMP": str(timestamp_s),
        "POLY_NONCE": str(nonce),
    }


class L2Auth:
    """Signs private requests of one API key. `address` is the EOA that owns the key, never a wallet."""

    __slots__ = ("_address", "_credentials", "_keyed")

    def __init__(self, address: str, credentials: ApiCredentials) -> None:
        self._address = checksum(address)
        self._credentials = credentials
        self._keyed = hmac.new(_decode_secret(credentials.secret) or b"", digestmod="sha256")

    def headers(self, *, method: str, path: str, body: bytes = b"", timestamp_s: int) -> dict[str, str]:
        """`path` without host and query; `body` the exact bytes sent."""
        return {
            "POLY_ADDRESS": self._address,
            "POLY_API_KEY": self._credentials.key,
            "POLY_PASSPHRASE": self._credentials.passphrase,
            "POLY_SIGNATURE": self._signature(f"{timestamp_s}{method}{path}".encode() + body),
            "POLY_TIMESTAMP": str(timestamp_s),
        }

    def verify(
        self, headers: Mapping[str, str], *, method: str, path: str, body: bytes, now_s: int, skew_s: int = SKEW_S
    ) -> None:
        """The venue's side of `headers`: AuthFailed unless they prove this key and are fresh."""
        timestamp = _fresh_timestamp(headers, now_s, skew_s)
        expected = {
            "POLY_API_KEY": self._credentials.key,
            "POLY_PASSPHRASE": self._credentials.passphrase,
            "POLY_SIGNATURE": self._signature(f"{timestamp}{method}{path}".encode() + body),
        }
        if headers.get("POLY_ADDRESS", "").lower() != self._address.lower():
            raise AuthFailed("POLY_ADDRESS is not the signing EOA that owns the API key")
        for name, value in expected.items():
            if not hmac.compare_digest(headers.get(name, "").encode(), value.encode()):
                raise AuthFailed(f"{name} is missing or wrong")

    def _signature(self, message: bytes) -> str:
        mac = self._keyed.copy()
        mac.update(message)
        return base64.urlsafe_b64encode(mac.digest()).decode()


def verify_l1(headers: Mapping[str, str], *, chain_id: int, now_s: int, skew_s: int = SKEW_S) -> tuple[str, int]:
    """The venue's side of `l1_headers`: the proven EOA (checksum) and the nonce; AuthFailed otherwise."""
    timestamp = _fresh_timestamp(headers, now_s, skew_s)
    nonce = headers.get("POLY_NONCE", "0")
    if not (nonce.isascii() and nonce.isdigit()):
        raise AuthFailed("POLY_NONCE is not a decimal number")
    try:
        address = checksum(headers.get("POLY_ADDRESS", ""))
        signature = bytes.fromhex(headers.get("POLY_SIGNATURE", "").removeprefix("0x"))
        digest = _l1_digest(address, chain_id=chain_id, timestamp=timestamp, nonce=int(nonce))
        signed_by = recover_signer(digest, signature)
    except (BadSignature, ValueError, OverflowError) as error:
        raise AuthFailed(f"L1 headers: {error}") from None
    if signed_by != address:
        raise AuthFailed(f"POLY_SIGNATURE is by {signed_by}, not by POLY_ADDRESS {address}")
    return address, int(nonce)


def _l1_digest(address: str, *, chain_id: int, timestamp: str, nonce: int) -> bytes:
    domain = domain_separator(name="ClobAuthDomain", version="1", chain_id=chain_id)
    fields = _AUTH_TYPE + address_word(address) + keccak(timestamp.encode()) + word(nonce) + _MESSAGE
    return typed_digest(domain, keccak(fields))


def _fresh_timestamp(headers: Mapping[str, str], now_s: int, skew_s: int) -> str:
    text = headers.get("POLY_TIMESTAMP", "")
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise AuthFailed("POLY_TIMESTAMP is not Unix seconds")
    if abs(int(text) - now_s) > skew_s:
        raise AuthFailed(f"POLY_TIMESTAMP {text} is more than {skew_s} s from the venue's {now_s}: set the clock")
    return text


def _decode_secret(secret: str) -> bytes | None:
    """The HMAC key, padding added where it is missing; None if the text is not base64url."""
    try:
        key = base64.b64decode(secret + "=" * (-len(secret) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return key or None
