"""Logs, encoded by the Ethereum Foundation's own library: an independent hand."""

from collections.abc import Sequence

from eth_abi.abi import encode

from polybot.polymarket.chain.rpc import Log
from polybot.polymarket.typed_data import keccak

TX = "0x" + "ab" * 32


def topic(signature: str) -> str:
    return "0x" + keccak(signature.encode()).hex()


def word(value: str | int) -> str:
    """An indexed value: an address, 32 bytes or a number."""
    digits = f"{value:x}" if isinstance(value, int) else value.removeprefix("0x")
    return "0x" + digits.lower().rjust(64, "0")


def log(
    address: str,
    signature: str,
    *,
    indexed: Sequence[str | int] = (),
    types: Sequence[str] = (),
    values: Sequence[object] = (),
    index: int = 0,
    removed: bool = False,
) -> Log:
    return Log(
        address=address,
        topics=[topic(signature), *map(word, indexed)],
        data="0x" + encode(types, values).hex(),
        block_number="0x10",
        transaction_hash=TX,
        log_index=hex(index),
        block_hash="0x" + "cd" * 32,
        removed=removed,
    )


FILLED = "OrderFilled(bytes32,address,address,uint8,uint256,uint256,uint256,uint256,bytes32,bytes32)"


def filled(
    exchange: str,
    *,
    maker: str,
    taker: str,
    side: int,
    token: int,
    gave: int,
    got: int,
    fee: int = 0,
    index: int = 0,
    removed: bool = False,
) -> Log:
    return log(
        exchange,
        FILLED,
        indexed=["0x" + "11" * 32, maker, taker],
        types=["uint8", "uint256", "uint256", "uint256", "uint256", "bytes32", "bytes32"],
        values=[side, token, gave, got, fee, bytes(32), bytes(32)],
        index=index,
        removed=removed,
    )
