"""From the feeds to the queue: nothing lost, nothing twice, one target's trouble is nobody else's."""

import pytest
from detection_scene import ANN, BOB, YES, World

from polybot.core.fills import PositionChange
from polybot.core.money import Shares
from polybot.monitoring.detector import DetectorSettings, Target
from polybot.polymarket.rest.gamma_models import Profile
from polybot.polymarket.streams.activity import FeedGap


@pytest.fixture
def world() -> World:
    return World()


async def test_with_the_stream_dead_the_poll_finds_everything_fast(world: World) -> None:
    world.feed.alive = False
    async with world.bot() as bot:
        world.trade(tx="0x01")
        world.trade(tx="0x02", wallet=BOB)
        await world.clock.advance(2)
        assert {order.target for order in await bot.copy()} == {ANN, BOB}


async def test_with_the_poll_dead_the_stream_still_brings_fills(world: World) -> None:
    async with world.bot() as bot:
        world.data.down = {ANN, BOB}
        await world.clock.advance(60)
        world.feed.push(world.pushed(world.trade(tx="0x01")))
        (order,) = await bot.copy()
        assert order.target == ANN


async def test_both_feeds_show_a_fill_and_it_is_one_order(world: World) -> None:
    async with world.bot() as bot:
        row = world.trade(tx="0x01")
        world.feed.push(world.pushed(row), world.pushed(row))
        await world.clock.advance(120)
        world.feed.push(world.pushed(row))
        await world.clock.advance(120)
        assert len(await bot.copy()) == 1


async def test_a_repeated_frame_asks_the_witness_at_once_and_finds_the_twin(world: World) -> None:
    async with world.bot() as bot:
        row = world.trade(tx="0x01")
        world.trade(tx="0x01")
        world.feed.push(world.pushed(row), world.pushed(row))
        await world.clock.advance(0.1)
        assert len(await bot.copy()) == 2


async def test_a_healthy_stream_makes_polling_gentle_and_its_death_fast_again(world: World) -> None:
    async with world.bot():
        before = world.data.calls[ANN]
        await world.clock.advance(60)
        assert world.data.calls[ANN] - before == 3
        world.feed.alive = False
        await world.clock.advance(60)
        assert world.data.calls[ANN] - before >= 30


async def test_a_gap_of_the_stream_sweeps_every_target_at_once(world: World) -> None:
    async with world.bot() as bot:
        world.trade(tx="0x01")
        world.trade(tx="0x02", wallet=BOB)
        world.feed.push(FeedGap("reconnected"))
        await world.clock.advance(0.1)
        assert len(await bot.copy()) == 2


async def test_a_backlog_of_many_pages_comes_whole_and_in_order() -> None:
    world = World(page_rows=3)
    async with world.bot() as bot:
        await world.clock.advance(100)
        twin_at_the_page_edge = ["0x01", "0x02", "0x03", "0x03", "0x04", "0x05", "0x06"]
        for tx in twin_at_the_page_edge:
            world.trade(tx=tx, ago_s=50 - int(tx, 16))
        await world.clock.advance(20)
        assert [order.fills[0].seen.tx for order in await bot.copy()] == twin_at_the_page_edge


async def test_nothing_before_the_first_start_is_copied_unless_asked(world: World) -> None:
    world.trade(tx="0x01", ago_s=30)
    world.trade(tx="0x02", wallet=BOB, ago_s=30)
    asked = Target(BOB, "bob", since_s=world.now_s() - 60)
    async with world.bot(Target(ANN, "ann"), asked) as bot:
        await world.clock.advance(30)
        assert [order.target for order in await bot.copy()] == [BOB]
    async with world.bot(Target(ANN, "ann"), asked) as bot:
        await world.clock.advance(30)
        assert await bot.copy() == []


