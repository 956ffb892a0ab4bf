"""Sockets that stall, lie, repeat, close or never come up: nothing is lost and nothing is done twice."""

import asyncio
from collections.abc import Callable, Iterable

import pytest
from meddler import Frames
from mischief import Dropped, Rubbish, Swapped, doubled, held_until, lost_request, silence, web_page
from scene import A, Scene

SOCKETS = ("market", "user", "activity")


@pytest.mark.parametrize("name", SOCKETS)
async def test_a_socket_that_answers_pings_and_says_nothing_else(stage: Scene, name: str) -> None:
    stage.meddler.frames[name] = silence
    async with stage.running() as bot:
        await stage.enter(bot)
        await stage.leave(bot)
    assert await stage.complaints() == []


@pytest.mark.parametrize(
    "frames",
    [pytest.param(f, id=i) for f, i in ((lambda: doubled, "doubled"), (Swapped, "swapped"), (Rubbish, "rubbish"))],
)
async def test_frames_that_repeat_or_come_out_of_order_or_are_nonsense(
    stage: Scene, frames: Callable[[], Frames]
) -> None:
    for name in SOCKETS:
        stage.meddler.frames[name] = frames()
    async with stage.running() as bot:
        await stage.enter(bot)
        await stage.leave(bot)
    assert await stage.complaints() == []


async def test_frames_that_get_lost(stage: Scene) -> None:
    for name, nth in zip(SOCKETS, (2, 2, 3), strict=True):
        stage.meddler.frames[name] = Dropped(nth)
    async with stage.running() as bot:
        await stage.enter(bot)
        await stage.leave(bot)
    assert await stage.complaints() == []


async def test_sockets_that_close_again_and_again(stage: Scene) -> None:
    async with stage.running() as bot:
        for act in (stage.enter, stage.leave):
            for name in SOCKETS:
                await stage.meddler.close(name)
            await act(bot)
        await stage.until("all are back", lambda: all(n > 1 for n in stage.meddler.connections.values()))
    assert await stage.complaints() == []


async def test_sockets_that_cannot_be_opened(stage: Scene) -> None:
    for name in SOCKETS:
        stage.meddler.on(name, "/", web_page(403) if name == "market" else lost_request)
    async with stage.running() as bot:
        await stage.enter(bot)
        await stage.leave(bot)
    assert stage.meddler.connections == dict.fromkeys(SOCKETS, 0)
    assert await stage.complaints() == []


async def test_an_activity_socket_that_stalls_in_the_middle(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.enter(bot)
        stage.meddler.frames["activity"] = silence
        await stage.leave(bot)
    assert await stage.complaints() == []


async def test_news_of_strangers_and_unknown_tokens_disturbs_nobody(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.until("the socket is up", lambda: stage.meddler.connections["activity"] > 0)
        for token in ("7", "0", "not-a-number", "9" * 90):
            await stage.meddler.push("activity", stage.heard(stage.alice, token))
        await stage.enter(bot)
        await stage.leave(bot)
    assert {"market_unknown"} <= set(bot.verdicts(stage.alice))
    assert [c for c in await stage.complaints() if "happened 0 times" not in c] == []


async def test_a_sale_that_is_heard_of_before_the_purchase(stage: Scene) -> None:
    """The purchase is found by the poll when the target is long out again: it is not copied any more."""
    stage.meddler.frames["activity"] = lambda frame: () if '"BUY"' in frame else (frame,)
    async with stage.running() as bot:
        held_back = asyncio.Event()
        stage.meddler.on("data", "/v2/activity", held_until(held_back))
        stage.buys(stage.alice, A, "100")
        await stage.passes(3)
        stage.sells(stage.alice, A)
        await stage.until("sale heard of", lambda: len(bot.verdicts(stage.alice)) == 1)
        stage.meddler.clear()
        held_back.set()
        await stage.until("purchase found", lambda: len(bot.verdicts(stage.alice)) == 2)
        await stage.enter(bot)
        await stage.leave(bot)
        assert bot.verdicts(stage.alice)[:2] == ["nothing_to_exit", "overtaken"]
    assert await stage.complaints() == []


async def test_reports_about_orders_that_are_not_ours_change_nothing(stage: Scene) -> None:
    async with stage.running() as bot:
        seen: list[str] = []

        def repeat(frame: str) -> Iterable[str]:
            """Everything once more, about other orders and under other names."""
            seen.append(frame)
            return (frame.replace("0x", "0x7", 1), frame)

        stage.meddler.frames["user"] = repeat
        await stage.enter(bot)
        await stage.meddler.push("user", *(frame.replace("CONFIRMED", "MATCHED") for frame in seen))
        await stage.leave(bot)
    assert await stage.complaints() == []
