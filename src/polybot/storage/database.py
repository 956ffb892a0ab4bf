"""One database, two threads: a writer, so that no fsync blocks the event loop, and a reader beside it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError

from polybot.ports.store import StoreFailed
from polybot.storage import dialect

T = TypeVar("T")

_CHECKPOINT_EVERY = 100
"""Writes; each logs some 60 kB."""


class Database:
    """Runs functions of a connection, each in one transaction. Raises StoreFailed when nothing was stored."""

    def __init__(self, engine: Engine, *, name: str) -> None:
        """`engine` is used from here only. A database in memory has one connection, so one thread."""
        self._engine = engine
        self._name = name
        self._write_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-write")
        self._read_thread = self._write_thread
        self._writer = engine.connect().execution_options(**{dialect.WRITES: True})
        self._reader = self._writer
        self._writes = 0
        if dialect.database_file(engine.url) is not None:
            self._reader = engine.connect()
            self._read_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-read")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """When it returns, what `work` wrote survives power loss. If `work` raises, nothing is written.

        A caller that is cancelled while it waits does not learn whether it was written.
        """
        return await asyncio.get_running_loop().run_in_executor(self._write_thread, self._commit, work)

    async def write_once(self, work: Callable[[Connection], None], already: Callable[[Connection], bool]) -> bool:
        """Like `write`; False, and nothing written, if a unique key says it was done before and `already` agrees."""
        try:
            await self.write(work)
        except IntegrityError:
            if await self.read(already):
                return False
            raise
        return True

    async def read(self, work: Callable[[Connection], T]) -> T:
        """`work` sees one moment of the database: everything written before this call, nothing half written."""
        return await asyncio.get_running_loop().run_in_executor(self._read_thread, self._transact, self._reader, work)

    async def close(self) -> None:
        """Waits for what is under way. Twice is once."""
        for thread, connection in ((self._write_thread, self._writer), (self._read_thread, self._reader)):
            if not connection.closed:
                await asyncio.get_running_loop().run_in_executor(thread, connection.close)
            thread.shutdown()
        self._engine.dispose()

    def _commit(self, work: Callable[[Connection], T]) -> T:
        done = self._transact(self._writer, work)
        self._writes += 1
        if self._reader is not self._writer and self._writes % _CHECKPOINT_EVERY == 0:
            self._read_thread.submit(dialect.checkpoint, self._reader)
        return done

    def _transact(self, connection: Connection, work: Callable[[Connection], T]) -> T:
        try:
            with connection.begin():
                return work(connection)
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise failure(self._name, error) from error


def failure(name: str, error: DBAPIError) -> StoreFailed:
    return StoreFailed(f"The database {name} could not be used: {dialect.remedy(error.orig or error)}.")
