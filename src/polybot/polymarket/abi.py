"""Calldata by a function's signature. Off the hot path."""

from collections.abc import Sequence

from eth_abi.abi import encode
from eth_abi.grammar import TupleType, parse

from polybot.polymarket.typed_data import keccak

UINT256_MAX = (1 << 256) - 1


def selector(function: str) -> bytes:
    """`function` as in "approve(address,uint256)"."""
    return keccak(function.encode())[:4]


def types_of(function: str) -> Sequence[str]:
    arguments = parse(function[function.index("(") :])
    if not isinstance(arguments, TupleType):
        raise ValueError(f"{function!r} is no function's signature")  # noqa: TRY004 - a wrong text, not a wrong type
    return [part.to_type_str() for part in arguments.components]


def call_data(function: str, *arguments: object) -> bytes:
    """ValueError for a value that does not fit its type."""
    return selector(function) + encode(types_of(function), arguments)
