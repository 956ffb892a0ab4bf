"""Warm markets: reading them never waits, and a book is offered only while it can be trusted."""

import asyncio
import dataclasses

import pytest
from market_scene import MarketWorld, a_market, condition, no, yes
from msgspec.structs import replace

from polybot.core.ids import TokenId
from polybot.core.market import Side
from polybot.core.money import Price
from polybot.polymarket.streams.market import (
    Disconnected,
    LastTradePrice,
    MarketResolved,
    PriceChange,
    Reconnected,
    TickSizeChange,
)

BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture
def world() -> MarketWorld:
    return MarketWorld()


def resolved(winner: TokenId, number: int = 1) -> MarketResolved:
    return MarketResolved(
        market=condition(number).upper().replace("0X", "0x"),
        assets_ids=(yes(number), no(number)),
        winning_asset_id=winner,
        winning_outcome="Yes",
        timestamp="2000",
    )


async def test_a_cold_market_is_loaded_with_both_books(world: MarketWorld) -> None:
    async with world.running() as data:
        assert data.market(yes()) is None
        assert data.quote(yes()) is None
        assert await world.until_warm(data, yes())
        market = data.market(yes())
        assert market is not None
        assert (market.slug, market.condition) == ("market-1", condition(1))
        assert world.agrees(data, yes())
        assert world.agrees(data, no())
        assert world.feed.subscribed == {yes(), no()}


async def test_a_token_the_venue_does_not_know_is_not_ensured(world: MarketWorld) -> None:
    async with world.running() as data:
        assert not await world.until_warm(data, TokenId("404"))
        assert await world.until_warm(data, yes())


async def test_many_who_want_a_market_at_once_cause_one_load(world: MarketWorld) -> None:
    world.services.latency_s = 0.2
    async with world.running() as data, asyncio.TaskGroup() as group:
        wanting = [group.create_task(data.ensure(yes()), name=f"want-{n}") for n in range(5)]
        await world.clock.advance(0.5)
        assert all(task.result() for task in wanting)
        assert world.services.calls["market"] == 1


async def test_a_slow_venue_is_not_waited_for_longer_than_configured_but_the_load_goes_on(world: MarketWorld) -> None:
    world.services.latency_s = 4
    async with world.running() as data, asyncio.TaskGroup() as group:
        wanting = group.create_task(data.ensure(yes()), name="want")
        await world.clock.advance(3.5)
        assert wanting.result() is False
        await world.clock.advance(1)
        assert data.quote(yes()) is not None


async def test_a_venue_that_cannot_be_asked_is_not_ensured_and_is_asked_again(world: MarketWorld) -> None:
    world.services.down = True
    async with world.running() as data:
        assert not await world.until_warm(data, yes())
        world.services.down = False
        assert await world.until_warm(data, yes())


