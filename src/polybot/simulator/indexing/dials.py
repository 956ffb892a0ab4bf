"""What the indexers show at this moment: options that can be turned while they run, and what follows from them."""

from polybot.simulator.indexing.options import IndexerOptions
from polybot.simulator.wire.rows import Blanks, Row
from polybot.simulator.worlds.houses import dice
from polybot.utils.clock import Clock

_NS = 1_000_000_000


class Dials:
    """`lag_s`: how long after its block a row can be served at the earliest; 0 is a venue without any lag."""

    def __init__(self, options: IndexerOptions, *, lag_s: float, seed: int, clock: Clock) -> None:
        self.options = options
        self.lag_s = lag_s
        self.seed = seed
        self._clock = clock

    def now_ns(self) -> int:
        return self._clock.now_ns()

    def served_ns(self, *, later_s: float = 0.0) -> int:
        """What happened up to then is served; `later_s` is the lag of one kind of read."""
        if not self.lag_s:
            return self.now_ns()
        batch_ns = max(1, round(self.options.batch_s * _NS))
        return self.now_ns() // batch_ns * batch_ns - round((self.lag_s + later_s) * _NS)

    def ingested_ns(self) -> int:
        """What is indexed, though perhaps not served yet."""
        return self.now_ns() - round(self.lag_s * _NS)

    def shows(self, row: Row, *, served_ns: int) -> bool:
        slow = self.lag_s and row.kind != "TRADE"
        return row.at_ns + row.late_ns + round(self.options.moves_lag_s * _NS if slow else 0) <= served_ns

    def late_ns(self, name: str) -> int:
        """Of a new row."""
        share = self.options.late_share
        late = share and dice(self.seed, of=f"late:{name}").random() < share
        return round(self.options.late_s * _NS) if late else 0

    def trades_combo(self, tx: str) -> bool:
        share = self.options.combo_share
        return bool(share) and dice(self.seed, of=f"combo:{tx}").random() < share

    def blanks(self, row: Row) -> Blanks | None:
        """None once the row is complete."""
        young = row.at_ns + round(self.options.enrichment_s * _NS) > self.now_ns()
        if not self.lag_s or not young or row.kind != "TRADE" or row.is_combo:
            return None
        rng = dice(self.seed, of=f"blank:{row.sequence}")
        if rng.random() >= self.options.unenriched_share:
            return None
        return Blanks(icon=rng.random() < self.options.iconless_share, title=rng.random() < self.options.untitled_share)
