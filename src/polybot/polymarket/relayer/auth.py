"""Who asks the relayer: a builder key (HMAC) or a relayer key (static headers)."""

from collections.abc import Mapping
from typing import Protocol

from polybot.polymarket.auth import ApiCredentials, L2Auth

_NOBODY = "0x" + "0" * 40


class RelayerAuth(Protocol):
    def headers(self, *, method: str, path: str, body: bytes, timestamp_s: int) -> Mapping[str, str]:
        """`path` without host and query; `body` the exact bytes sent."""
        ...


class BuilderAuth:
    """The recipe of L2 under a builder's header names; no address."""

    __slots__ = ("_l2",)

    def __init__(self, credentials: ApiCredentials) -> None:
        self._l2 = L2Auth(_NOBODY, credentials)

    def headers(self, *, method: str, path: str, body: bytes, timestamp_s: int) -> Mapping[str, str]:
        signed = self._l2.headers(method=method, path=path, body=body, timestamp_s=timestamp_s)
        del signed["POLY_ADDRESS"]
        return {name.replace("POLY_", "POLY_BUILDER_"): value for name, value in signed.items()}


class RelayerKeyAuth:
    """`address` is the EOA that the relayer key was made for."""

    __slots__ = ("_headers",)

    def __init__(self, key: str, *, address: str) -> None:
        self._headers = {"RELAYER_API_KEY": key, "RELAYER_API_KEY_ADDRESS": address}

    def headers(self, *, method: str, path: str, body: bytes, timestamp_s: int) -> Mapping[str, str]:
        del method, path, body, timestamp_s
        return self._headers
