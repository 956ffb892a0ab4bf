"""A database that cannot keep what it is given says so, and keeps nothing of it."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Table, inspect
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateTable
from storage_nouns import NOW_NS, copied, copying, intent, prepared, target_fill, target_order

from polybot.core.money import Usdc
from polybot.ports.store import Event, StoreFailed
from polybot.storage.store import SqlStore, open_store
from polybot.storage.tables import metadata


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


async def pragma(store: SqlStore, text: str) -> None:
    """Straight on the writer's connection."""
    await store._db.write(lambda connection: connection.exec_driver_sql(f"PRAGMA {text}").close())


async def commit_one(store: SqlStore, *, levels: int = 2) -> bool:
    order = target_order(target_fill(number=1))
    will = intent(order.id)
    return await store.commit_copy(order, copying(order, levels=levels), will, prepared(will), now_ns=NOW_NS)


async def test_a_full_disk_keeps_nothing_of_a_copy(store: SqlStore) -> None:
    await pragma(store, "max_page_count = 1")  # no page more than there are
    with pytest.raises(StoreFailed, match="disk is full"):
        await commit_one(store, levels=300)
    assert await store.open_orders() == []
    assert await store.known_fills(since_s=0) == []
    await pragma(store, "max_page_count = 100000")
    assert await commit_one(store)


async def test_a_locked_database_is_given_up_after_the_timeout(file_url: str) -> None:
    store = await open_store(file_url, busy_timeout_ms=20)
    intruder = sqlite3.connect(path_of(file_url))
    intruder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreFailed, match="locked"):
        await commit_one(store)
    assert await store.open_orders() == []
    intruder.rollback()
    intruder.close()
    assert await commit_one(store)
    await store.close()


async def test_a_read_only_database_is_named(store: SqlStore) -> None:
    await pragma(store, "query_only = ON")
    with pytest.raises(StoreFailed, match="read-only"):
        await store.record_event(Event("x", "info", "x"), now_ns=NOW_NS)


async def test_a_file_that_is_no_database_is_refused(file_url: str) -> None:
    path_of(file_url).parent.mkdir()
    path_of(file_url).write_text("not a database, but a text of some length" * 100)
    with pytest.raises(StoreFailed, match="point the url at another file"):
        await open_store(file_url)


async def test_a_damaged_file_is_named(file_url: str) -> None:
    store = await open_store(file_url)
    await copied(store)
    await store.close()
    path = path_of(file_url)
    raw = path.read_bytes()
    path.write_bytes(raw[:4096] + b"\xff" * (len(raw) - 4096))
    with pytest.raises(StoreFailed, match="damaged"):
        await open_store(file_url)


async def test_a_missing_database_is_only_created_on_request(file_url: str) -> None:
    with pytest.raises(StoreFailed, match="There is no database"):
        await open_store(file_url, create=False)
    assert not path_of(file_url).exists()


async def test_a_folder_that_cannot_be_made_is_an_error_for_people(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed, match="could not be created"):
        await open_store(f"sqlite:///{tmp_path}/file/polybot.db")


@pytest.mark.parametrize("url", ["", "polybot.db", "postgresql://localhost/polybot"])
async def test_another_kind_of_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///path"):
        await open_store(url)


async def test_a_database_of_a_newer_version_is_refused(file_url: str) -> None:
    await (await open_store(file_url)).close()
    with sqlite3.connect(path_of(file_url)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StoreFailed, match="newer version of polybot"):
        await open_store(file_url)


async def test_only_the_owner_may_read_a_new_database(file_url: str) -> None:
    store = await open_store(file_url)
    assert path_of(file_url).stat().st_mode & 0o077 == 0
    await store.close()


async def test_migrations_make_the_tables_that_the_code_knows(store: SqlStore) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert await store._db.read(differences) == []
    names = await store._db.read(lambda connection: inspect(connection).get_table_names())
    assert {"tracked_accounts", "positions", "trade_log", "system_events"} <= set(names)


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_the_tables_are_portable(table: Table) -> None:
    postgresql = make_url("postgresql://").get_dialect()()
    text = str(CreateTable(table).compile(dialect=postgresql))
    micro = [column.name for column in table.columns if column.name.endswith(("_micro", "_ns", "_s"))]
    assert all(f"{name} BIGINT" in text for name in micro)


async def test_what_is_stored_is_there_after_reopening(file_url: str) -> None:
    store = await open_store(file_url)
    order = await copied(store)
    await store.set_cash(Usdc.parse("7"), reason="opening", now_ns=NOW_NS)
    await store.close()
    store = await open_store(file_url)
    assert [opened.id for opened in await store.open_orders()] == [order]
    assert await store.cash() == Usdc.parse("7")
    await store.close()


async def test_closing_twice_is_closing_once(store: SqlStore) -> None:
    await store.close()
    await store.close()


async def test_a_file_is_written_through_to_the_disk(file_url: str) -> None:
    store = await open_store(file_url)

    def settings(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names]

    assert await store._db.write(settings) == ["wal", 2, 1]
    await store.close()


async def test_two_programs_may_create_the_database_at_once(file_url: str) -> None:
    first, second = await asyncio.gather(open_store(file_url), open_store(file_url))
    await copied(first)
    assert len(await second.open_orders()) == 1
    await first.close()
    await second.close()


async def test_a_cancelled_commit_tried_again_is_one_order(store: SqlStore) -> None:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(commit_one(store), name="commit")
        await asyncio.sleep(0)
        task.cancel()
    await commit_one(store)
    assert len(await store.open_orders()) == len(await store.known_fills(since_s=0)) == 1


COMMIT_THEN_WAIT = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from storage_nouns import copied
from polybot.storage.store import open_store

async def main():
    store = await open_store(sys.argv[2])
    print(await copied(store), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_committed_copy_survives_a_kill(file_url: str) -> None:
    folder = str(Path(__file__).parent)
    command = [sys.executable, "-c", COMMIT_THEN_WAIT, folder, file_url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: ASYNC220
        assert process.stdout is not None
        order = process.stdout.readline().strip()
        process.kill()
    store = await open_store(file_url)
    assert [opened.id for opened in await store.open_orders()] == [order]
    assert not await store.record_skip(target_order(target_fill()), copying(target_order(target_fill())), now_ns=NOW_NS)
    await store.close()


async def test_the_log_is_moved_into_the_file_beside_the_writes(file_url: str) -> None:
    store = await open_store(file_url)
    before = path_of(file_url).stat().st_size
    for number in range(110):
        await store.record_event(Event("kind", "info", "x" * 2_000), now_ns=number)
    await store.cash()  # reads wait for a checkpoint that began before them
    assert path_of(file_url).stat().st_size > before + 50 * 2_000
    await store.close()
