"""From bytes to a struct, or a failure that names the endpoint and the field."""

from typing import TypeVar

import msgspec

from polybot.polymarket.errors import Failure, FailureKind, RequestFailed

T = TypeVar("T")


def decode(body: bytes, shape: type[T], *, endpoint: str) -> T:
    """RequestFailed (garbage) if the body is not JSON of this shape."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        failure = Failure("maybe", FailureKind.GARBAGE, "unexpected_shape", f"{error} (expected {shape})", status=200)
        raise RequestFailed(endpoint, failure) from None
