"""A simulator to test against: a still world of three markets, one for each exchange."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from polybot.core.book import Level
from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import FeeSchedule, Market, MarketVersion, Outcome
from polybot.core.money import Price, Ratio, Shares
from polybot.polymarket.token_ids import ctf_token_id, v2_position_id
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.moves import NO_GROUP, GroupId
from polybot.simulator.options import NO_CACHE, Delays, Endpoints, Options
from polybot.simulator.server import Simulator
from polybot.simulator.simclock import SimClock
from polybot.simulator.worlds.world import World
from polybot.utils.clock import SystemClock

V1 = ConditionId("0x" + "11" * 32)
NEG_RISK = ConditionId("0x" + "22" * 32)
POSITIONS = [v2_position_id(module=1, base_hash=b"\x33" * 16, outcome=n) for n in (0, 1)]
GROUP = GroupId("0x" + "22" * 31 + "00")
V2 = ConditionId(f"0x{int(POSITIONS[0]) >> 8:062x}00")
AT_ONCE = Delays(market_s=0.0, user_s=0.0, activity_s=0.0, data_api_s=0.0)
STILL = Options(delays=AT_ONCE, cache=NO_CACHE, machine_time=True)
"""No delays, no CDN; headers stamped by the machine's clock are fresh."""


@dataclass(frozen=True)
class Running:
    """`clock` may be pushed; it starts at the machine's own time."""

    simulator: Simulator
    urls: Endpoints
    clock: SimClock

    async def advance(self, seconds: float) -> None:
        """Everything due happens."""
        await self.simulator.control.advance(seconds)

    def market(self, condition: ConditionId) -> Market:
        market = self.simulator.world.exchange.market(condition)
        assert market is not None
        return market


def make_market(condition: ConditionId, *, neg_risk: bool, version: MarketVersion) -> Market:
    names = ("Yes", "No")
    tokens = (
        POSITIONS
        if version is MarketVersion.V2
        else [ctf_token_id(condition, outcome=n, neg_risk=neg_risk) for n in (0, 1)]
    )
    return Market(
        condition=condition,
        slug=f"will-it-rain-{condition[2:6]}",
        question=f"Will it rain ({condition[2:6]})?",
        version=version,
        neg_risk=neg_risk,
        outcomes=(Outcome(tokens[0], names[0]), Outcome(tokens[1], names[1])),
        tick=Price.parse("0.01"),
        min_order=Shares.parse("5"),
        fee=FeeSchedule(rate=Ratio.parse("0.04")),
        accepting_orders=True,
        closed=False,
    )


MARKETS = (
    make_market(V1, neg_risk=False, version=MarketVersion.V1),
    make_market(NEG_RISK, neg_risk=True, version=MarketVersion.V1),
    make_market(V2, neg_risk=False, version=MarketVersion.V2),
)


def level(price: str, size: str) -> Level:
    return Level(Price.parse(price), Shares.parse(size))


def still_world(now_ns: int) -> World:
    """Bid 0.50, ask 0.52 for the first outcome of each market; nothing happens by itself."""
    exchange = Exchange(now_ns=now_ns)
    for market in MARKETS:
        exchange.list_market(market, event_slug="weather", group=GROUP if market.neg_risk else NO_GROUP)
        exchange.set_house_book(
            TokenId(market.outcomes[0].token),
            bids=[level("0.50", "1000"), level("0.49", "500")],
            asks=[level("0.52", "1000"), level("0.53", "500")],
        )
    return World(exchange, ends_at_ns=now_ns, targets=[Wallet("0x" + "ee" * 20)])


@asynccontextmanager
async def running_simulator(options: Options = STILL) -> AsyncIterator[Running]:
    machine = SystemClock()
    clock = SimClock(machine, start_ns=machine.now_ns())
    running = Simulator(still_world(clock.now_ns()), clock, options)
    urls = await running.start()
    try:
        yield Running(running, urls, clock)
    finally:
        await running.stop()
