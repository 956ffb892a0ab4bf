"""Sockets that stall, lie, repeat, close or never come up: nothing is lost and nothing is done twice."""

from collections.abc import Callable

import pytest
from meddler import Frames
from mischief import Dropped, Rubbish, Swapped, doubled, lost_request, silence, web_page
from scene import A, B, Scene

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


async def test_a_fill_only_the_socket_has_seen_while_the_data_api_is_down(stage: Scene) -> None:
    async with stage.running() as bot:
        down = stage.meddler.on("data", "/v2/", web_page(502))
        await stage.enter(bot)
        await stage.passes(30)
        stage.meddler.off(down)
        await stage.leave(bot)
        assert [bot.holding(stage.alice, A), bot.holding(stage.bob, B)] == [bot.holding(stage.bob, A)] * 2
    assert await stage.complaints() == []
