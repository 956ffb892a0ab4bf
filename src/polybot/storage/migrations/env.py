"""Alembic's entry. It is run only through `storage.upgrade`, which hands it an open connection."""

from alembic import context

from polybot.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