async def test_fills_missed_while_down_come_after_the_restart_and_old_ones_do_not(world: World) -> None:
    async with world.bot() as bot:
        world.trade(tx="0x01")
        await world.clock.advance(30)
        assert len(await bot.copy()) == 1
        await bot.detector.save()
    await world.clock.advance(3 * 86_400)
    world.trade(tx="0x02", side="SELL", size="4", ago_s=2 * 86_400)
    async with world.bot() as bot:
        await world.clock.advance(30)
        (order,) = await bot.copy()
        assert order.fills[0].seen.tx == "0x02"
        assert order.held_before == Shares.parse("10")
        assert order.change is PositionChange.REDUCED


async def test_an_order_that_was_never_acknowledged_comes_again_after_a_restart(world: World) -> None:
    async with world.bot() as bot:
        world.trade(tx="0x01")
        await world.clock.advance(30)
        world.trade(tx="0x02")
        await world.clock.advance(30)
        first, second = await bot.take()
        world.store.commit(second)
        bot.detector.acknowledge(second)
        await world.clock.advance(600)
    async with world.bot() as bot:
        await world.clock.advance(30)
        assert [order.id for order in await bot.copy()] == [first.id]


async def test_memory_of_long_ago_is_given_back_and_its_rows_stay_refused(world: World) -> None:
    settings = DetectorSettings(memory_s=600)
    async with world.bot(Target(ANN, "ann"), settings=settings) as bot:
        old = world.trade(tx="0x01")
        await world.clock.advance(3600)
        world.trade(tx="0x02")
        await world.clock.advance(60)
        assert len(await bot.copy()) == 2
        await world.clock.advance(60)
        world.feed.push(world.pushed(old))
        assert await bot.copy() == []


async def test_one_target_that_fails_does_not_delay_the_others(world: World) -> None:
    world.data.down = {ANN}
    world.feed.alive = False
    async with world.bot() as bot:
        for second in range(1, 11):
            world.trade(tx=f"0x{second:02x}", wallet=BOB)
            await world.clock.advance(2)
        assert len(await bot.copy()) == 10
        world.trade(tx="0xaa")
        world.data.down = set()
        await world.clock.advance(60)
        assert [order.target for order in await bot.copy()] == [ANN]


async def test_failing_polls_back_off(world: World) -> None:
    world.feed.alive = False
    world.data.down = {ANN}
    async with world.bot():
        await world.clock.advance(600)
        assert 0 < world.data.calls[ANN] < 10 + 600 / 30
        assert world.data.calls[BOB] >= 290


async def test_rows_that_are_no_plain_trades_and_rows_from_the_future_cost_only_themselves(world: World) -> None:
    async with world.bot() as bot:
        world.trade(tx="0x01", kind="REDEEM")
        world.trade(tx="0x02", token=type(YES)("not a number"))
        world.trade(tx="0x03", ago_s=-100_000)
        world.trade(tx="0x04")
        await world.clock.advance(40)
        assert [order.fills[0].seen.tx for order in await bot.copy()] == ["0x04"]
        await bot.detector.save()
        assert world.store.cursors[ANN] <= world.now_s()


async def test_each_change_of_a_position_is_named_with_what_was_held(world: World) -> None:
    world.data.held = {ANN: {YES: "10"}}
    world.data.last_event_s = world.now_s() - 500
    async with world.bot() as bot:
        await world.clock.advance(1)
        for tx, side, size in (
            ("0x01", "BUY", "5"),
            ("0x02", "SELL", "6"),
            ("0x03", "SELL", "9"),
            ("0x04", "BUY", "1"),
        ):
            world.trade(tx=tx, side=side, size=size)
            await world.clock.advance(20)
        orders = await bot.copy()
        assert [order.change for order in orders] == [
            PositionChange.INCREASED,
            PositionChange.REDUCED,
            PositionChange.CLOSED,
            PositionChange.OPENED,
        ]
        assert [str(order.held_before) for order in orders] == ["10", "15", "9", "0"]


async def test_a_fill_the_loaded_position_contains_already_is_not_counted_twice(world: World) -> None:
    world.data.held = {ANN: {YES: "10"}}
    world.data.last_event_s = world.now_s() + 1
    async with world.bot() as bot:
        world.trade(tx="0x01", size="4")
        await world.clock.advance(20)
        world.trade(tx="0x02", side="SELL", size="5")
        await world.clock.advance(20)
        assert [str(order.held_before) for order in await bot.copy()] == ["6", "10"]


