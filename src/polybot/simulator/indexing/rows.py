"""Rows in feed order, by wallet and by market, found by bisection."""

import heapq
from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from polybot.core.ids import ConditionId, Wallet
from polybot.simulator.engine.blocks import block_at
from polybot.simulator.wire.rows import Row

_PER_BLOCK = 10**10
_STEP = 10_000
_SEQUENCE = attrgetter("sequence")


class RowStore:
    """`sequence` orders everything; a row that comes late takes the place that its block gives it."""

    def __init__(self) -> None:
        self._all: list[Row] = []
        self._of: defaultdict[Wallet, list[Row]] = defaultdict(list)
        self._in: defaultdict[ConditionId, list[Row]] = defaultdict(list)
        self._who: defaultdict[ConditionId, dict[Wallet, None]] = defaultdict(dict)
        self._numbered: Counter[int] = Counter()

    def next_sequence(self, at_ns: int) -> int:
        """As in the cursors of Polymarket's Data API: the block times 10^10 and a number inside the block."""
        block = block_at(at_ns)
        self._numbered[block] += 1
        return block * _PER_BLOCK + self._numbered[block] * _STEP

    def add(self, row: Row) -> None:
        _insert(self._all, row)
        _insert(self._of[row.wallet], row)
        if row.condition:
            _insert(self._in[row.condition], row)
            self._who[row.condition][row.wallet] = None

    def withdraw(self, tx: str) -> set[Wallet]:
        """What a reorg took out of the chain; whose rows it was."""
        gone = [row for row in self._all if row.tx == tx]
        wallets, conditions = {row.wallet for row in gone}, {row.condition for row in gone if row.condition}
        for rows in (self._all, *(self._of[each] for each in wallets), *(self._in[each] for each in conditions)):
            rows[:] = [row for row in rows if row.tx != tx]
        return wallets

    def of(self, wallet: Wallet) -> Sequence[Row]:
        return self._of.get(wallet, ())

    def wallets(self) -> Iterable[Wallet]:
        return self._of.keys()

    def market_wallets(self, condition: ConditionId) -> Iterable[Wallet]:
        """In the order in which they came."""
        return self._who.get(condition, ())

    def shelves(self, *, wallet: Wallet | None, conditions: Iterable[ConditionId]) -> list[Sequence[Row]]:
        """The shortest lists that hold all rows of this wallet, else of these markets, else all."""
        if wallet:
            return [self.of(wallet)]
        return [self._in.get(condition, ()) for condition in conditions] or [self._all]


def _insert(rows: list[Row], row: Row) -> None:
    """Nearly always at the end."""
    if not rows or rows[-1].sequence < row.sequence:
        rows.append(row)
    else:
        insort(rows, row, key=_SEQUENCE)


def newest_first(shelves: Sequence[Sequence[Row]], *, until_ns: int, below: int | None) -> Iterator[Row]:
    """Rows up to a time, and older than the sequence `below` if there is one."""
    walks = [_down(rows, until_ns=until_ns, below=below) for rows in shelves]
    return walks[0] if len(walks) == 1 else heapq.merge(*walks, key=_SEQUENCE, reverse=True)


def oldest_first(shelves: Sequence[Sequence[Row]], *, from_ns: int, until_ns: int, above: int | None) -> Iterator[Row]:
    """Rows between two times, and newer than the sequence `above` if there is one."""
    walks = [_up(rows, from_ns=from_ns, until_ns=until_ns, above=above) for rows in shelves]
    return walks[0] if len(walks) == 1 else heapq.merge(*walks, key=_SEQUENCE)


def _down(rows: Sequence[Row], *, until_ns: int, below: int | None) -> Iterator[Row]:
    top = bisect_right(rows, until_ns, key=lambda row: row.at_ns)
    if below is not None:
        top = min(top, bisect_left(rows, below, key=_SEQUENCE))
    return (rows[i] for i in range(top - 1, -1, -1))


def _up(rows: Sequence[Row], *, from_ns: int, until_ns: int, above: int | None) -> Iterator[Row]:
    start = bisect_left(rows, from_ns, key=lambda row: row.at_ns)
    if above is not None:
        start = max(start, bisect_right(rows, above, key=_SEQUENCE))
    stop = bisect_right(rows, until_ns, key=lambda row: row.at_ns)
    return (rows[i] for i in range(start, stop))
