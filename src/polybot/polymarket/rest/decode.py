"""From bytes to a struct, or a failure that names the endpoint and the field."""

from decimal import Decimal
from typing import TypeVar

import msgspec

from polybot.core.money import Price, Ratio, Shares
from polybot.polymarket.errors import Failure, FailureKind, RequestFailed, UnexpectedShape

T = TypeVar("T")
Micro = TypeVar("Micro", Price, Ratio, Shares)

_ABSURD = 10**12


def decode(body: bytes, shape: type[T], *, endpoint: str) -> T:
    """RequestFailed (garbage) if the body is not JSON of this shape."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        failure = Failure("maybe", FailureKind.GARBAGE, "unexpected_shape", f"{error} (expected {shape})", status=200)
        raise RequestFailed(endpoint, failure) from None


def exact(kind: type[Micro], value: Decimal, *, field: str) -> Micro:
    """UnexpectedShape if it is finer than a micro-unit or no finite number."""
    if not value.is_finite() or not -_ABSURD < value < _ABSURD:
        raise UnexpectedShape(f"{field}: {value} is no usable number")
    try:
        return kind.parse(str(value))
    except ValueError as error:
        raise UnexpectedShape(f"{field}: {error}") from None
