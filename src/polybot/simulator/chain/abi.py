"""Contracts' events and functions as bytes: declared once by their Solidity types, encoded from plain values."""

from typing import Any, NamedTuple

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError

from polybot.polymarket.typed_data import address_word, keccak, word

NOBODY = "0x" + "0" * 40
ZERO_HASH = "0x" + "0" * 64


class Log(NamedTuple):
    """What a contract emitted; addresses and hex lower case."""

    address: str
    topics: tuple[str, ...]
    data: str


class Event:
    """An event by its argument types in order; a trailing * marks an indexed one."""

    def __init__(self, name: str, *arguments: str) -> None:
        self._types = [argument.rstrip("*") for argument in arguments]
        self._indexed = [argument.endswith("*") for argument in arguments]
        self.signature = f"{name}({','.join(self._types)})"
        self.topic = "0x" + keccak(self.signature.encode()).hex()

    def log(self, emitter: str, *values: object) -> Log:
        topics, types, data = [self.topic], [], []
        for kind, indexed, value in zip(self._types, self._indexed, values, strict=True):
            if indexed:
                topics.append("0x" + _word(kind, value).hex())
            else:
                types.append(kind)
                data.append(value)
        return Log(emitter.lower(), tuple(topics), "0x" + _encode(types, data).hex())


class Function:
    """A function by its argument types; `selector` is the first four bytes of its calls."""

    def __init__(self, name: str, *arguments: str) -> None:
        self._types = arguments
        self.signature = f"{name}({','.join(arguments)})"
        self.selector = keccak(self.signature.encode())[:4]

    def call(self, *values: object) -> bytes:
        return self.selector + abi_encode(self._types, values)

    def arguments(self, data: bytes) -> tuple[Any, ...]:
        """Of a call's data. ValueError if they do not decode."""
        return decode(self._types, data[4:])


def decode(types: tuple[str, ...], data: bytes) -> tuple[Any, ...]:
    """ValueError if `data` are not values of these types."""
    try:
        return tuple(abi_decode(types, data))
    except (DecodingError, OverflowError) as error:
        raise ValueError(f"arguments do not decode as ({','.join(types)}): {error}") from error


def _encode(types: list[str], values: list[object]) -> bytes:
    if any(kind.endswith("]") for kind in types):
        return abi_encode(types, [_raw(kind, value) for kind, value in zip(types, values, strict=True)])
    return b"".join(_word(kind, value) for kind, value in zip(types, values, strict=True))


def _raw(kind: str, value: object) -> object:
    return bytes.fromhex(value[2:]) if isinstance(value, str) and kind.startswith("bytes") else value


def _word(kind: str, value: object) -> bytes:
    match value:
        case bool() | int():
            return word(int(value))
        case bytes():
            return value.ljust(32, b"\0")
        case str() if kind == "address":
            return address_word(value)
        case str():
            return bytes.fromhex(value[2:]).ljust(32, b"\0")
        case _:
            raise TypeError(f"{value!r} is no {kind}")


TRANSFER = Event("Transfer", "address*", "address*", "uint256")
APPROVAL = Event("Approval", "address*", "address*", "uint256")
TRANSFER_SINGLE = Event("TransferSingle", "address*", "address*", "address*", "uint256", "uint256")
TRANSFER_BATCH = Event("TransferBatch", "address*", "address*", "address*", "uint256[]", "uint256[]")
APPROVAL_FOR_ALL = Event("ApprovalForAll", "address*", "address*", "bool")
WRAPPED = Event("Wrapped", "address*", "address*", "address*", "uint256")
UNWRAPPED = Event("Unwrapped", "address*", "address*", "address*", "uint256")

ORDER_FILLED = Event(
    "OrderFilled", "bytes32*", "address*", "address*",
    "uint8", "uint256", "uint256", "uint256", "uint256", "bytes32", "bytes32",
)  # fmt: skip
ORDERS_MATCHED = Event("OrdersMatched", "bytes32*", "address*", "uint8", "uint256", "uint256", "uint256")
FEE_CHARGED = Event("FeeCharged", "address*", "uint256")

CTF_SPLIT = Event("PositionSplit", "address*", "address", "bytes32*", "bytes32*", "uint256[]", "uint256")
CTF_MERGE = Event("PositionsMerge", "address*", "address", "bytes32*", "bytes32*", "uint256[]", "uint256")
CTF_REDEMPTION = Event("PayoutRedemption", "address*", "address*", "bytes32*", "bytes32", "uint256[]", "uint256")
CTF_RESOLUTION = Event("ConditionResolution", "bytes32*", "address*", "bytes32*", "uint256", "uint256[]")

ADAPTER_SPLIT = Event("PositionSplit", "address*", "bytes32*", "uint256")
ADAPTER_MERGE = Event("PositionsMerge", "address*", "bytes32*", "uint256")
ADAPTER_CONVERSION = Event("PositionsConverted", "address*", "bytes32*", "uint256*", "uint256")
ADAPTER_REDEMPTION = Event("PayoutRedemption", "address*", "bytes32*", "uint256[]", "uint256")

MODULE_SPLIT = Event("PositionsSplit", "address*", "bytes31*", "address*", "address", "uint256")
MODULE_MERGE = Event("PositionsMerged", "address*", "bytes31*", "address*", "uint256")
MODULE_REDEMPTION = Event("PositionRedeemed", "address*", "uint256*", "address*", "uint256", "uint256")
MODULE_RESOLUTION = Event("ConditionResolved", "bytes31*", "uint256[]")

ROUTER_SPLIT_DONE = Event("RouterPositionSplit", "address*", "bytes31*", "uint256")
ROUTER_MERGE_DONE = Event("RouterPositionsMerged", "address*", "bytes31*", "uint256")
ROUTER_REDEMPTION_DONE = Event("RouterPositionRedeemed", "address*", "uint256*", "uint256")

APPROVE = Function("approve", "address", "uint256")
ERC20_TRANSFER = Function("transfer", "address", "uint256")
SET_APPROVAL_FOR_ALL = Function("setApprovalForAll", "address", "bool")
WRAP = Function("wrap", "address", "address", "uint256")
UNWRAP = Function("unwrap", "address", "address", "uint256")
SPLIT_POSITION = Function("splitPosition", "address", "bytes32", "bytes32", "uint256[]", "uint256")
MERGE_POSITIONS = Function("mergePositions", "address", "bytes32", "bytes32", "uint256[]", "uint256")
REDEEM_POSITIONS = Function("redeemPositions", "address", "bytes32", "bytes32", "uint256[]")
CONVERT_POSITIONS = Function("convertPositions", "bytes32", "uint256", "uint256")
ROUTER_SPLIT = Function("split", "bytes31", "uint256")
ROUTER_MERGE = Function("merge", "bytes31", "uint256")
ROUTER_REDEEM = Function("redeem", "bytes31", "uint256", "uint256")

_ORDER = "(uint256,address,address,uint256,uint256,uint256,uint8,uint8,uint256,bytes32,bytes32,bytes)"
MATCH_ORDERS_V2 = Function(
    "matchOrders", "bytes32", _ORDER, f"{_ORDER}[]", "uint256", "uint256[]", "uint256", "uint256[]"
)
MATCH_ORDERS_V3 = Function("matchOrders", _ORDER, f"{_ORDER}[]", "uint256[]", "uint256[]", "(uint256,uint256,uint256)")
