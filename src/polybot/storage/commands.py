"""Commands to a running bot, as rows that any process may add."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from polybot.ports.commands import Command, Done
from polybot.storage.database import Database
from polybot.storage.explanation import json_text, texts
from polybot.storage.tables import commands


class CommandRows:
    """Implements `ports.commands.Commands`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def issue(self, name: str, args: dict[str, str], *, now_ns: int) -> int:
        row = {"name": name, "args": json_text(args), "issued_ns": now_ns, "detail": ""}

        def work(connection: Connection) -> int:
            key = connection.execute(insert(commands), row).inserted_primary_key
            assert key is not None  # noqa: S101 - a single-row insert has one
            return int(key[0])

        return await self._db.write(work)

    async def pending(self) -> Sequence[Command]:
        """Oldest first."""
        query = select(commands).where(commands.c.finished_ns.is_(None)).order_by(commands.c.id)
        found = await self._db.read(lambda connection: connection.execute(query).all())
        return [Command(id=row.id, name=row.name, args=texts(row.args), issued_ns=row.issued_ns) for row in found]

    async def finish(self, command: int, done: Done, *, now_ns: int) -> None:
        """The first end stands. KeyError for a command that was never issued."""
        unfinished = update(commands).where(commands.c.id == command, commands.c.finished_ns.is_(None))
        issued = select(commands.c.id).where(commands.c.id == command)

        def work(connection: Connection) -> None:
            ended = connection.execute(unfinished, {"finished_ns": now_ns, "ok": done.ok, "detail": done.detail})
            if ended.rowcount == 0 and connection.execute(issued).first() is None:
                raise KeyError(f"command {command} was never issued")

        await self._db.write(work)

    async def outcome(self, command: int) -> Done | None:
        query = select(commands).where(commands.c.id == command, commands.c.finished_ns.is_not(None))
        row = await self._db.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else Done(ok=row.ok, detail=row.detail)
