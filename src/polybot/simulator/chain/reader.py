"""Blocks, receipts and logs as a node gives them out, with its limits and faults."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from polybot.simulator.chain.errors import LIMIT, PRUNED, RpcError, invalid, refused
from polybot.simulator.chain.ledger import Chain
from polybot.simulator.chain.parameters import LogFilter, hash32, log_filter, quantity
from polybot.simulator.chain.provider import Provider
from polybot.simulator.chain.transactions import shown_receipt, shown_transaction
from polybot.simulator.engine.blocks import block_at
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.worlds.houses import dice

_LAGGING_BLOCKS = 3


class ChainReader:
    def __init__(self, exchange: Exchange, chain: Chain, provider: Provider, *, seed: int) -> None:
        self._exchange = exchange
        self._chain = chain
        self._provider = provider
        self._seed = seed
        self._uneven = dice(seed, of="uneven backends")

    @property
    def head(self) -> int:
        return block_at(self._exchange.now_ns)

    def number(self, tag: object) -> int:
        """Of `latest`, `finalized` and the like, or a hex number."""
        behind = {"latest": 0, "pending": 0, "safe": 1, "finalized": 0}
        if isinstance(tag, str) and tag in behind:
            if tag in {"safe", "finalized"}:
                return self.head - self._provider.finality_blocks + behind[tag]
            return self.head
        return 0 if tag == "earliest" else quantity(tag)

    def block(self, number: int, *, full: bool) -> dict[str, Any] | None:
        if number > self.head:
            return None
        self._check_kept(number)
        return self._chain.shown(number, full=full)

    def block_by_hash(self, block_hash: str, *, full: bool) -> dict[str, Any] | None:
        number = self._chain.number_of(block_hash, near=self.head)
        return None if number is None else self.block(number, full=full)

    def transaction(self, tx: str) -> dict[str, Any] | None:
        """Pending ones too, as soon as a node has seen them."""
        found = self._chain.find(tx)
        if found is None:
            return None
        if found.block is not None and found.block <= self.head:
            return shown_transaction(found, block_hash=self._chain.hash(found.block))
        return shown_transaction(found, block_hash=None) if found.seen_ns <= self._exchange.now_ns else None

    def receipt(self, tx: str) -> dict[str, Any] | None:
        found = self._chain.find(tx)
        if found is None or found.block is None or found.block > self.head:
            return None
        logged = next(entry for entry in self._chain.logged(found.block) if entry.transaction is found)
        return shown_receipt(found, block_hash=self._chain.hash(found.block), logs=logged.logs)

    def logs(self, asked: object) -> list[dict[str, Any]]:
        """eth_getLogs."""
        wanted = log_filter(asked)
        if not isinstance(asked, Mapping):
            raise invalid("invalid argument 0: a filter object was expected")
        first, last = self._range(asked)
        numbers = self._chain.numbers(first, min(last, self.head - self._provider.lag_blocks))
        found = (log for number in numbers for log in self.block_logs(number, wanted))
        return [log for log in found if not (self._provider.withheld_everywhere and self.withheld(log))]

    def block_logs(self, number: int, wanted: LogFilter, *, removed: bool = False) -> Iterable[dict[str, Any]]:
        for entry in self._chain.logged(number, removed=removed):
            yield from (log for log in entry.logs if wanted.wants(log))

    def withheld(self, log: Mapping[str, Any]) -> bool:
        """The same logs each time."""
        ratio = self._provider.withheld_ratio
        if not ratio:
            return False
        of = f"{self._seed}:withheld:{log['transactionHash']}:{log['logIndex']}"
        return int.from_bytes(hashlib.blake2b(of.encode(), digest_size=4).digest(), "big") < ratio * (1 << 32)

    def _range(self, asked: Mapping[str, Any]) -> tuple[int, int]:
        if "blockHash" in asked:
            return self._one_block(asked)
        first, last = self.number(asked.get("fromBlock", "latest")), self.number(asked.get("toBlock", "latest"))
        known = self.head - (_LAGGING_BLOCKS if self._is_uneven() else 0)
        last = min(last, known) if asked.get("toBlock", "latest") != "latest" else last
        if first > last:
            raise refused("invalid block range params")
        if last - first > self._provider.range_blocks:
            raise RpcError(LIMIT, f"exceed maximum block range: {self._provider.range_blocks}")
        self._check_kept(first)
        return first, last

    def _one_block(self, asked: Mapping[str, Any]) -> tuple[int, int]:
        if "fromBlock" in asked or "toBlock" in asked:
            raise invalid("can't specify fromBlock/toBlock with blockHash")
        number = self._chain.number_of(hash32(asked["blockHash"]), near=self.head)
        if number is None:
            raise refused("unknown block")
        return number, number

    def _is_uneven(self) -> bool:
        ratio = self._provider.uneven_ratio
        return ratio > 0 and self._uneven.random() < ratio

    def _check_kept(self, number: int) -> None:
        if number < self.head - self._provider.history_blocks:
            raise RpcError(PRUNED, "pruned history unavailable")
