"""Fills simulated on the book, by the assumptions the venue states."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from shelf import StillShelf, make_market

from polybot.core.amounts import limit_amounts, market_buy_amounts
from polybot.core.fees import taker_fee
from polybot.core.ids import DecisionId, Wallet, intent_id
from polybot.core.market import FeeSchedule, Side
from polybot.core.money import ZERO_SHARES, ZERO_USDC, Price, Ratio, Shares, Usdc, cost_ceil
from polybot.core.orders import Amounts, Intent, OrderTerms, OurFill, TimeInForce
from polybot.ports.venue import Accepted, OrderReport, PreparedOrder, Refused, Report, SubmitOutcome
from polybot.utils.clock import ManualClock
from polybot.venues.paper import PaperOptions, PaperVenue

FEE = FeeSchedule(rate=Ratio.parse("0.04"))
MARKET = make_market(1, fee=FEE)
YES = MARKET.outcomes[0].token
TICK = MARKET.tick


@dataclass
class Paper:
    clock: ManualClock
    shelf: StillShelf
    venue: PaperVenue
    heard: list[Report]
    number: int = 0

    def prepared(self, side: Side, amounts: Amounts, *, limit: str, tif: TimeInForce, life_s: int = 0) -> PreparedOrder:
        self.number += 1
        decision = DecisionId(str(self.number))
        expires = self.clock.now_ns() // 1_000_000_000 + life_s if life_s else 0
        terms = OrderTerms(YES, MARKET.condition, side, Price.parse(limit), amounts, tif, expiration_s=expires)
        account = Wallet("0x" + "aa" * 20)
        intent = Intent(intent_id(decision, account=account, leg=0), decision, account, account, 0, terms, ZERO_USDC)
        return self.venue.prepare(intent, now_ns=self.clock.now_ns())

    def buy(self, spend: str, limit: str, tif: TimeInForce = TimeInForce.FAK) -> PreparedOrder:
        amounts = market_buy_amounts(spend=Usdc.parse(spend), price=Price.parse(limit), tick=TICK)
        return self.prepared(Side.BUY, amounts, limit=limit, tif=tif)

    def sell(
        self, shares: str, limit: str, tif: TimeInForce = TimeInForce.FAK, *, life_s: int = 0, side: Side = Side.SELL
    ) -> PreparedOrder:
        amounts = limit_amounts(side, price=Price.parse(limit), shares=Shares.parse(shares), tick=TICK)
        return self.prepared(side, amounts, limit=limit, tif=tif, life_s=life_s)

    async def submit(self, order: PreparedOrder) -> SubmitOutcome:
        async with asyncio.TaskGroup() as tasks:
            sent = tasks.create_task(self.venue.submit(order), name="submit")
            await self.clock.advance(1)
        return sent.result()

    def fills(self) -> list[OurFill]:
        return [report for report in self.heard if isinstance(report, OurFill)]


@pytest.fixture
async def paper() -> AsyncIterator[Paper]:
    clock, shelf = ManualClock(), StillShelf(MARKET)
    venue = PaperVenue(market_data=shelf, clock=clock, options=PaperOptions(latency_ms=250))
    scene = Paper(clock, shelf, venue, [])

    async def listen() -> None:
        async for report in venue.reports():
            scene.heard.append(report)

    tasks = [asyncio.create_task(listen(), name="listen"), asyncio.create_task(venue.watch_resting(), name="watch")]
    yield scene
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_an_order_meets_the_book_of_when_it_arrives(paper: Paper) -> None:
    sent = asyncio.create_task(paper.venue.submit(paper.buy("5", "0.5")), name="submit")
    await paper.clock.advance(0.2)
    assert not sent.done()
    paper.shelf.set_book(YES, asks=(("0.4", "100"),))
    await paper.clock.advance(0.1)
    assert isinstance(await sent, Accepted)
    (fill,) = paper.fills()
    assert fill.shares == Shares.parse("12.5")


async def test_a_taker_walks_the_levels_and_pays_the_fee_of_each(paper: Paper) -> None:
    paper.shelf.set_book(YES, asks=(("0.5", "10"), ("0.51", "4"), ("0.6", "99")))
    answer = await paper.submit(paper.buy("50", "0.51"))
    (fill,) = paper.fills()
    levels = [(Shares.parse("10"), Price.parse("0.5")), (Shares.parse("4"), Price.parse("0.51"))]
    assert isinstance(answer, Accepted)
    assert (answer.resting, answer.trades) == (False, (fill.trade,))
    assert fill.shares == Shares.parse("14")
    assert fill.usdc == cost_ceil(*levels[0]) + cost_ceil(*levels[1])
    assert fill.fee == taker_fee(*levels[0], FEE) + taker_fee(*levels[1], FEE)


async def test_what_was_taken_is_gone_until_the_book_changes(paper: Paper) -> None:
    paper.shelf.set_book(YES, asks=(("0.5", "10"),))
    await paper.submit(paper.buy("3", "0.5"))
    await paper.submit(paper.buy("50", "0.5"))
    assert [fill.shares for fill in paper.fills()] == [Shares.parse("6"), Shares.parse("4")]
    assert isinstance(await paper.submit(paper.buy("5", "0.5")), Refused)
    paper.shelf.set_book(YES, asks=(("0.5", "11"),))
    assert isinstance(await paper.submit(paper.buy("5", "0.5")), Accepted)


async def test_all_or_nothing_and_some_or_nothing_miss(paper: Paper) -> None:
    paper.shelf.set_book(YES, asks=(("0.5", "10"),))
    whole = await paper.submit(paper.buy("50", "0.5", TimeInForce.FOK))
    none = await paper.submit(paper.buy("5", "0.49"))
    assert [getattr(answer, "code", "") for answer in (whole, none)] == ["fok_not_filled", "fak_not_filled"]
    assert paper.fills() == []


async def test_a_resting_order_fills_at_its_limit_free_of_fee_when_the_book_comes(paper: Paper) -> None:
    order = paper.sell("10", "0.6", TimeInForce.GTC)
    answer = await paper.submit(order)
    assert isinstance(answer, Accepted)
    assert answer.resting
    paper.shelf.set_book(YES, bids=(("0.61", "4"),))
    await paper.clock.advance(1)
    (fill,) = paper.fills()
    assert (fill.shares, fill.usdc, fill.fee, fill.maker) == (Shares.parse("4"), Usdc.parse("2.4"), ZERO_USDC, True)
    paper.shelf.set_book(YES, bids=(("0.61", "40"),))
    await paper.clock.advance(1)
    assert await paper.venue.look_up(order.id) == OrderReport(
        order.id, open=False, matched=Shares.parse("10"), status="MATCHED"
    )


async def test_a_rest_expires_a_minute_early(paper: Paper) -> None:
    order = paper.sell("10", "0.6", TimeInForce.GTD, life_s=180)
    await paper.submit(order)
    await paper.clock.advance(110)
    assert isinstance(seen := await paper.venue.look_up(order.id), OrderReport)
    assert seen.open
    await paper.clock.advance(11)
    assert await paper.venue.look_up(order.id) == OrderReport(
        order.id, open=False, matched=ZERO_SHARES, status="CANCELED_EXPIRED_ORDER"
    )


async def test_a_closed_market_takes_no_orders_and_ends_what_rests(paper: Paper) -> None:
    order = paper.sell("10", "0.6", TimeInForce.GTC)
    await paper.submit(order)
    paper.shelf.close(YES)
    paper.shelf.set_book(YES, bids=(("0.99", "100"),))
    await paper.clock.advance(1)
    assert isinstance(seen := await paper.venue.look_up(order.id), OrderReport)
    assert (seen.open, seen.matched) == (False, ZERO_SHARES)
    assert isinstance(await paper.submit(paper.buy("5", "0.5")), Refused)


async def test_money_and_shares_are_the_ledger_s_business(paper: Paper) -> None:
    assert type(await paper.venue.balance()).__name__ == "NoAnswer"
    assert type(await paper.venue.holdings()).__name__ == "NoAnswer"
