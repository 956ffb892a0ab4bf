"""All targets' positions: loaded at the start, moved by each fill, held against the venue now and then."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from polybot.core.fills import ObservedFill
from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.money import Shares
from polybot.monitoring.cursors import DetectionStore
from polybot.monitoring.positions import Drift, Holding, PositionBook
from polybot.polymarket.errors import RequestFailed, UnexpectedShape
from polybot.polymarket.rest.data_models import PositionRow
from polybot.ports.store import Event
from polybot.utils.clock import Clock

Notify = Callable[[Event], None]


class PositionReader(Protocol):
    async def positions(self, wallet: Wallet) -> list[PositionRow]: ...


def holding_of(row: PositionRow) -> Holding:
    return Holding(
        token=TokenId(row.token_id),
        condition=ConditionId(row.condition_id.lower()),
        shares=Shares.nearest(row.current_size),
        as_of_s=row.last_event_at,
        live=not row.redeemable,
    )


class TargetPositions:
    """`lag_s`: tokens that moved within it are not compared, for the Data API runs behind the chain."""

    def __init__(
        self, *, reader: PositionReader, store: DetectionStore, clock: Clock, notify: Notify, lag_s: int = 20
    ) -> None:
        self._reader = reader
        self._store = store
        self._clock = clock
        self._notify = notify
        self._lag_s = lag_s
        self._books: dict[Wallet, PositionBook] = {}
        self._moved: dict[Wallet, dict[TokenId, int]] = {}

    def tokens(self) -> set[TokenId]:
        """What any target holds."""
        return {token for book in self._books.values() for token in book.tokens()}

    async def restore(self, wallet: Wallet) -> None:
        """As the store remembers it, which is as of the stored cursor: fills missed since then still apply."""
        stored = await self._store.target_positions(wallet)
        self._begin(wallet, (Holding(token, ConditionId(""), shares) for token, shares in stored.items()))

    async def load(self, wallet: Wallet) -> bool:
        """As the venue shows it now. False, with an empty book, if it cannot be read: the next sync fills it."""
        try:
            holdings = await self._read(wallet)
        except (RequestFailed, UnexpectedShape) as failure:
            self._begin(wallet, ())
            self._notify(_unreadable(wallet, failure))
            return False
        self._begin(wallet, holdings)
        return True

    def apply(self, fill: ObservedFill) -> Shares:
        """Count a new fill; returns what the target held before it."""
        self._moved[fill.wallet][fill.token] = self._now_s()
        return self._books[fill.wallet].apply(fill)

    def close(self, token: TokenId) -> None:
        """The token's market has ended, for every target."""
        for book in self._books.values():
            book.close(token)

    async def sync(self, wallet: Wallet, *, settled: Callable[[], bool]) -> Sequence[Drift]:
        """Compare with the venue and believe it where the two differ.

        The result is stored only while every fill of the wallet is (`settled`): the store's positions and
        fills stay of one moment. RequestFailed if the venue cannot be read.
        """
        holdings = await self._read(wallet)
        quiet_since_s = self._now_s() - self._lag_s
        book = self._books[wallet]
        drifts = book.compare(holdings, quiet_since_s=quiet_since_s, moved=self._moved[wallet])
        book.correct(drifts, holdings, as_of_s=quiet_since_s)
        if settled():
            await self.save(wallet)
        return drifts

    def _begin(self, wallet: Wallet, holdings: Iterable[Holding]) -> None:
        self._books[wallet] = PositionBook(holdings)
        self._moved[wallet] = {}

    async def _read(self, wallet: Wallet) -> list[Holding]:
        return [holding_of(row) for row in await self._reader.positions(wallet)]

    async def save(self, wallet: Wallet) -> None:
        await self._store.save_target_positions(wallet, self._books[wallet].snapshot(), now_ns=self._clock.now_ns())

    def _now_s(self) -> int:
        return self._clock.now_ns() // 1_000_000_000


def _unreadable(wallet: Wallet, failure: Exception) -> Event:
    message = f"positions of {wallet} cannot be read ({failure}); sells are not known as a fraction until they can"
    return Event("positions_unread", "warning", message, {"wallet": wallet})
