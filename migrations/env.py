"""Runs the migrations on the application's own database connection."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import text

# Any number that nothing else locks: two processes that start together migrate one after the other.
MIGRATION_LOCK = 0x63_70_6D_67


def run() -> None:
    """Migrate in one transaction: all steps, or none when one fails."""
    db = current_app.extensions["migrate"].db
    with db.engine.connect() as connection, connection.begin():
        context.configure(connection=connection, target_metadata=db.metadata)
        with context.begin_transaction():
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations need a database: run them without --sql")
run()