async def test_changes_move_the_book_at_once(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        await world.told(data, world.engine.change(BUY, "0.45", "7"), world.engine.change(SELL, "0.6", "0"))
        assert world.agrees(data, yes())


async def test_repeated_and_late_frames_do_no_harm(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        snapshot = world.engine.snapshot()
        first = world.engine.change(BUY, "0.45", "7")
        second = world.engine.change(BUY, "0.45", "9")
        await world.told(data, first, second, second, first, snapshot)
        assert world.agrees(data, yes())


async def test_a_malformed_change_costs_its_own_book_until_it_is_read_again(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        world.services.latency_s = 0.1
        frame = world.engine.change(BUY, "0.45", "7")
        broken = replace_change(frame, price="zero point four")
        await world.told(data, broken)
        assert data.quote(yes()) is None
        assert world.agrees(data, no())
        await world.clock.advance(0.2)
        assert world.agrees(data, yes())


def replace_change(frame: PriceChange, **fields: str) -> PriceChange:
    (change,) = frame.price_changes
    return replace(frame, price_changes=(replace(change, **fields),))


@pytest.mark.parametrize("kind", [Reconnected, Disconnected])
async def test_after_the_connection_changes_the_book_is_void_until_it_is_read_whole(
    world: MarketWorld, kind: type[Reconnected]
) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        world.services.down = True
        await world.told(data, kind(frozenset({yes()}), "reset"))
        assert data.quote(yes()) is None
        await world.told(data, world.engine.change(BUY, "0.45", "7"))
        assert data.quote(yes()) is None
        await world.told(data, world.engine.snapshot())
        assert world.agrees(data, yes())


async def test_while_the_socket_is_down_rest_keeps_books_usable(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        await world.told(data, Disconnected(frozenset({yes(), no()}), "no route"))
        for _ in range(5):
            world.engine.change(BUY, "0.45", "7")
            await world.clock.advance(3)
            assert world.agrees(data, yes())


async def test_a_quiet_market_stays_fresh_by_its_witness(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        await world.clock.advance(600)
        quote = data.quote(yes())
        assert quote is not None
        assert quote.age_ms <= 3_100
        assert world.feed.renewed == []


async def test_without_any_proof_the_age_grows(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        world.services.down = True
        await world.clock.advance(30)
        quote = data.quote(yes())
        assert quote is not None
        assert quote.age_ms >= 29_000


async def test_an_old_book_is_read_again_when_it_is_wanted(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        world.services.refused = {"books"}
        world.engine.change(BUY, "0.45", "7")
        await world.clock.advance(30)
        assert not world.agrees(data, yes())
        assert await world.until_warm(data, yes())
        assert world.agrees(data, yes())


async def test_a_warm_market_costs_no_request(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        await world.told(data, world.engine.change(BUY, "0.45", "7"))
        before = world.services.calls.total()
        assert await data.ensure(yes())
        assert world.services.calls.total() == before


async def test_many_quiet_books_are_witnessed_a_few_at_a_time(world: MarketWorld) -> None:
    for number in range(2, 101):
        world.services.add(a_market(number))
    async with world.running() as data:
        data.preload(yes(number) for number in range(1, 101))
        await world.clock.advance(20)
        assert world.services.largest_batch <= 50
        ages = [quote.age_ms for n in range(1, 101) if (quote := data.quote(yes(n)))]
        assert len(ages) == 100
        assert max(ages) <= 5_000


async def test_a_contradiction_that_lasts_voids_the_book_and_renews_the_feed(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        world.services.down = True
        world.engine.change(SELL, "0.5", "3")  # its frame is lost
        await world.told(data, world.engine.change(BUY, "0.41", "7"))
        await world.clock.advance(2.5)
        assert data.quote(yes()) is None
        world.services.down = False
        await world.clock.advance(2)
        assert world.agrees(data, yes())
        assert (yes(), "mismatch") in world.feed.renewed


async def test_a_contradiction_that_ends_soon_changes_nothing(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        late = world.engine.change(SELL, "0.5", "3")
        await world.told(data, world.engine.change(SELL, "0.5", "4"))
        await world.told(data, late)
        await world.clock.advance(10)
        assert world.feed.renewed == []
        assert world.agrees(data, yes())


async def test_a_feed_silent_for_one_token_is_noticed_by_rest_and_renewed(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        world.engine.change(BUY, "0.45", "7")
        await world.clock.advance(4)
        assert world.agrees(data, yes())
        await world.clock.advance(4)
        assert world.feed.renewed == [(yes(), "silent")]


async def test_a_lost_change_deep_in_the_book_is_found_by_the_hash(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        world.engine.change(BUY, "0.1", "55")  # its frame is lost; the top does not show it
        for size in "789":
            await world.told(data, world.engine.change(BUY, "0.41", size))
            await world.clock.advance(0.5)
        assert not world.agrees(data, yes())
        await world.clock.advance(4)
        assert world.agrees(data, yes())


async def test_a_hash_that_covers_something_unknown_does_not_stop_trading(world: MarketWorld) -> None:
    world.engine.salted = "?"
    async with world.running() as data:
        await world.until_warm(data, yes())
        for size in range(1, 120):
            await world.told(data, world.engine.change(BUY, "0.41", str(size)))
            await world.clock.advance(1)
        assert world.agrees(data, yes())
        assert len(world.feed.renewed) <= 2


async def test_a_trade_is_a_sign_of_life(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        world.services.down = True
        await world.clock.advance(9)
        await world.told(
            data,
            LastTradePrice(market=condition(1), asset_id=yes(), price="0.50", size="1", side="BUY", timestamp="1001"),
        )
        quote = data.quote(yes())
        assert quote is not None
        assert quote.age_ms == 0


async def test_a_new_tick_is_known_at_once(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        await world.told(
            data,
            TickSizeChange(
                market=condition(1), asset_id=yes(), old_tick_size="0.01", new_tick_size="0.001", timestamp="1001"
            ),
        )
        market = data.market(no())
        assert market is not None
        assert market.tick == Price.parse("0.001")


async def test_a_new_tick_that_the_feed_forgot_is_read_with_the_book(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        world.services.tick = "0.001"
        world.engine.change(BUY, "0.45", "7")
        await world.clock.advance(4)
        market = data.market(yes())
        assert market is not None
        assert market.tick == Price.parse("0.001")


async def test_tokens_without_a_book_do_not_starve_those_with_one(world: MarketWorld) -> None:
    for number in range(2, 101):
        world.services.add(a_market(number))
        if number > 10:
            del world.services.engines[yes(number)], world.services.engines[no(number)]
    world.feed.snapshots = False
    async with world.running() as data:
        data.preload(yes(number) for number in range(1, 101))
        await world.clock.advance(120)
        ages = [quote.age_ms for n in range(1, 11) if (quote := data.quote(yes(n)))]
        assert len(ages) == 10
        assert max(ages) <= 10_000


async def test_a_resolution_told_twice_is_reported_once(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.until_warm(data, yes())
        await world.told(data, resolved(yes()), resolved(yes()), resolved(TokenId("999")))
        ended = await data.next_resolution()
        assert (ended.market.condition, ended.winner) == (condition(1), yes())
        market = data.market(yes())
        assert market is not None
        assert market.closed
        assert not market.accepting_orders
        async with asyncio.TaskGroup() as group:
            another = group.create_task(data.next_resolution(), name="another")
            await world.clock.advance(200)
            assert not another.done()
            another.cancel()


async def test_a_resolution_the_feed_forgets_is_found_for_markets_we_hold(world: MarketWorld) -> None:
    world.services.add(a_market(2))
    world.held = {yes(2)}
    async with world.running() as data:
        await world.clock.advance(61)
        world.services.markets[condition(2)] = a_market(2, winner=no(2))
        await world.clock.advance(61)
        ended = await data.next_resolution()
        assert (ended.market.condition, ended.winner) == (condition(2), no(2))


async def test_a_tie_is_believed_once_the_final_prices_prove_it(world: MarketWorld) -> None:
    world.held = {no()}
    async with world.running() as data:
        await world.until_warm(data, yes())
        async with asyncio.TaskGroup() as group:
            ending = group.create_task(data.next_resolution(), name="ending")
            await world.told(data, resolved(TokenId("")))
            market = data.market(yes())
            assert market is not None
            assert (market.closed, market.resolved) == (True, False)
            world.services.markets[condition(1)] = dataclasses.replace(a_market(), closed=True)
            await world.clock.advance(61)
            assert not ending.done(), "closed without a result"
            world.services.markets[condition(1)] = a_market(tied=True)
            await world.told(data, resolved(TokenId("")))
            assert ending.done(), "the feed's word is followed by a question at once"
        assert (ending.result().market.condition, ending.result().winner) == (condition(1), None)


async def test_a_tie_the_feed_forgets_is_found_for_markets_we_hold(world: MarketWorld) -> None:
    world.held = {yes()}
    async with world.running() as data:
        await world.until_warm(data, yes())
        world.services.markets[condition(1)] = a_market(tied=True)
        await world.clock.advance(61)
        assert (await data.next_resolution()).winner is None


async def test_a_market_that_ended_while_we_were_away_is_reported_when_it_is_loaded(world: MarketWorld) -> None:
    world.services.markets[condition(1)] = a_market(1, winner=no())
    del world.services.engines[yes()]
    async with world.running() as data:
        world.feed.snapshots = False
        assert not await world.until_warm(data, yes())
        assert (await data.next_resolution()).winner == no()


async def test_the_least_wanted_markets_make_room_but_held_ones_stay(world: MarketWorld) -> None:
    for number in (2, 3, 4):
        world.services.add(a_market(number))
    world.held = {no(1)}
    async with world.running(max_markets=3) as data:
        for number in (1, 2, 3):
            await world.until_warm(data, yes(number))
        await world.until_warm(data, yes(4))
        assert [data.market(yes(number)) is not None for number in (1, 2, 3, 4)] == [True, False, True, True]
        assert world.feed.subscribed == {f(n) for n in (1, 3, 4) for f in (yes, no)}


async def test_a_market_that_took_no_orders_is_read_again_when_it_is_wanted_again(world: MarketWorld) -> None:
    market = a_market(1)
    world.services.markets[condition(1)] = dataclasses.replace(market, accepting_orders=False)
    async with world.running() as data:
        await world.until_warm(data, yes())
        assert (paused := data.market(yes())) is not None
        assert not paused.accepting_orders
        world.services.markets[condition(1)] = market
        await world.until_warm(data, yes())
        assert (reopened := data.market(yes())) is not None
        assert reopened.accepting_orders


async def test_preloading_warms_in_the_background_a_few_at_once(world: MarketWorld) -> None:
    for number in range(2, 10):
        world.services.add(a_market(number))
    world.services.latency_s = 1
    async with world.running() as data:
        data.preload(yes(number) for number in range(1, 10))
        await world.clock.advance(0.5)
        assert world.services.calls["market"] == 4
        await world.clock.advance(10)
        assert all(data.quote(yes(number)) for number in range(1, 10))


async def test_preloading_survives_a_failing_service(world: MarketWorld) -> None:
    world.services.down = True
    async with world.running() as data:
        data.preload([yes()])
        await world.clock.advance(10)
        assert data.quote(yes()) is None


async def test_frames_of_markets_nobody_wants_are_ignored(world: MarketWorld) -> None:
    async with world.running() as data:
        await world.told(data, world.engine.snapshot(), world.engine.change(BUY, "0.45", "7"), resolved(yes(9), 9))
        assert data.quote(yes()) is None
