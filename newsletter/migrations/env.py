"""Run by Alembic, on the connection that newsletter.migrations hands it."""

from alembic import context

from newsletter.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by making a new one
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
