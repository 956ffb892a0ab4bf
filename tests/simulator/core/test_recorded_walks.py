"""Walks over recorded books by two independent public engines: our fills are theirs, in hundredths of a share."""

import json
from pathlib import Path
from typing import Any

from simvenue import Venue, market

from polybot.core.book import Level
from polybot.core.market import Side
from polybot.core.money import Price, Shares
from polybot.simulator.engine.model import Placement


def _levels(pairs: list[tuple[float, float]] | None) -> list[Level]:
    return [Level(Price.parse(str(price)), Shares.parse(str(size))) for price, size in pairs or []]


def _fill(case: dict[str, Any]) -> tuple[Venue, Placement]:
    venue = Venue(market(tick="0.001", rate=str(case["fee_rate"])))
    venue.quote(bids=_levels(case["bids"]), asks=_levels(case["asks"]))
    side = Side(case["side"])
    unlimited = 0.999 if side is Side.BUY else 0.001
    limit = Price.parse(str(min(max(case["limit"] or unlimited, 0.001), 0.999)))
    give = Shares.parse(str(case["amount"])).micro
    give -= give % 10_000
    get = give * 1_000_000 // limit.micro if side is Side.BUY else give * limit.micro // 1_000_000
    taker = venue.wallet("taker", cash="100000", yes="100000")
    return venue, venue.place(venue.order(taker, side, give, get - get % 100))


def test_fak_walks_give_the_same_shares_and_average_price(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "peers" / "fills-on-recorded-books.json").read_text())
    cases = [case for case in vectors["cases"] if case["engines_agree"]]
    assert len(cases) > 100
    for case in cases:
        venue, placed = _fill(case)
        expected = case["expect"]
        [trade_id] = placed.trades
        trade = venue.exchange.trade(trade_id)
        assert trade is not None
        levels = expected["levels"]
        assert abs(trade.shares.micro - expected["shares"] * 1e6) <= 10_000 * levels + 10_000
        assert abs(trade.price.micro - expected["avg_price"] * 1e6) <= 100
        assert abs(trade.fee.micro - expected["fee_per_level_rounded"] * 1e6) <= 1_000 * levels
