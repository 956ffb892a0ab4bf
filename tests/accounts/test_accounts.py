"""Our ledger against the venue's word, and positions that end with their market."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from scripted_venue import Plan
from trading_scene import ANN, BOB, CASH, MARKETS, NO, YES, Life, Scene, open_scene

from polybot.accounts.reconciler import Drift, Reconciler
from polybot.accounts.settlement import Settler
from polybot.core.ids import TokenId
from polybot.core.money import MICRO, ZERO_SHARES, Shares, Usdc
from polybot.core.orders import TradeStatus
from polybot.ports.market_data import Resolution
from polybot.ports.venue import Holding, NoAnswer

YES_WINS = Resolution(MARKETS[0], YES, 5)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with open_scene() as opened:
        yield opened


def reconciler(scene: Scene, life: Life) -> Reconciler:
    return Reconciler(venue=scene.venue, store=scene.store, portfolio=life.portfolio, clock=scene.clock)


def settler(scene: Scene, life: Life) -> Settler:
    return Settler(market_data=scene.shelf, store=scene.store, portfolio=life.portfolio, clock=scene.clock)


async def drifts_told(scene: Scene) -> list[str]:
    return [event.message for _, event in await scene.store.queries.events(limit=10) if event.kind == "drift"]


async def test_a_difference_is_told_when_two_looks_agree_and_only_once(scene: Scene) -> None:
    async with scene.life() as life:
        look = reconciler(scene, life).look
        scene.venue.cash, scene.venue.held = CASH - Usdc.parse("1"), []
        assert await look() == frozenset()
        assert await look() == {Drift("cash", "1000", "999")}
        await look()
        assert await drifts_told(scene) == ["cash: our ledger says 1000, the venue 999"]


async def test_a_balance_that_lags_is_no_drift(scene: Scene) -> None:
    async with scene.life() as life:
        look = reconciler(scene, life).look
        scene.venue.held = []
        for cash in ("990", "995", "1000"):
            scene.venue.cash = Usdc.parse(cash)
            assert await look() == frozenset()
        assert await drifts_told(scene) == []


async def test_shares_we_do_not_know_of_and_shares_the_venue_does_not_are_told(scene: Scene) -> None:
    async with scene.life() as life:
        scene.venue.plans.append(Plan(fill="7"))
        life.copier.submit(scene.order())
        await scene.run(1)
        look = reconciler(scene, life).look
        scene.venue.held = [Holding(NO, Shares.parse("3")), Holding(YES, Shares.parse("6.995"))]
        await look()
        assert await look() == {Drift(NO, "0", "3")}
        scene.venue.held = []
        await look()
        assert await look() == {Drift(YES, "7", "0")}


@pytest.mark.parametrize("winner", [YES, NO, None])
async def test_what_we_settled_and_the_venue_has_not_redeemed_is_no_drift(scene: Scene, winner: TokenId | None) -> None:
    async with scene.life() as life:
        scene.venue.plans.append(Plan(fill="7"))
        life.copier.submit(scene.order())
        await scene.run(1)
        look = reconciler(scene, life).look
        scene.venue.cash, scene.venue.held = life.portfolio.cash, [Holding(YES, Shares.parse("7"), redeemable=True)]
        assert [await look(), await look()] == [frozenset(), frozenset()], "it is ours until it is settled"
        await settler(scene, life).settle(Resolution(MARKETS[0], winner, 5))
        assert [await look(), await look()] == [frozenset(), frozenset()]
        scene.venue.cash, scene.venue.held = life.portfolio.cash, []
        assert [await look(), await look()] == [frozenset(), frozenset()]


async def test_what_we_settled_and_the_venue_still_trades_is_told(scene: Scene) -> None:
    async with scene.life() as life:
        scene.venue.plans.append(Plan(fill="7"))
        life.copier.submit(scene.order())
        await scene.run(1)
        scene.venue.cash, scene.venue.held = life.portfolio.cash, [Holding(YES, Shares.parse("7"))]
        await settler(scene, life).settle(YES_WINS)
        look = reconciler(scene, life).look
        await look()
        assert {drift.what for drift in await look()} == {"cash", YES}


async def test_a_venue_that_does_not_answer_proves_nothing(scene: Scene) -> None:
    async with scene.life() as life:
        look = reconciler(scene, life).look
        scene.venue.cash = scene.venue.held = NoAnswer("down")
        assert [await look(), await look()] == [frozenset(), frozenset()]


@pytest.mark.parametrize(("winner", "paid"), [(YES, "7"), (NO, "0"), (None, "3.5")])
async def test_a_resolution_pays_every_position_once(scene: Scene, winner: TokenId | None, paid: str) -> None:
    async with scene.life() as life:
        scene.venue.default = Plan(fill="3.5")
        for target in (ANN, BOB):
            life.copier.submit(scene.order(target=target))
        await scene.run(1)
        cash = life.portfolio.cash
        for _ in range(2):
            await settler(scene, life).settle(Resolution(MARKETS[0], winner, 5))
        assert life.portfolio.cash == cash + Usdc.parse(paid)
        assert life.portfolio.holdings()[YES] == ZERO_SHARES
        await scene.same_after_a_restart(life)


async def test_a_trade_that_fails_after_the_payout_is_taken_back_with_it(scene: Scene) -> None:
    scene.venue.trade_status = TradeStatus.MATCHED
    async with scene.life() as life:
        scene.venue.plans.append(Plan(fill="7"))
        life.copier.submit(scene.order())
        await scene.run(1)
        await settler(scene, life).settle(YES_WINS)
        scene.venue.move(next(iter(scene.venue.trades)), TradeStatus.FAILED)
        await scene.run(1)
        assert life.portfolio.cash == CASH
        await scene.same_after_a_restart(life)


async def test_a_fill_that_is_learnt_of_after_the_payout_is_paid(scene: Scene) -> None:
    async with scene.life() as life:
        scene.venue.mute = scene.venue.down = True
        scene.venue.plans.append(Plan(fill="7"))
        life.copier.submit(scene.order())
        await scene.settle()
        await settler(scene, life).settle(YES_WINS)
        assert life.portfolio.cash == CASH
        scene.venue.mute = scene.venue.down = False
        await scene.run(2)
        (fill,) = scene.venue.trades.values()
        assert life.portfolio.cash == CASH - fill.usdc + Usdc(7 * MICRO)
        await scene.same_after_a_restart(life)


async def test_the_settler_listens(scene: Scene) -> None:
    async with scene.life() as life:
        scene.venue.plans.append(Plan(fill="7"))
        life.copier.submit(scene.order())
        await scene.run(1)
        task = asyncio.create_task(settler(scene, life).run(), name="settler")
        scene.shelf.resolutions.put_nowait(YES_WINS)
        await scene.settle()
        assert life.portfolio.holdings()[YES] == ZERO_SHARES
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
