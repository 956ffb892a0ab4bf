"""Each fill of a target exactly once, out of feeds that repeat, reorder and miss rows."""

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from polybot.core.fills import ObservedFill, TargetFill
from polybot.core.ids import TokenId, Wallet, fill_key
from polybot.core.market import Side
from polybot.core.money import Shares

Content = tuple[str, TokenId, Side, Shares]
"""What equal rows of one wallet share: transaction, token, side, size."""


def _content(row: ObservedFill) -> Content:
    return row.tx.lower(), row.token, row.side, row.shares


_CLOCK_SLACK_S = 60
"""Feeds date the same fill some seconds apart; memory outlives the floor by more than that."""


@dataclass(frozen=True, slots=True)
class Screened:
    """What one batch brought. `doubtful` wallets showed a row again that may be a second, equal fill."""

    fresh: tuple[TargetFill, ...]
    doubtful: frozenset[Wallet] = frozenset()
    refused: int = 0
    """Rows below their wallet's floor, or of nobody we follow."""


@dataclass(slots=True)
class _Record:
    last_s: int
    taken: set[int] = field(default_factory=set)
    """Occurrence numbers handed out."""
    glimpsed: dict[str, int] = field(default_factory=dict)
    """Rows shown by each source that may repeat itself."""


@dataclass(slots=True)
class _Memory:
    """One wallet's rows since `floor_s`; older rows are refused, so forgetting them is safe."""

    floor_s: int
    records: dict[Content, _Record] = field(default_factory=dict)
    ages: list[tuple[int, Content]] = field(default_factory=list)

    def record(self, row: ObservedFill) -> _Record:
        content = _content(row)
        record = self.records.get(content)
        if record is None:
            record = self.records[content] = _Record(row.timestamp_s)
            heapq.heappush(self.ages, (row.timestamp_s, content))
        record.last_s = max(record.last_s, row.timestamp_s)
        return record

    def raise_floor(self, floor_s: int) -> None:
        self.floor_s = max(self.floor_s, floor_s)
        while self.ages and self.ages[0][0] < self.floor_s - _CLOCK_SLACK_S:
            self._drop_oldest()

    def shrink(self, max_rows: int) -> None:
        while len(self.records) > max_rows:
            self.floor_s = max(self.floor_s, self.ages[0][0] + _CLOCK_SLACK_S + 1)
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        _, content = heapq.heappop(self.ages)
        last_s = self.records[content].last_s
        if last_s < self.floor_s - _CLOCK_SLACK_S:
            del self.records[content]
        else:
            heapq.heappush(self.ages, (last_s, content))


class Deduplicator:
    """Accepts a fill (content and occurrence number) once, whoever shows it and however often.

    Rows older than a wallet's floor are refused: what was forgotten cannot come back as new.
    `max_rows` bounds the memory of one wallet; reaching it raises the floor.
    """

    def __init__(self, *, max_rows: int = 100_000) -> None:
        self._max_rows = max_rows
        self._wallets: dict[Wallet, _Memory] = {}

    def begin(self, wallet: Wallet, *, floor_s: int) -> None:
        """Follow a wallet: rows before the venue second `floor_s` are none of our business."""
        self._wallets[wallet] = _Memory(floor_s)

    def seed(self, known: Iterable[TargetFill]) -> None:
        """Fills accepted in an earlier life."""
        for fill in known:
            if memory := self._wallets.get(fill.seen.wallet):
                memory.record(fill.seen).taken.add(fill.occurrence)

    def forget(self, wallet: Wallet, *, before_s: int) -> None:
        """Bound the memory: nobody will ask the venue for rows before this second again."""
        self._wallets[wallet].raise_floor(before_s)

    def accept_sweep(self, rows: Sequence[ObservedFill]) -> Screened:
        """An authoritative answer: it lists every row of a transaction, so its n-th equal row is occurrence n."""
        shown: Counter[tuple[Wallet, Content]] = Counter()
        fresh: list[TargetFill] = []
        young = self._young(rows)
        for memory, row in young:
            key = row.wallet, _content(row)
            fresh.extend(self._claim(memory, row, shown[key]))
            shown[key] += 1
        return Screened(tuple(fresh), refused=len(rows) - len(young))

    def accept_glimpse(self, rows: Sequence[ObservedFill]) -> Screened:
        """A feed that may repeat a row: on its own word only the first equal row is a fill.

        A further one is held until a sweep has decided; its wallet is named as doubtful, unless the sweeps
        have confirmed that many already.
        """
        fresh: list[TargetFill] = []
        doubtful: set[Wallet] = set()
        young = self._young(rows)
        for memory, row in young:
            record = memory.record(row)
            shown = record.glimpsed[row.source] = record.glimpsed.get(row.source, 0) + 1
            if shown == 1:
                fresh.extend(self._claim(memory, row, 0))
            elif shown > len(record.taken):
                doubtful.add(row.wallet)
        return Screened(tuple(fresh), frozenset(doubtful), len(rows) - len(young))

    def _young(self, rows: Sequence[ObservedFill]) -> list[tuple[_Memory, ObservedFill]]:
        """Rows of followed wallets that are not below the floor."""
        remembered = ((self._wallets.get(row.wallet), row) for row in rows)
        return [(memory, row) for memory, row in remembered if memory and row.timestamp_s >= memory.floor_s]

    def _claim(self, memory: _Memory, row: ObservedFill, occurrence: int) -> Sequence[TargetFill]:
        record = memory.record(row)
        if occurrence in record.taken:
            return ()
        record.taken.add(occurrence)
        memory.shrink(self._max_rows)
        key = fill_key(
            tx=row.tx,
            wallet=row.wallet,
            token=row.token,
            side=row.side,
            shares=row.shares,
            occurrence=occurrence,
        )
        return (TargetFill(key=key, occurrence=occurrence, seen=row),)
