"""Compares our ledger with what the venue says of our account, and reports; it never corrects the ledger.

The venue's balance lags settlement (it is cached) and its positions are rounded, so only a difference that
two looks in a row agree on is reported.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from polybot.core.ids import TokenId
from polybot.core.money import ZERO_SHARES, Shares
from polybot.core.portfolio import Portfolio
from polybot.ports.store import Event, Store
from polybot.ports.venue import NoAnswer, Venue
from polybot.utils.clock import Clock

log = structlog.get_logger(__name__)

_ROUNDING = Shares(10_000)
"""The Data API rounds sizes."""


@dataclass(frozen=True, slots=True)
class Drift:
    """`what` is "cash" or a token; ledger and venue as decimal text."""

    what: str
    ledger: str
    venue: str


class Reconciler:
    """One look compares cash and holdings with the venue's."""

    def __init__(self, *, venue: Venue, store: Store, portfolio: Portfolio, clock: Clock) -> None:
        self._venue = venue
        self._store = store
        self._portfolio = portfolio
        self._clock = clock
        self._suspected: frozenset[Drift] = frozenset()
        self._reported: frozenset[Drift] = frozenset()

    async def run(self, *, every_s: float) -> None:
        """Long-lived."""
        while True:
            await self._clock.sleep(every_s)
            await self.look()

    async def look(self) -> frozenset[Drift]:
        """The differences that this look and the one before agree on."""
        drifts = await self._cash() | await self._holdings()
        proven = drifts & self._suspected
        self._suspected = drifts
        for drift in proven - self._reported:
            await self._report(drift)
        self._reported = proven
        return proven

    async def _cash(self) -> frozenset[Drift]:
        venue = await self._venue.balance()
        ledger = self._portfolio.cash
        if isinstance(venue, NoAnswer) or venue == ledger:
            return frozenset()
        return frozenset({Drift("cash", str(ledger), str(venue))})

    async def _holdings(self) -> frozenset[Drift]:
        rows = await self._venue.holdings()
        if isinstance(rows, NoAnswer):
            return frozenset()
        theirs: Mapping[TokenId, Shares] = {token: shares for token, _, shares in rows}
        ours = self._portfolio.holdings()
        return frozenset(
            Drift(token, str(held), str(said))
            for token in ours.keys() | theirs.keys()
            if abs((held := ours.get(token, ZERO_SHARES)).micro - (said := theirs.get(token, ZERO_SHARES)).micro)
            > _ROUNDING.micro
        )

    async def _report(self, drift: Drift) -> None:
        log.warning("drift", what=drift.what, ledger=drift.ledger, venue=drift.venue)
        message = f"{drift.what}: our ledger says {drift.ledger}, the venue {drift.venue}"
        data = {"what": drift.what, "ledger": drift.ledger, "venue": drift.venue}
        await self._store.record_event(Event("drift", "warning", message, data), now_ns=self._clock.now_ns())
