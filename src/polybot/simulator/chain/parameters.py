"""Parameters of JSON-RPC calls, checked; what is wrong is an RpcError with code -32602."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from polybot.simulator.chain.errors import invalid

Params = Sequence[Any]
_QUANTITY = re.compile(r"0x(0|[1-9a-fA-F][0-9a-fA-F]*)")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_DATA = re.compile(r"0x([0-9a-fA-F]{2})*")
_MOST_TOPICS = 4


def listed(params: object) -> Params:
    if not isinstance(params, list):
        raise invalid("non-array args")
    return params


def given(params: Params, at: int) -> Any:  # noqa: ANN401 - JSON
    if at >= len(params) or params[at] is None:
        raise invalid(f"missing value for required argument {at}")
    return params[at]


def _text(value: object, pattern: re.Pattern[str], kind: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise invalid(f"invalid argument: {value!r} is no {kind}")
    return value.lower()


def address(value: object) -> str:
    """Lower case."""
    return _text(value, _ADDRESS, "address (0x and 40 hex digits)")


def hash32(value: object) -> str:
    return _text(value, _HASH, "hash (0x and 64 hex digits)")


def data(value: object) -> bytes:
    return bytes.fromhex(_text(value, _DATA, "data (0x and whole bytes)")[2:])


def quantity(value: object) -> int:
    return int(_text(value, _QUANTITY, "quantity (0x and hex digits without leading zeros)"), 16)


@dataclass(frozen=True, slots=True)
class CallParams:
    sender: str
    to: str
    value: int
    data: bytes


def call(value: object) -> CallParams:
    """The transaction object of eth_call and eth_estimateGas; without `to` it calls nobody."""
    if not isinstance(value, Mapping):
        raise invalid("invalid argument 0: a transaction object was expected")
    nobody = "0x" + "0" * 40
    return CallParams(
        sender=address(value.get("from") or nobody),
        to=address(value.get("to") or nobody),
        value=quantity(value.get("value") or "0x0"),
        data=data(value.get("data") or value.get("input") or "0x"),
    )


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Empty `addresses` and None among `topics` let everything through."""

    addresses: frozenset[str]
    topics: tuple[frozenset[str] | None, ...]

    def wants(self, log: Mapping[str, Any]) -> bool:
        if self.addresses and log["address"] not in self.addresses:
            return False
        topics = log["topics"]
        if len(self.topics) > len(topics):
            return False
        return all(wanted is None or topics[i] in wanted for i, wanted in enumerate(self.topics))


def log_filter(value: object) -> LogFilter:
    if not isinstance(value, Mapping):
        raise invalid("invalid argument 0: a filter object was expected")
    wanted = value.get("address")
    listed = wanted if isinstance(wanted, list) else [wanted] if wanted is not None else []
    topics = value.get("topics") or []
    if not isinstance(topics, list) or len(topics) > _MOST_TOPICS:
        raise invalid("exceed max topics")
    return LogFilter(frozenset(address(entry) for entry in listed), tuple(_alternatives(topic) for topic in topics))


def _alternatives(topic: object) -> frozenset[str] | None:
    """A null among alternatives is a wildcard too."""
    if topic is None or topic == []:
        return None
    entries = topic if isinstance(topic, list) else [topic]
    if None in entries:
        return None
    return frozenset(hash32(entry) for entry in entries)
