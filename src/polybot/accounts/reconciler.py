"""Compares our ledger with what the venue says of our account, and reports; it never corrects the ledger.

The venue's balance lags settlement (it is cached) and its positions are rounded, so only a difference that
two looks in a row agree on is reported. We book what a resolved market pays at once, the venue when it is redeemed,
and worthless shares stay with it for ever.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from polybot.core.money import ZERO_SHARES, ZERO_USDC, Shares, Usdc
from polybot.core.portfolio import Portfolio
from polybot.ports.store import Event, Store
from polybot.ports.venue import Holding, NoAnswer, Venue
from polybot.utils.clock import Clock

log = structlog.get_logger(__name__)

_ROUNDING = Shares(10_000)
"""The Data API rounds sizes."""


@dataclass(frozen=True, slots=True)
class Drift:
    """`what` is "cash" (without what is to be redeemed) or a token; ledger and venue as decimal text."""

    what: str
    ledger: str
    venue: str


def unredeemed(holdings: Iterable[Holding], portfolio: Portfolio) -> Usdc:
    """What we have booked of resolved markets and the venue still has to pay."""
    paid = portfolio.payouts()
    return sum((paid.get(holding.token, ZERO_USDC) for holding in holdings if holding.redeemable), ZERO_USDC)


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
        holdings = await self._venue.holdings()
        drifts: frozenset[Drift] = frozenset()
        if not isinstance(holdings, NoAnswer):
            drifts = await self._cash(holdings) | self._shares(holdings)
        proven = drifts & self._suspected
        self._suspected = drifts
        for drift in proven - self._reported:
            await self._report(drift)
        self._reported = proven
        return proven

    async def _cash(self, holdings: Sequence[Holding]) -> frozenset[Drift]:
        venue = await self._venue.balance()
        ledger = self._portfolio.cash - unredeemed(holdings, self._portfolio)
        if isinstance(venue, NoAnswer) or venue == ledger:
            return frozenset()
        return frozenset({Drift("cash", str(ledger), str(venue))})

    def _shares(self, holdings: Sequence[Holding]) -> frozenset[Drift]:
        settled = self._portfolio.payouts().keys()
        theirs = {h.token: h.shares for h in holdings if not (h.redeemable and h.token in settled)}
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
