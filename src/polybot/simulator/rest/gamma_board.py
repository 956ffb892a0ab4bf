"""What Gamma shows of each market at this moment, which may be minutes old."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from polybot.core.book import Level
from polybot.core.ids import ConditionId, TokenId
from polybot.core.market import Market, MarketVersion
from polybot.core.money import MICRO, Usdc
from polybot.polymarket.token_ids import v2_position_id
from polybot.simulator.indexing.dials import Dials
from polybot.simulator.records import Records
from polybot.simulator.wire.gamma import Listed, Quote, Wire, event_stub, gamma_event, gamma_market
from polybot.simulator.worlds.houses import dice

_NS = 1_000_000_000


class GammaBoard:
    """Markets and events, ready to be sent."""

    def __init__(self, records: Records, dials: Dials) -> None:
        self.records = records
        self.dials = dials
        self._quotes: dict[ConditionId, tuple[int, Quote]] = {}
        self._wires: dict[ConditionId, tuple[Market, Quote, Wire]] = {}

    def shown(self, market: Market) -> Market:
        """Still open, if it was closed only just now."""
        options, closed_ns = self.dials.options, self.records.closed_ns(market)
        if closed_ns is None:
            return market
        if closed_ns + round(options.close_lag_s * _NS) > self.dials.now_ns():
            return replace(market, closed=False, accepting_orders=True, winner=None)
        return replace(market, accepting_orders=options.accepting_when_closed)

    def market(self, market: Market) -> Wire:
        """With its event and tags; shared, so not to be changed."""
        shown, quote = self.shown(market), self._quote(market)
        kept = self._wires.get(market.condition)
        if kept is None or kept[0] != shown or kept[1] is not quote:
            kept = self._wires[market.condition] = (shown, quote, self._write(market, shown, quote))
        return kept[2]

    def _write(self, market: Market, shown: Market, quote: Quote) -> Wire:
        known, slug = self.records.recorded(market), self.records.event_slug(market)
        listed = Listed(
            market=shown,
            question=self.records.question(market),
            quote=quote,
            event_slug=slug,
            event_id=self.records.event_id(market),
            started_ns=self.records.listed_ns(market),
            closed_ns=self.records.closed_ns(market),
            bookless=self._bookless(market),
            known=known,
        )
        wire = gamma_market(listed)
        wire.setdefault("events", [event_stub(slug, listed.event_id, market.question)])
        wire.setdefault("tags", [self.tag(slug)])
        return wire

    def event(self, slug: str, markets: list[Market]) -> Wire:
        wires = [{k: v for k, v in self.market(market).items() if k not in {"events", "tags"}} for market in markets]
        known: Mapping[str, Any] = (self.records.recorded(markets[0]).get("events") or [{}])[0]
        wire = gamma_event(slug, self.records.event_id(markets[0]), wires, known=known)
        wire.setdefault("tags", [self.tag(slug)])
        wire.setdefault("series", [self.series_of(slug)])
        return wire

    def grouped(self) -> dict[str, list[Market]]:
        groups: dict[str, list[Market]] = {}
        for market in self.records.markets():
            groups.setdefault(self.records.event_slug(market), []).append(market)
        return groups

    def tag(self, slug: str) -> Wire:
        """Made of the first word of an event's slug."""
        word = slug.split("-", 1)[0]
        return {"id": str(_number(f"tag:{word}")), "label": word.capitalize(), "slug": word}

    def series_of(self, slug: str) -> Wire:
        word = slug.split("-", 1)[0]
        head = {"id": str(_number(f"series:{word}")), "ticker": word, "slug": word, "title": word.capitalize()}
        return {**head, "seriesType": "single", "recurrence": "daily", "active": True, "closed": False}

    def _quote(self, market: Market) -> Quote:
        age_s = self.dials.options.quotes_age_s if self.dials.lag_s else 0.0
        period = int(self.dials.now_ns() // (age_s * _NS)) if age_s else -1
        kept = self._quotes.get(market.condition)
        if kept and period >= 0 and kept[0] == period and not market.closed:
            return kept[1]
        quote = self._quote_now(market)
        self._quotes[market.condition] = (period, quote)
        return quote

    def _quote_now(self, market: Market) -> Quote:
        """A closed market has no book, and until it is shown as closed its last prices."""
        volume = Usdc(self.records.volume(market).usdc)
        snapshot = self.records.snapshot(TokenId(market.outcomes[0].token))
        if snapshot is None:
            kept = self._quotes.get(market.condition)
            open_still = kept is not None and not self.shown(market).closed
            return kept[1] if kept and open_still else Quote(prices=self.records.prices(market), volume=volume)
        view = snapshot.view
        return Quote(
            prices=self.records.prices(market),
            bid=view.bids[0].price if view.bids else None,
            ask=view.asks[0].price if view.asks else None,
            last=self.records.last_trade(market),
            volume=volume,
            liquidity=Usdc(sum(map(_worth, (*view.bids, *view.asks)))),
        )

    def _bookless(self, market: Market) -> tuple[str, ...]:
        """Position ids of a v1 market, under which nothing trades."""
        share = self.dials.options.v1_positions_share
        if market.version is MarketVersion.V2 or not share:
            return ()
        if dice(self.dials.seed, of=f"positions:{market.condition}").random() >= share:
            return ()
        digest = hashlib.blake2b(market.condition.encode(), digest_size=16).digest()
        return tuple(v2_position_id(module=1, base_hash=digest, outcome=i) for i in (0, 1))


def _worth(level: Level) -> int:
    return level.size.micro * level.price.micro // MICRO


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=3).digest(), "big")