async def test_reconciliation_reports_and_corrects_what_was_missed(world: World) -> None:
    async with world.bot() as bot:
        world.trade(tx="0x01", size="10")
        await world.clock.advance(30)
        await bot.copy()
        world.data.held = {ANN: {YES: "7"}}
        world.data.last_event_s = world.now_s()
        await world.clock.advance(400)
        (event,) = [event for event in world.events if event.kind == "position_drift"]
        assert (event.data["tracked"], event.data["reported"]) == ("10", "7")
        world.trade(tx="0x02", side="SELL", size="7")
        await world.clock.advance(20)
        (order,) = await bot.copy()
        assert order.change is PositionChange.CLOSED


async def test_a_redeemed_position_is_corrected_without_alarm(world: World) -> None:
    world.data.held = {ANN: {YES: "10"}}
    world.data.redeemable = {YES}
    async with world.bot():
        world.data.held = {}
        await world.clock.advance(400)
        assert world.events == []
        assert world.store.positions[ANN] == {}


async def test_a_position_that_has_just_moved_is_no_drift(world: World) -> None:
    settings = DetectorSettings(positions_sync_interval_s=30)
    async with world.bot(settings=settings) as bot:
        await world.clock.advance(15)
        world.feed.push(world.pushed(world.trade(tx="0x01")))
        await world.clock.advance(16)
        assert len(await bot.copy()) == 1
        assert world.events == []


async def test_positions_that_cannot_be_read_at_the_start_are_read_later(world: World) -> None:
    world.data.held = {ANN: {YES: "10"}}
    world.data.down = {ANN}
    async with world.bot() as bot:
        assert [event.kind for event in world.events] == ["positions_unread"]
        world.data.down = set()
        await world.clock.advance(90)
        world.trade(tx="0x01", side="SELL", size="5")
        await world.clock.advance(30)
        (order,) = await bot.copy()
        assert order.held_before == Shares.parse("10")


async def test_the_cursor_waits_for_fills_that_are_not_stored(world: World) -> None:
    async with world.bot() as bot:
        await world.clock.advance(10)
        row = world.trade(tx="0x01")
        await world.clock.advance(60)
        world.trade(tx="0x02")
        await world.clock.advance(60)
        assert world.store.cursors[ANN] == row.timestamp
        await bot.copy()
        await world.clock.advance(60)
        assert world.store.cursors[ANN] == row.timestamp + 60


async def test_a_slow_copier_stops_the_feeds_and_loses_nothing(world: World) -> None:
    settings = DetectorSettings(queue_limit=5, queue_alarm=3)
    async with world.bot(settings=settings) as bot:
        world.feed.push(*(world.pushed(world.trade(tx=f"0x{n:02x}")) for n in range(1, 31)))
        await world.clock.advance(1)
        assert bot.detector.status().waiting == 5
        assert [event.kind for event in world.events] == ["queue_long"]
        taken = []
        while waiting := await bot.copy():
            taken += waiting
        assert len(taken) == 30


async def test_a_signing_address_is_explained(world: World) -> None:
    world.profiles.known[ANN] = Profile(wallet=BOB)
    async with world.bot(Target(ANN, "ann")):
        (event,) = world.events
        assert event.kind == "target_is_signer"
        assert BOB in event.message


async def test_a_sweep_that_breaks_off_in_the_middle_is_read_again_whole() -> None:
    world = World(page_rows=2)
    async with world.bot(Target(ANN, "ann")) as bot:
        for number in range(5):
            world.trade(tx=f"0x{number}")
        world.data.breaks_at_cursor = "2"
        await world.clock.advance(40)
        assert len(await bot.copy()) == 5


async def test_size_differences_are_different_fills(world: World) -> None:
    async with world.bot() as bot:
        sizes = ["28.86", "121.34"]
        world.feed.push(*(world.pushed(world.trade(tx="0x01", size=size)) for size in sizes))
        assert [str(order.shares) for order in await bot.copy()] == sizes
