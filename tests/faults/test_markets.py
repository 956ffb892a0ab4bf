"""Markets that are unknown, end or change under the bot, and targets who trade what one of us never had."""

from collections.abc import Iterable

from mischief import refused, silence, web_page
from scene import RAIN, SNOW, A, B, Scene, levels

from polybot.config.models import Execution
from polybot.core.ids import Wallet
from polybot.core.money import Price, Shares, Usdc
from polybot.polymarket.contracts import AUTO_REDEEMER

BUSY = refused(425, "matching engine restarting", headers={"Retry-After": "1"})


async def test_a_target_that_sells_what_it_never_bought(stage: Scene) -> None:
    async with stage.running() as bot:
        stage.exchange.grant(stage.account(stage.alice), B, Shares.parse("70"))
        stage.sells(stage.alice, B)
        await stage.enter(bot)
        await stage.leave(bot)
        assert bot.verdicts(stage.alice)[0] == "nothing_to_exit"
    assert await stage.complaints() == []


async def test_a_target_that_sells_what_we_never_bought(stage: Scene) -> None:
    stage.buys(stage.alice, A, "90")
    await stage.clock.advance(60)
    async with stage.running() as bot:
        stage.sells(stage.alice, A)
        await stage.until("decided", lambda: bot.verdicts(stage.alice) == ["nothing_to_exit"])
        await stage.enter(bot)
        await stage.leave(bot)
    assert [c for c in await stage.complaints() if "'90'): happened 1 times, seen 0 times" not in c] == []


async def test_a_market_that_resolves_while_an_exit_is_refused(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.enter(bot)
        busy = stage.meddler.on("clob", "/order", BUSY, method="POST")
        stage.sells(stage.alice, A)
        await stage.until("tried", lambda: busy.met > 1)
        stage.exchange.resolve(RAIN.condition, winner=A)
        await stage.until("paid out", lambda: not bot.holding(stage.alice, A))
        stage.meddler.off(busy)
        await stage.leave_bob(bot)
    assert await stage.complaints() == []


async def test_a_market_that_ends_half_and_half(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.enter(bot)
        cash, held = bot.portfolio.cash, bot.holding(stage.alice, A)
        stage.exchange.resolve(RAIN.condition, winner=None)
        await stage.until("paid out", lambda: not bot.holding(stage.alice, A))
        assert bot.portfolio.cash - cash == Usdc(held.micro // 2)
        await stage.leave_bob(bot)
    assert await stage.complaints() == []


async def test_winnings_and_losers_that_nobody_redeems_are_no_drift_nor_lost_at_a_restart(stage: Scene) -> None:
    ours = stage.account(Wallet(stage.ours.wallet.lower()))
    ours.operators -= {pair for pair in ours.operators if AUTO_REDEEMER.lower() in pair}
    async with stage.running() as bot:
        await stage.enter(bot)
        stage.exchange.resolve(RAIN.condition, winner=None)
        stage.exchange.resolve(SNOW.condition, winner=SNOW.outcomes[1].token)
        await stage.until("settled", lambda: not any(bot.portfolio.holdings().values()))
        stage.clock.set_speed(100)
        await stage.passes(200)
        assert "drift" not in {event.kind for _, event in await bot.store.queries.events(limit=50)}
    assert any(position.claim for position in stage.exchange.positions_of(ours.wallet)), "still to be redeemed"
    async with stage.running() as bot:
        assert bot.portfolio.payouts()[A] > Usdc(0)
    assert await stage.complaints() == []


async def test_a_resolution_the_socket_never_tells_of(stage: Scene) -> None:
    stage.meddler.frames["market"] = lambda frame: () if "market_resolved" in frame else (frame,)
    async with stage.running() as bot:
        await stage.enter(bot)
        stage.exchange.resolve(RAIN.condition, winner=RAIN.outcomes[1].token)
        stage.clock.set_speed(100)
        await stage.until("settled", lambda: not bot.holding(stage.alice, A))
        await stage.leave_bob(bot)
    assert await stage.complaints() == []


async def test_a_resolution_told_twice_with_another_winner_pays_once(stage: Scene) -> None:
    def twice(frame: str) -> Iterable[str]:
        lie = frame.replace(f'"winning_asset_id":"{A}"', f'"winning_asset_id":"{B}"')
        return (lie, frame, frame) if "market_resolved" in frame else (frame,)

    stage.meddler.frames["market"] = twice
    async with stage.running() as bot:
        await stage.enter(bot)
        stage.exchange.resolve(RAIN.condition, winner=A)
        await stage.until("settled", lambda: not bot.holding(stage.alice, A))
        await stage.leave_bob(bot)
    assert await stage.complaints() == []


async def test_a_tick_that_changes_between_the_book_and_the_order_is_learnt_again(stage: Scene) -> None:
    for market, token in ((RAIN, A), (SNOW, B)):
        stage.exchange.set_tick(market.condition, Price.parse("0.001"))
        stage.exchange.set_house_book(token, bids=levels(("0.500", "5000")), asks=levels(("0.520", "5000")))
    async with stage.running() as bot:
        await stage.enter(bot)
        stage.meddler.frames["market"] = lambda _: ()
        blind = stage.meddler.on("clob", "/book", web_page(502))
        stage.exchange.set_tick(RAIN.condition, Price.parse("0.01"))
        stage.buys(stage.alice, A, "33")
        await stage.until("refused", lambda: bot.counted("orders{outcome=refused}") == 1)
        stage.meddler.off(blind)
        await stage.passes(10)
        stage.buys(stage.alice, A, "33")
        await stage.leave(bot)
        assert bot.verdicts(stage.alice)[:3] == ["copy"] * 3
        assert bot.counted("orders{outcome=refused}") == 1
    assert await stage.complaints() == []


async def test_a_market_that_stops_taking_orders_is_left_alone_and_left_when_it_takes_them_again(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.enter(bot)
        not_ready = refused(400, "the market is not yet ready to process new orders")
        stage.meddler.on("clob", "/order", not_ready, method="POST", times=4)
        await stage.leave(bot)
    assert await stage.complaints() == []


async def test_a_resting_entry_ends_with_its_market(stage: Scene) -> None:
    settings = stage.settings(
        execution=Execution(order_timeout_s=4, max_book_age_ms=20_000, when_slippage_exceeded="passive")
    )
    stage.meddler.frames["user"] = silence
    async with stage.running(settings=settings) as bot:
        stage.buys(stage.alice, A, "100")
        stage.pull_asks(A)
        await stage.until("resting", lambda: bool(bot.bot.tracker.open_orders()))
        stage.exchange.resolve(RAIN.condition, winner=A)
        await stage.until("its money is free", lambda: bot.portfolio.free_cash() == bot.portfolio.cash)
        assert not bot.bot.tracker.open_orders()
    assert await stage.complaints() == []
