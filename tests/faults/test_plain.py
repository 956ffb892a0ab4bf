"""Without a fault the scene plays to its end: what the other tests compare with."""

from scene import Scene


async def test_two_targets_are_followed_in_and_out(stage: Scene) -> None:
    async with stage.running() as bot:
        await stage.enter(bot)
        await stage.leave(bot)
    assert await stage.complaints() == []
    assert all(times == 1 for times in stage.posted().values())
