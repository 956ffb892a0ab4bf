"""Commands to a running bot: audited rows in the store and a doorbell."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Command:
    """`name` imperative ("stop"); `args` flat text; `id` grows with time."""

    id: int
    name: str
    args: dict[str, str]
    issued_ns: int


@dataclass(frozen=True, slots=True)
class Done:
    """A command's end: `ok` and a sentence for the person who typed it."""

    ok: bool
    detail: str


class Commands(Protocol):
    async def issue(self, name: str, args: dict[str, str], *, now_ns: int) -> int: ...
    async def pending(self) -> Sequence[Command]: ...
    async def finish(self, command: int, done: Done, *, now_ns: int) -> None: ...
    async def outcome(self, command: int) -> Done | None:
        """None while the command is not finished."""
        ...
