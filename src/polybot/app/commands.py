"""Carries out what people asked of the running bot through command rows."""

import asyncio

import structlog

from polybot.ports.commands import Command, Commands, Done
from polybot.utils.clock import Clock
from polybot.utils.feed import Doorbell

log = structlog.get_logger(__name__)

_POLL_S = 1.0


class CommandLoop:
    """Reads pending rows at every ring of the bell, and every second without one."""

    def __init__(self, commands: Commands, *, bell: Doorbell, clock: Clock) -> None:
        self._commands = commands
        self._bell = bell
        self._clock = clock
        self.stop_asked = asyncio.Event()
        self._stops: set[int] = set()

    async def discard_old(self) -> None:
        """Commands to an earlier life are not for this one."""
        for command in await self._commands.pending():
            await self._finish(command.id, Done(ok=False, detail="no bot was running; type it again"))

    async def run(self) -> None:
        """Long-lived."""
        while True:
            for command in await self._commands.pending():
                await self._carry_out(command)
            await self._bell.heard(within_s=_POLL_S, clock=self._clock)

    async def stopped(self, detail: str) -> None:
        """Answers the stop commands, if that is what ended the run."""
        for command in self._stops:
            await self._finish(command, Done(ok=True, detail=detail))

    async def _carry_out(self, command: Command) -> None:
        if command.id in self._stops:
            return
        log.info("command", id=command.id, name=command.name, args=command.args)
        if command.name == "stop":
            self._stops.add(command.id)
            self.stop_asked.set()
        else:
            await self._finish(command.id, Done(ok=False, detail=f"this version knows no command {command.name!r}"))

    async def _finish(self, command: int, done: Done) -> None:
        await self._commands.finish(command, done, now_ns=self._clock.now_ns())
