"""Everything that is particular to one database engine. Above this module only portable SQL is spoken."""

import sqlite3
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, StaticPool

from polybot.storage.statements import run

WRITES = "polybot_writes"
"""Execution option of a connection that writes: its transactions take the write lock when they begin."""

_LOG_PAGES = 4_000
"""From this length of the log on, 16 MB, a commit stops to move it into the file: `checkpoint` was to come before."""


def parse_url(url: str) -> URL:
    """ValueError for anything but SQLite, which is the only engine this version has an adapter for."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError(f"database url {url!r} is not a url; use sqlite:///path/polybot.db") from None
    if parsed.get_backend_name() != "sqlite":
        raise ValueError(f"database url names {parsed.get_backend_name()!r}; use sqlite:///path/polybot.db")
    return parsed


def database_file(url: URL) -> Path | None:
    """None for a database in memory."""
    return None if url.database in (None, "", ":memory:") else Path(str(url.database))


def create_file(path: Path) -> None:
    """An empty database that only its owner may read: it will hold signed orders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)


def build_engine(url: URL, *, busy_timeout_ms: int) -> Engine:
    """Connections may move between threads; whoever uses them does so from one thread at a time."""
    memory = database_file(url) is None
    engine = create_engine(url, poolclass=StaticPool if memory else NullPool, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions on its own
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout_ms:d}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES:d}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        run(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def use_write_ahead_log(connection: Connection) -> None:
    """Readers never wait for the writer. Kept by the file; a database in memory has none."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the only adapter there is
    driver.execute("PRAGMA journal_mode = WAL")


def checkpoint(connection: Connection) -> None:
    """Moves what was committed from the log into the database file, beside the writer. Not within a transaction."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)  # noqa: S101 - the only adapter there is
    with suppress(
        sqlite3.Error
    ):  # it costs nothing but room in the log; if the disk is at fault the next write says so
        driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


_REMEDIES = (
    ("disk is full", "its disk is full: free space, then start again"),
    ("locked", "another program holds it locked: stop that program, then start again"),
    ("readonly", "it is read-only: give this user write permission to the file and its folder"),
    ("malformed", "it is damaged: restore a backup, or move it away and start with an empty one"),
    ("not a database", "the file is not a database: point the url at another file"),
    ("unable to open", "it cannot be opened: check that its folder exists and may be written to"),
)


def remedy(cause: BaseException) -> str:
    """What is wrong and what to do, for a person."""
    text = str(cause)
    for sign, sentence in _REMEDIES:
        if sign in text:
            return sentence
    return f"it failed ({text.splitlines()[0]}): see that its disk works, then start again"
