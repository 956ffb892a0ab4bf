"""The Store port on SQL, and how it is opened."""

import asyncio

from sqlalchemy import URL, Engine
from sqlalchemy.exc import DBAPIError

from polybot.ports.store import StoreFailed
from polybot.storage import dialect
from polybot.storage.commands import CommandRows
from polybot.storage.database import Database, failure
from polybot.storage.detection import DetectionRows
from polybot.storage.ledger import LedgerRows
from polybot.storage.orders import OrderRows
from polybot.storage.queries import QueryRows
from polybot.storage.runs import RunRows
from polybot.storage.upgrade import is_current, upgrade


class SqlStore(RunRows, DetectionRows, OrderRows, LedgerRows):
    """Implements `ports.store.Store`; `queries` and `commands` are the ports of those names on the same database."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.queries = QueryRows(database)
        self.commands = CommandRows(database)

    async def close(self) -> None:
        """Waits for what is under way. Twice is once."""
        await self._db.close()


async def open_store(url: str, *, create: bool = True, busy_timeout_ms: int = 5_000) -> SqlStore:
    """`sqlite:///path/polybot.db`, or `sqlite://` in memory. Upgrades an older database to this version's tables.

    StoreFailed if it cannot be opened, was written by a newer version, or is missing and `create` is False;
    ValueError for a url of another kind. `busy_timeout_ms` is how long a write waits for another process's.
    """
    return SqlStore(await asyncio.to_thread(_open, url, create=create, busy_timeout_ms=busy_timeout_ms))


def _open(url: str, *, create: bool, busy_timeout_ms: int) -> Database:
    parsed = dialect.parse_url(url)
    name = parsed.render_as_string()
    _ensure_file(parsed, name, create=create)
    engine = dialect.build_engine(parsed, busy_timeout_ms=busy_timeout_ms)
    try:
        _prepare(engine)
        return Database(engine, name=name)
    except DBAPIError as error:
        engine.dispose()
        raise failure(name, error) from error
    except StoreFailed:
        engine.dispose()
        raise


def _ensure_file(url: URL, name: str, *, create: bool) -> None:
    file = dialect.database_file(url)
    if file is None or file.exists():
        return
    if not create:
        raise StoreFailed(f"There is no database {name}: start the bot once, or point the url at another file.")
    try:
        dialect.create_file(file)
    except OSError as error:
        raise StoreFailed(f"The database {name} could not be created ({error.strerror}): check its folder.") from error


def _prepare(engine: Engine) -> None:
    with engine.connect() as connection, connection.begin():
        if is_current(connection):
            return
    with engine.connect().execution_options(**{dialect.WRITES: True}) as connection:
        dialect.use_write_ahead_log(connection)
        with connection.begin():
            upgrade(connection)
