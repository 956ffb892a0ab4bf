"""The one owner of long-lived tasks: named, restarted with backoff, cancelled together, never silently dead."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Self

from polybot.utils.clock import Clock
from polybot.utils.retry import Backoff, Random

Work = Callable[[], Awaitable[None]]

RESTART = Backoff(base_s=1.0, cap_s=30.0)


class TaskState(StrEnum):
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TaskReport:
    """A task failed. `restart_in_s` None: it stays down. `critical`: the bot must not trade without it."""

    name: str
    error: Exception
    failures: int
    restart_in_s: float | None
    critical: bool = False


@dataclass(slots=True)
class TaskStatus:
    state: TaskState = TaskState.RUNNING
    failures: int = 0
    last_error: str = ""


class TaskEnded(RuntimeError):
    """Work that should run until cancelled returned."""


class Supervisor:
    """A scope of tasks: leaving it cancels them all and waits until the last has ended.

    `report` hears every failure, on the loop; what stops trading is its decision.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        report: Callable[[TaskReport], None],
        jitter: Random = random.random,
    ) -> None:
        self._clock = clock
        self._report = report
        self._jitter = jitter
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._status: dict[str, TaskStatus] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Cancel everything and wait for the ends. Safe to repeat."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def keep(self, name: str, work: Work, *, backoff: Backoff = RESTART) -> None:
        """Run until cancelled; a failure, or an end, is reported and the work started again after a backoff."""
        self._start(name, self._kept(name, work, backoff))

    def critical(self, name: str, work: Work) -> None:
        """Run until cancelled; a failure, or an end, is reported as critical and final."""
        self._start(name, self._endless(name, work))

    def once(self, name: str, work: Work) -> None:
        """Run to its end in the background; a failure is reported. Does nothing while `name` still runs."""
        if name not in self._tasks:
            self._start(name, self._single(name, work))

    def status(self) -> dict[str, TaskStatus]:
        """Every task by name; a background job leaves the list when it has ended well."""
        return dict(self._status)

    async def cancel(self, name: str) -> None:
        """Stop one task and wait for its end; an unknown name is ignored."""
        if task := self._tasks.get(name):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _start(self, name: str, body: Coroutine[None, None, None]) -> None:
        if name in self._tasks:
            body.close()
            raise ValueError(f"a task named {name!r} is running already")
        self._status[name] = TaskStatus()
        task = asyncio.create_task(body, name=name)
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name))

    async def _attempt(self, work: Work) -> Exception | None:
        """The edge: the only place where any error of any work is caught."""
        try:
            await work()
        except Exception as error:
            return error
        return None

    async def _kept(self, name: str, work: Work, backoff: Backoff) -> None:
        status = self._status[name]
        while True:
            status.state, began = TaskState.RUNNING, self._clock.monotonic()
            error = await self._attempt(work) or TaskEnded(f"{name} ended")
            if self._clock.monotonic() - began > backoff.cap_s:
                status.failures = 0
            wait_s = backoff.delay_s(status.failures, self._jitter)
            self._failed(name, error, restart_in_s=wait_s)
            await self._clock.sleep(wait_s)

    async def _endless(self, name: str, work: Work) -> None:
        error = await self._attempt(work) or TaskEnded(f"{name} ended")
        self._failed(name, error, critical=True)

    async def _single(self, name: str, work: Work) -> None:
        if error := await self._attempt(work):
            self._failed(name, error)
        else:
            del self._status[name]

    def _failed(
        self, name: str, error: Exception, *, restart_in_s: float | None = None, critical: bool = False
    ) -> None:
        status = self._status[name]
        status.state = TaskState.FAILED if restart_in_s is None else TaskState.WAITING
        status.failures += 1
        status.last_error = f"{type(error).__name__}: {error}"
        self._report(TaskReport(name, error, status.failures, restart_in_s, critical))
