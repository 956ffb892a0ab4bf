"""Brings a database to this version's tables."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from polybot.ports.store import StoreFailed


def is_current(connection: Connection) -> bool:
    """StoreFailed for a database that a newer version of polybot wrote."""
    scripts = ScriptDirectory.from_config(_config(connection))
    head = scripts.get_current_head()
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreFailed(
            f"The database was written by a newer version of polybot (tables {found!r}, this version knows "
            f"{head!r}): upgrade polybot, or point the url at another file."
        )
    return found == head


def upgrade(connection: Connection) -> None:
    """In the caller's transaction; nothing to do is no error."""
    command.upgrade(_config(connection), "head")


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
