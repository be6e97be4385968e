"""Migrations: one line of history, up and down, equal to the tables of the code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import Migrate, downgrade, upgrade
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url

from server.config import PROJECT_ROOT
from server.extensions import db
from server.market import store

MIGRATIONS = str(PROJECT_ROOT / "migrations")


@pytest.fixture
def empty_database(app: Flask, postgres_url: str) -> Iterator[Flask]:
    """An application on a database of its own, beside that of the other tests."""
    url = make_url(postgres_url).set(drivername="postgresql+psycopg2")
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS migrations"))
        connection.execute(text("CREATE DATABASE migrations"))
    other = Flask("migrations")
    other.config["SQLALCHEMY_DATABASE_URI"] = url.set(database="migrations")
    db.init_app(other)
    Migrate(other, db, compare_type=True)
    with other.app_context():
        yield other
        db.engine.dispose()
    with server.connect() as connection:
        connection.execute(text("DROP DATABASE migrations"))
    server.dispose()


def test_the_history_has_one_head() -> None:
    assert len(ScriptDirectory(MIGRATIONS).get_heads()) == 1


@pytest.mark.usefixtures("empty_database")
def test_every_step_goes_up_and_down_and_up_again() -> None:
    steps = [step.revision for step in reversed(list(ScriptDirectory(MIGRATIONS).walk_revisions()))]
    for step in steps:
        upgrade(MIGRATIONS, step)
        downgrade(MIGRATIONS, "-1")
        upgrade(MIGRATIONS, step)
    assert "candles" in inspect(db.engine).get_table_names()
    downgrade(MIGRATIONS, "base")
    assert inspect(db.engine).get_table_names() == ["alembic_version"]


@pytest.mark.usefixtures("empty_database")
def test_the_migrated_database_is_what_the_code_declares() -> None:
    upgrade(MIGRATIONS)
    with db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []
    for table in db.metadata.sorted_tables:
        declared = {check.name for check in table.constraints if "ck_" in str(check.name)}
        found = {check["name"] for check in inspect(db.engine).get_check_constraints(table.name)}
        assert found == declared


@pytest.mark.usefixtures("empty_database")
def test_series_stored_before_they_had_versions_get_their_first_one() -> None:
    upgrade(MIGRATIONS, "0002")
    candle = "('BTC-USD', '1h', '2019-01-01T0{hour}:00Z', 1, 1, 1, 1, 1, '{source}')"
    rows = ", ".join(candle.format(hour=hour, source=source) for hour, source in enumerate("bab"))
    with db.engine.begin() as connection:
        connection.execute(text(f"INSERT INTO candles VALUES {rows}"))  # noqa: S608 - written above
    upgrade(MIGRATIONS, "0003")
    (series,) = store.list_series()
    assert (series.last - series.first, series.rows, series.sources) == (7200, 3, ("a", "b"))
    assert (store.series_version("BTC-USD", "1h") or ())[0] == 1
