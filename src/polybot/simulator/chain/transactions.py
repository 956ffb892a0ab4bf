"""Transactions, and how a node shows them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from polybot.polymarket.contracts import POLYGON
from polybot.simulator.chain.abi import Log

BASE_FEE_WEI = 60_000_000_000
TIP_WEI = 30_000_000_000
GAS_PRICE_WEI = BASE_FEE_WEI + TIP_WEI
ANY_BLOOM = "0x" + "ff" * 256
"""Says of every log that it may be there."""

Telling = Callable[[], Iterable[Log]]


@dataclass(slots=True, eq=False)
class Transaction:
    """One transaction from the moment its hash is known. `input` and `tellings` are encoded when first asked for.

    `block` and `index` are None while it is pending; before `seen_ns` nobody outside knows of it. `reason` is why it
    reverted. Amounts are wei, addresses lower case.
    """

    hash: str
    sender: str
    to: str
    nonce: int
    input: Callable[[], bytes]
    value: int = 0
    gas: int = 1_000_000
    gas_used: int = 450_000
    gas_price: int = GAS_PRICE_WEI
    kind: int = 0
    succeeded: bool = True
    reason: str = ""
    seen_ns: int = 0
    block: int | None = None
    index: int | None = None
    tellings: list[Telling] = field(default_factory=list)
    _logs: tuple[Log, ...] | None = None

    @property
    def logs(self) -> tuple[Log, ...]:
        """None of a transaction that failed."""
        if self._logs is None:
            self._logs = tuple(log for tell in self.tellings for log in tell()) if self.succeeded else ()
        return self._logs

    @property
    def most_cost(self) -> int:
        """If it uses all of its gas."""
        return self.gas * self.gas_price + self.value

    def tell(self, telling: Telling) -> None:
        """One more thing that happened in it."""
        self.tellings.append(telling)
        self._logs = None


def shown_log(log: Log, at: Transaction, *, number: int, block_hash: str, index: int, removed: bool) -> dict[str, Any]:
    """`index` is the log's place in its block."""
    return {
        "address": log.address,
        "topics": log.topics,
        "data": log.data,
        "blockNumber": hex(number),
        "blockHash": block_hash,
        "transactionHash": at.hash,
        "transactionIndex": hex(at.index or 0),
        "logIndex": hex(index),
        "removed": removed,
    }


def shown_transaction(tx: Transaction, *, block_hash: str | None) -> dict[str, Any]:
    """Pending without a block's hash."""
    mined = block_hash is not None and tx.block is not None
    return {
        "hash": tx.hash,
        "type": hex(tx.kind),
        "chainId": hex(POLYGON),
        "nonce": hex(tx.nonce),
        "from": tx.sender,
        "to": tx.to,
        "value": hex(tx.value),
        "gas": hex(tx.gas),
        "gasPrice": hex(tx.gas_price),
        "input": "0x" + tx.input().hex(),
        "blockHash": block_hash,
        "blockNumber": hex(tx.block) if mined and tx.block is not None else None,
        "transactionIndex": hex(tx.index or 0) if mined else None,
        "v": "0x0",
        "r": "0x0",
        "s": "0x0",
    }


def shown_receipt(tx: Transaction, *, block_hash: str, logs: list[dict[str, Any]]) -> dict[str, Any]:
    """`logs` as `shown_log` shows them."""
    return {
        "transactionHash": tx.hash,
        "transactionIndex": hex(tx.index or 0),
        "blockHash": block_hash,
        "blockNumber": hex(tx.block or 0),
        "from": tx.sender,
        "to": tx.to,
        "contractAddress": None,
        "status": "0x1" if tx.succeeded else "0x0",
        "gasUsed": hex(tx.gas_used),
        "cumulativeGasUsed": hex(tx.gas_used * ((tx.index or 0) + 1)),
        "effectiveGasPrice": hex(tx.gas_price),
        "type": hex(tx.kind),
        "logs": logs,
        "logsBloom": ANY_BLOOM,
    }
