"""Where the database stands among the migrations that this version knows."""

from __future__ import annotations

from alembic.script import ScriptDirectory
from flask_migrate import upgrade
from sqlalchemy import Connection, inspect, text

from server.config import PROJECT_ROOT
from server.extensions import db

FOLDER = PROJECT_ROOT / "migrations"
VERSION_TABLE = "alembic_version"


def head() -> str:
    """The newest migration of this version."""
    found = ScriptDirectory(str(FOLDER)).get_current_head()
    return found or ""


def known() -> set[str]:
    """Every migration of this version."""
    return {script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()}


def current(connection: Connection) -> str:
    """The migration that the database is at; empty before the first one."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return ""
    return str(connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) or "")  # noqa: S608


def tables(connection: Connection) -> list[str]:
    """The product's tables that exist, in the order in which they refer to each other."""
    existing = set(inspect(connection).get_table_names())
    own = [table.name for table in db.metadata.sorted_tables]
    return [name for name in (*own, VERSION_TABLE) if name in existing]


def migrate() -> None:
    """Bring the database up to the newest migration, all steps or none."""
    upgrade(str(FOLDER))
