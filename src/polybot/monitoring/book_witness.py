"""Second opinions: quiet, contradicted and lost books are read by REST, and a feed that fails is renewed."""

from collections.abc import Sequence
from heapq import nsmallest

from polybot.core.ids import TokenId
from polybot.monitoring.feed_port import BookFeed, WarmSettings
from polybot.monitoring.live_book import LiveBook, Witnessed
from polybot.monitoring.market_loader import MarketLoader
from polybot.monitoring.shelf import Shelf
from polybot.polymarket.rest.models import BookFrame
from polybot.ports.telemetry import Telemetry
from polybot.utils.clock import Clock
from polybot.utils.feed import Doorbell


class BookWitness:
    def __init__(
        self,
        *,
        shelf: Shelf,
        loader: MarketLoader,
        feed: BookFeed,
        clock: Clock,
        telemetry: Telemetry,
        settings: WarmSettings,
    ) -> None:
        self._shelf = shelf
        self._loader = loader
        self._feed = feed
        self._clock = clock
        self._telemetry = telemetry
        self._settings = settings
        self._bell = Doorbell()
        self._renewed_ns: dict[TokenId, int] = {}
        self._missing_ns: dict[TokenId, int] = {}
        """When the venue last said that it has no book."""

    def ring(self) -> None:
        """A book was lost: do not wait for the next round."""
        self._bell.ring()

    async def run(self) -> None:
        while True:
            await self._bell.heard(within_s=self._settings.witness_every_s / 2, clock=self._clock)
            await self.review()

    async def review(self) -> None:
        """Confirm what needs it in one request; renew the feed of what stays wrong or silent."""
        now_ns = self._clock.now_ns()
        for live in self._hashes_due():
            live.check_hash(now_ns=now_ns)
        due = self._due(now_ns)
        failing = {token: reason for token in due if (reason := self._failing(self._shelf.books[token], now_ns))}
        if due and (frames := await self._loader.books(due)) is not None:
            self._confirm(due, frames, asked_ns=now_ns)
        for token, reason in failing.items():
            self._renew(token, reason)

    def confirm(self, token: TokenId, frame: BookFrame, *, asked_ns: int) -> None:
        live = self._shelf.books.get(token)
        if live is None:
            return
        try:
            verdict = live.witness(frame, asked_ns=asked_ns)
            if verdict is not Witnessed.OLDER:
                self._shelf.re_tick(token, frame.tick_size)
        except ValueError:
            self._telemetry.count("book_refused")
        else:
            self._telemetry.count("book_witnessed", verdict=verdict.value)

    def _confirm(self, asked: Sequence[TokenId], frames: dict[TokenId, BookFrame], *, asked_ns: int) -> None:
        for token in asked:
            if frame := frames.get(token):
                self.confirm(token, frame, asked_ns=asked_ns)
            elif (live := self._shelf.books.get(token)) and (live.proven_ns or 0) <= asked_ns:
                live.distrust()
                self._missing_ns[token] = asked_ns

    def _hashes_due(self) -> list[LiveBook]:
        """A few books a round, doubted ones first, then in turn: each costs time that a fill may be waiting for."""
        due = (live for live in self._shelf.books.values() if live.hash_due)
        return nsmallest(
            self._settings.hashes_at_once, due, key=lambda live: (live.doubted_since_ns is None, live.hash_tried_ns)
        )

    def _due(self, now_ns: int) -> list[TokenId]:
        """The longest unproven first; tokens without a book are asked about less often."""
        quiet_since_ns = now_ns - round(self._settings.witness_every_s * 1e9)
        missing_since_ns = now_ns - round(self._settings.missing_every_s * 1e9)
        due = (
            (live.proven_ns or 0, token)
            for token, live in self._shelf.books.items()
            if (live.proven_ns or 0) <= quiet_since_ns and self._missing_ns.get(token, 0) <= missing_since_ns
        )
        return [token for _, token in nsmallest(self._settings.witness_batch, due)]

    def _failing(self, live: LiveBook, now_ns: int) -> str | None:
        limit_ns = round(self._settings.mismatch_s * 1e9)
        if live.doubted_since_ns is not None and now_ns - live.doubted_since_ns > limit_ns:
            return "mismatch"
        if live.behind_since_ns is not None and now_ns - live.behind_since_ns > limit_ns:
            return "silent"
        return None

    def _renew(self, token: TokenId, reason: str) -> None:
        now_ns = self._clock.now_ns()
        last_ns = self._renewed_ns.get(token)
        if last_ns is not None and now_ns - last_ns < self._settings.renew_every_s * 1e9:
            return
        try:
            self._feed.renew(token, reason=reason)
        except KeyError:  # being loaded or dropped: not subscribed at this moment
            return
        self._renewed_ns[token] = now_ns
        self._telemetry.count("book_feed_renewed", reason=reason)
