"""How far each target's activity is known without gap, so that a restart reads on from there."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from polybot.core.fills import TargetFill, TargetOrder
from polybot.core.ids import ConditionId, DecisionId, TokenId, Wallet
from polybot.core.money import Shares


class DetectionStore(Protocol):
    """The part of ports.store.Store that detection needs, under the same contracts."""

    async def known_fills(self, *, since_s: int) -> Sequence[TargetFill]: ...
    async def cursor(self, wallet: Wallet) -> int | None: ...
    async def save_cursor(self, wallet: Wallet, second: int) -> None: ...
    async def target_positions(self, wallet: Wallet) -> Mapping[TokenId, Shares]: ...
    async def save_target_positions(
        self, wallet: Wallet, positions: Mapping[TokenId, tuple[ConditionId, Shares]], *, now_ns: int
    ) -> None: ...


class Cursors:
    """A wallet's cursor is the oldest second of any fill not yet acknowledged, else the newest second swept.

    It may lag: what is read again is recognised. It never runs ahead of what the store holds.
    """

    def __init__(self, store: DetectionStore) -> None:
        self._store = store
        self._swept: dict[Wallet, int] = {}
        self._saved: dict[Wallet, int] = {}
        self._open: dict[Wallet, dict[DecisionId, int]] = {}

    async def load(self, wallet: Wallet) -> int | None:
        """The stored cursor; None for a wallet that was never followed."""
        second = await self._store.cursor(wallet)
        if second is not None:
            self.begin(wallet, second)
            self._saved[wallet] = second
        return second

    def begin(self, wallet: Wallet, second: int) -> None:
        self._swept[wallet] = second
        self._open.setdefault(wallet, {})

    def of(self, wallet: Wallet) -> int:
        """Venue second from which the wallet's activity may not be known completely."""
        return min((self._swept[wallet], *self._open[wallet].values()))

    def swept(self, wallet: Wallet, second: int) -> None:
        """A complete sweep has seen everything up to this second."""
        self._swept[wallet] = max(self._swept[wallet], second)

    def handed_over(self, order: TargetOrder) -> None:
        self._open[order.target][order.id] = order.timestamp_s

    def acknowledged(self, order: TargetOrder) -> None:
        """The store holds the order's decision. Safe to repeat."""
        self._open[order.target].pop(order.id, None)

    def settled(self, wallet: Wallet) -> bool:
        """Whether the store holds every fill handed over."""
        return not self._open[wallet]

    async def save(self) -> None:
        """Store what moved since the last time."""
        for wallet in self._swept:
            second = self.of(wallet)
            if self._saved.get(wallet) != second:
                await self._store.save_cursor(wallet, second)
                self._saved[wallet] = second
