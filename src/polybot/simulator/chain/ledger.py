"""The chain's blocks: numbered by time, hashed by seed, number and fork; only those with transactions are kept."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from polybot.simulator.chain.abi import ZERO_HASH
from polybot.simulator.chain.provider import Provider
from polybot.simulator.chain.transactions import (
    ANY_BLOOM,
    BASE_FEE_WEI,
    Transaction,
    shown_log,
    shown_transaction,
)
from polybot.simulator.engine.blocks import block_timestamp_s

_NO_UNCLES = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"


@dataclass(frozen=True, slots=True)
class LoggedTransaction:
    """A transaction with its logs as a node shows them."""

    transaction: Transaction
    logs: list[dict[str, Any]]


class Chain:
    """What the provider has pruned is forgotten."""

    def __init__(self, provider: Provider, *, seed: int) -> None:
        self._seed = seed
        self._provider = provider
        self._blocks: dict[int, list[Transaction]] = {}
        self._forks: dict[int, int] = {}
        self._transactions: dict[str, Transaction] = {}

    def find(self, tx: str) -> Transaction | None:
        """Pending ones too."""
        return self._transactions.get(tx)

    def know(self, tx: Transaction) -> None:
        """Before it is in any block."""
        self._transactions[tx.hash] = tx

    def forget(self, tx: Transaction) -> None:
        """It will never be mined."""
        self._transactions.pop(tx.hash, None)

    def include(self, tx: Transaction, number: int) -> None:
        """At the end of block `number`."""
        block = self._blocks.get(number)
        if block is None:
            block = self._blocks[number] = []
            self._prune(number)
        tx.block, tx.index = number, len(block)
        block.append(tx)
        self._transactions[tx.hash] = tx

    def _prune(self, newest: int) -> None:
        """Blocks come in order, but for those that a reorganisation moves."""
        while (oldest := next(iter(self._blocks))) < newest - self._provider.history_blocks:
            for tx in self._blocks.pop(oldest):
                self._transactions.pop(tx.hash, None)

    def transactions(self, number: int) -> Sequence[Transaction]:
        return self._blocks.get(number, ())

    def numbers(self, first: int, last: int) -> Iterator[int]:
        """Blocks with transactions, oldest first."""
        if last - first < len(self._blocks):
            return (number for number in range(first, last + 1) if number in self._blocks)
        return iter(sorted(number for number in self._blocks if first <= number <= last))

    def hash(self, number: int) -> str:
        digest = hashlib.blake2b(f"{self._seed}:block:{number}:{self._forks.get(number, 0)}".encode(), digest_size=32)
        return "0x" + digest.hexdigest()

    def number_of(self, block_hash: str, *, near: int) -> int | None:
        """Of a block that is part of the chain and not older than a few hours; `near` is the head."""
        recent = range(near, max(0, near - 10_000), -1)
        return next((number for number in recent if self.hash(number) == block_hash), None)

    def logged(self, number: int, *, removed: bool = False) -> list[LoggedTransaction]:
        """The block's transactions with their logs, numbered through the block."""
        found, block_hash, count = [], self.hash(number), 0
        for tx in self.transactions(number):
            logs = [
                shown_log(log, tx, number=number, block_hash=block_hash, index=count + i, removed=removed)
                for i, log in enumerate(tx.logs)
            ]
            count += len(logs)
            found.append(LoggedTransaction(tx, logs))
        return found

    def replace(self, first: int, last: int) -> list[tuple[int, Transaction]]:
        """Takes all transactions out of these blocks, whose hashes change; they are pending again."""
        taken = []
        for number in range(first, last + 1):
            self._forks[number] = self._forks.get(number, 0) + 1
            taken += [(number, tx) for tx in self._blocks.pop(number, ())]
        for _, tx in taken:
            tx.block = tx.index = None
        return taken

    def header(self, number: int) -> dict[str, Any]:
        used = sum(tx.gas_used for tx in self.transactions(number))
        return {
            "number": hex(number),
            "hash": self.hash(number),
            "parentHash": self.hash(number - 1),
            "timestamp": hex(block_timestamp_s(number)),
            "nonce": "0x0000000000000000",
            "sha3Uncles": _NO_UNCLES,
            "logsBloom": ANY_BLOOM,
            "transactionsRoot": ZERO_HASH,
            "stateRoot": ZERO_HASH,
            "receiptsRoot": ZERO_HASH,
            "mixHash": ZERO_HASH,
            "miner": "0x" + "0" * 40,
            "difficulty": "0x1",
            "extraData": "0x",
            "gasLimit": hex(max(60_000_000, used)),
            "gasUsed": hex(used),
            "baseFeePerGas": hex(BASE_FEE_WEI),
        }

    def shown(self, number: int, *, full: bool) -> dict[str, Any]:
        """With transactions, or with their hashes."""
        block_hash, transactions = self.hash(number), self.transactions(number)
        listed = [shown_transaction(tx, block_hash=block_hash) if full else tx.hash for tx in transactions]
        return {**self.header(number), "size": "0x400", "uncles": [], "transactions": listed}
