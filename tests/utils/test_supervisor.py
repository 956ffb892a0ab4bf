"""Tasks restart with backoff, report every failure, and never outlive their scope."""

import asyncio

import pytest

from polybot.utils.clock import ManualClock
from polybot.utils.retry import Backoff
from polybot.utils.supervisor import Supervisor, TaskEnded, TaskReport, TaskState

DOUBLING = Backoff(base_s=1.0, cap_s=4.0)


class Scene:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.reports: list[TaskReport] = []
        self.supervisor = Supervisor(clock=self.clock, report=self.reports.append, jitter=lambda: 1.0)


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_failing_work_is_started_again_after_growing_pauses(scene: Scene) -> None:
    starts: list[float] = []

    async def work() -> None:
        starts.append(scene.clock.monotonic())
        raise OSError("no route")

    async with scene.supervisor:
        scene.supervisor.keep("feed", work, backoff=DOUBLING)
        await scene.clock.advance(12)
    assert starts == [0, 1, 3, 7, 11]
    assert [report.restart_in_s for report in scene.reports] == [1, 2, 4, 4, 4]
    assert "no route" in scene.supervisor.status()["feed"].last_error


async def test_a_long_healthy_run_makes_the_next_pause_short_again(scene: Scene) -> None:
    async def work() -> None:
        await scene.clock.sleep(60)
        raise OSError("reset")

    async with scene.supervisor:
        scene.supervisor.keep("feed", work, backoff=DOUBLING)
        await scene.clock.advance(200)
    assert {report.restart_in_s for report in scene.reports} == {1}


async def test_a_feed_that_ends_is_a_failure(scene: Scene) -> None:
    async def work() -> None:
        return

    async with scene.supervisor:
        scene.supervisor.keep("feed", work)
        await scene.clock.advance(0)
    assert isinstance(scene.reports[0].error, TaskEnded)


async def test_critical_work_stays_down_and_says_so(scene: Scene) -> None:
    async def work() -> None:
        raise ValueError("bug")

    async with scene.supervisor:
        scene.supervisor.critical("copier", work)
        await scene.clock.advance(100)
        assert scene.supervisor.status()["copier"].state is TaskState.FAILED
    (report,) = scene.reports
    assert report.critical
    assert report.restart_in_s is None


async def test_background_work_runs_once_and_leaves_no_trace(scene: Scene) -> None:
    runs: list[int] = []

    async def work() -> None:
        runs.append(1)
        await scene.clock.sleep(1)

    async with scene.supervisor:
        scene.supervisor.once("warm", work)
        scene.supervisor.once("warm", work)
        await scene.clock.advance(2)
        assert scene.supervisor.status() == {}
    assert runs == [1]
    assert scene.reports == []


async def test_leaving_the_scope_cancels_everything_and_waits(scene: Scene) -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await scene.clock.sleep(3600)
        finally:
            await asyncio.sleep(0)
            ended.append("yes")

    async with scene.supervisor:
        scene.supervisor.keep("a", work)
        scene.supervisor.critical("b", work)
        await scene.clock.advance(1)
    assert ended == ["yes", "yes"]
    assert scene.reports == []


async def test_two_tasks_of_one_name_are_refused(scene: Scene) -> None:
    async def work() -> None:
        await scene.clock.sleep(3600)

    async with scene.supervisor:
        scene.supervisor.keep("a", work)
        with pytest.raises(ValueError, match="'a' is running"):
            scene.supervisor.keep("a", work)


async def test_one_task_can_be_stopped_alone(scene: Scene) -> None:
    async def work() -> None:
        await scene.clock.sleep(3600)

    async with scene.supervisor:
        scene.supervisor.keep("a", work)
        await scene.clock.advance(0)
        await scene.supervisor.cancel("a")
        await scene.supervisor.cancel("unknown")
        scene.supervisor.keep("a", work)
        assert scene.supervisor.status()["a"].state is TaskState.RUNNING
