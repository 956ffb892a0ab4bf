"""What wallets did between two blocks, and how markets ended, asked of a node in steps that it accepts."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from polybot.core.ids import ConditionId, Wallet
from polybot.polymarket.chain.attribution import settled_moves
from polybot.polymarket.chain.events import (
    CTF_RESOLUTION,
    EXCHANGES,
    ORDER_FILLED,
    POSITION_CONTRACTS,
    TOKEN_CONTRACTS,
    TRANSFER_BATCH,
    TRANSFER_SINGLE,
    V2_RESOLUTION,
)
from polybot.polymarket.chain.fills import ChainFill, decode_fill, settled_fills
from polybot.polymarket.chain.hexes import address_topic, quantity
from polybot.polymarket.chain.moves import ChainMove, decode_move
from polybot.polymarket.chain.rpc import Log, LogQuery, RpcClient, RpcError

Named = TypeVar("Named", bound=str)
Topics = Sequence[str | Sequence[str] | None]
_NAMES_PER_QUERY = 100
"""Some providers refuse a topic with more values."""


def fill_topics(wallets: Sequence[Wallet]) -> Topics:
    """All fills of these wallets, as maker and as taker: the taker's own row names it in the maker's place, too."""
    return [ORDER_FILLED, None, [address_topic(wallet) for wallet in wallets]]


class ChainReader:
    """`span_blocks` is asked at once, less where the node refuses so many; RequestFailed or RpcError (of a
    single block) if there is no answer, ValueError if an event in it is malformed."""

    def __init__(self, rpc: RpcClient, *, span_blocks: int = 2_000) -> None:
        self._rpc = rpc
        self._span = span_blocks

    async def fills(self, wallets: Sequence[Wallet], *, first: int, last: int) -> list[ChainFill]:
        """In the chain's order; blocks inclusive. A buying taker's `usdc` may count a refund: see `match`."""
        logs = await self._logs(EXCHANGES, [fill_topics(some) for some in _some(wallets)], first=first, last=last)
        return [fill for fill in map(decode_fill, logs) if fill is not None]

    async def match(self, tx: str) -> list[ChainFill]:
        """All fills of one transaction with exact amounts; empty if it is not mined or was reverted."""
        receipt = await self._rpc.receipt(tx)
        return [] if receipt is None else settled_fills(receipt.logs)

    async def moves(self, wallets: Sequence[Wallet], *, first: int, last: int) -> list[ChainMove]:
        """Splits, merges, redemptions and conversions of these wallets, found by the shares they moved."""
        kinds = [TRANSFER_SINGLE, TRANSFER_BATCH]
        topics: list[Topics] = []
        for some in _some(wallets):
            named = [address_topic(wallet) for wallet in some]
            topics += [[kinds, None, named], [kinds, None, None, named]]
        transfers = await self._logs(TOKEN_CONTRACTS, topics, first=first, last=last)
        found = [await self._moves_in(tx) for tx in dict.fromkeys(log.transaction_hash for log in transfers)]
        return [move for moves in found for move in moves if move.wallet in wallets]

    async def resolutions(self, conditions: Sequence[ConditionId], *, first: int, last: int) -> list[ChainMove]:
        """Those of these markets that ended, and what their outcomes pay."""
        kinds = [CTF_RESOLUTION, V2_RESOLUTION]
        topics: list[Topics] = [[kinds, some] for some in _some(conditions)]
        logs = await self._logs(POSITION_CONTRACTS, topics, first=first, last=last)
        return [move for move in map(decode_move, logs) if move is not None]

    async def _moves_in(self, tx: str) -> list[ChainMove]:
        receipt = await self._rpc.receipt(tx)
        return [] if receipt is None else settled_moves(receipt.logs)

    async def _logs(self, contracts: Sequence[str], topics: Sequence[Topics], *, first: int, last: int) -> list[Log]:
        logs = []
        for one in topics:
            for start in range(first, last + 1, self._span):
                end = min(start + self._span - 1, last)
                logs += await self._span_of(LogQuery(contracts, one, start, end))
        return sorted(logs, key=lambda log: (quantity(log.block_number), quantity(log.log_index)))

    async def _span_of(self, query: LogQuery) -> list[Log]:
        """In halves where the node refuses the whole: its limits are in blocks, in logs or in both."""
        try:
            return await self._rpc.logs(query)
        except RpcError:
            if query.first == query.last:
                raise
        middle = (query.first + query.last) // 2
        halves = ((query.first, middle), (middle + 1, query.last))
        parts = [await self._span_of(LogQuery(query.addresses, query.topics, *half)) for half in halves]
        return [log for part in parts for log in part]


def _some(names: Sequence[Named]) -> Iterator[Sequence[Named]]:
    for start in range(0, len(names), _NAMES_PER_QUERY):
        yield names[start : start + _NAMES_PER_QUERY]
