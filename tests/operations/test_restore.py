"""A restore brings a deployment back as it was: all of it, or nothing."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import downgrade
from sqlalchemy import create_engine, make_url, select, text

from server import adapters
from server.extensions import db
from server.operations import backup, migrations, restore
from server.operations.archive import BackupWriter
from server.registry import models
from server.registry.tables import Activation
from tests.operations.conftest import OTHER_ID, Deploy, Deployment, next_event
from tests.registry.conftest import damaged
from tests.registry.stored import ID


def silent(*_: Any) -> None:
    """Nobody looks."""


def saved_rows(path: Path) -> dict[str, int]:
    """How many rows of each table a backup holds."""
    with restore.opened(path) as reader:
        return reader.manifest.tables


def test_what_was_saved_comes_back_with_its_rows_numbers_and_forecasts(
    used: Deployment, made_backup: Path, empty: Deployment
) -> None:
    assert "Restored" in empty.run("restore", str(made_backup)).output
    assert empty.rows() == saved_rows(made_backup)
    assert empty.forecast() == used.forecast()
    with empty.app.app_context():
        assert models.get(ID).status == "active"
        assert models.get(OTHER_ID).status == "candidate"
        # Numbers that rows hold, and those that a sequence gives out, go on where they were.
        assert next_event(used.session_id) == 3
        newest = db.session.scalar(select(Activation.id).order_by(Activation.id.desc()))
        models.activate(OTHER_ID, adapters.artifacts(), silent)
        assert db.session.scalar(select(Activation.id).order_by(Activation.id.desc())) == newest + 1
        with db.engine.connect() as connection:
            assert migrations.current(connection) == migrations.head()


def test_a_damaged_backup_touches_nothing(empty: Deployment, used: Deployment, made_backup: Path) -> None:
    before = empty.rows()
    copy = empty.store.parent / "damaged.backup"
    copy.write_bytes(made_backup.read_bytes())
    with damaged(copy):
        assert "does not match its checksum" in empty.refused("restore", str(copy), "--replace")
    assert empty.rows() == before
    assert list(empty.store.iterdir()) == []


def test_rows_are_replaced_only_when_asked_for(
    deploy: Deploy, used: Deployment, made_backup: Path, empty: Deployment
) -> None:
    other = deploy(used.database)
    forget_forecasts(other)
    before = other.rows()
    words = other.refused("restore", str(made_backup))
    assert "is not empty" in words
    assert "--replace" in words
    assert other.rows() == before
    assert other.run("restore", str(made_backup), "--replace").exit_code == 0
    assert other.rows() == saved_rows(made_backup)


def test_a_restore_that_is_cut_off_leaves_the_rows_as_they_were(
    deploy: Deploy, used: Deployment, made_backup: Path
) -> None:
    other = deploy(used.database)
    forget_forecasts(other)
    before = other.rows()

    def interrupt(step: str, _size: int) -> None:
        if step == "database":
            wait_until_the_tables_are_dropped(other)
            raise KeyboardInterrupt

    with other.app.app_context(), restore.opened(made_backup) as reader, pytest.raises(KeyboardInterrupt):
        restore.restore(reader, adapters.artifacts(), interrupt, replace=True)
    assert other.rows() == before
    # The artifacts were stored first: they do no harm, and the next restore goes on.
    assert other.run("restore", str(made_backup), "--replace").exit_code == 0
    assert other.forecast()


def test_a_backup_whose_rows_are_not_all_there_changes_nothing(
    deploy: Deploy, used: Deployment, made_backup: Path, tmp_path: Path
) -> None:
    other, short = deploy(used.database), tmp_path / "short.backup"
    forget_forecasts(other)
    before = other.rows()
    rewritten(made_backup, short, lambda contents: contents["tables"].update(candles=701))
    words = other.refused("restore", str(short), "--replace")
    assert "candles should hold 701 rows" in words
    assert "holds what it held before" in words
    assert other.rows() == before


def test_a_backup_of_a_newer_version_is_refused(empty: Deployment, made_backup: Path, tmp_path: Path) -> None:
    newer = tmp_path / "newer.backup"
    rewritten(made_backup, newer, lambda contents: contents.update(migration="9999", product_version="9.9"))
    words = empty.refused("restore", str(newer))
    assert "made at migration 9999 by version 9.9, which is newer than this one" in words


@pytest.fixture
def older_backup(deploy: Deploy, tmp_path: Path) -> str:
    """A backup that was made at migration 0005."""
    older, path = deploy(), str(tmp_path / "old.backup")
    with older.app.app_context():
        downgrade(str(migrations.FOLDER), "0005")
        db.engine.dispose()
    assert older.run("backup", path).exit_code == 0
    return path


def test_a_backup_of_an_older_version_is_brought_up(older_backup: str, empty: Deployment) -> None:
    assert "Migrations behind 0005 were run on top" in empty.run("restore", older_backup).output
    with empty.app.app_context(), db.engine.connect() as connection:
        assert migrations.current(connection) == migrations.head()
    assert empty.rows()["candles"] == 0


def test_later_migrations_that_fail_are_told_and_can_be_run_again(
    older_backup: str, empty: Deployment
) -> None:
    with empty.app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DROP TABLE coins"))
        connection.execute(text("CREATE TABLE of_others (number int CONSTRAINT pk_coins PRIMARY KEY)"))
    words = empty.refused("restore", older_backup)
    assert "The backup is back, but at its own migration 0005" in words
    assert "pk_coins" in words
    with empty.app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DROP TABLE of_others"))
    assert empty.run("db", "upgrade").exit_code == 0
    assert empty.rows()["coins"] == 0


def test_a_database_in_use_is_not_pulled_away(empty: Deployment, made_backup: Path) -> None:
    url = make_url(empty.app.config["SQLALCHEMY_DATABASE_URI"])
    engine = create_engine(url, connect_args={"application_name": "crypto-predict"})
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        assert "is in use by 1 connections" in empty.refused("restore", str(made_backup), "--replace")
    engine.dispose()


@pytest.mark.timeout(60)
def test_what_others_do_with_their_tables_holds_up_no_restore(empty: Deployment, made_backup: Path) -> None:
    url = make_url(empty.app.config["SQLALCHEMY_DATABASE_URI"])
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE of_others (number int)"))
    with engine.begin() as connection:
        connection.execute(text("LOCK TABLE of_others"))
        restored = empty.run("restore", str(made_backup))
    engine.dispose()
    assert restored.exit_code == 0, restored.output
    assert empty.rows() == saved_rows(made_backup)


def test_an_artifact_that_was_damaged_is_made_whole(
    deploy: Deploy, used: Deployment, made_backup: Path
) -> None:
    other = deploy(used.database)
    assert other.run("restore", str(made_backup), "--replace").exit_code == 0
    file = other.store / "models" / ID / "model.onnx"
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    assert other.run("restore", str(made_backup), "--replace").exit_code == 0
    assert file.read_bytes() == content


def test_any_store_of_artifacts_will_do(
    deploy: Deploy, migrated: str, used: Deployment, made_backup: Path
) -> None:
    other = deploy(migrated, artifact_url=f"memory://{used.database}")
    assert other.run("restore", str(made_backup)).exit_code == 0
    assert other.forecast() == used.forecast()
    with other.app.app_context():
        again = made_backup.parent / "from-memory.backup"
        assert backup.make(again, adapters.artifacts(), silent).models == [ID, OTHER_ID]


def forget_forecasts(deployment: Deployment) -> None:
    """So that its rows are not those of the backup."""
    with deployment.app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DELETE FROM predictions"))


def wait_until_the_tables_are_dropped(deployment: Deployment) -> None:
    """By a transaction that is not over, and so holds their locks; or, if that were so, for good."""
    dropped = text(
        "SELECT to_regclass('public.candles') IS NULL OR EXISTS (SELECT FROM pg_locks "
        "WHERE relation = to_regclass('public.candles') AND mode = 'AccessExclusiveLock' AND granted)"
    )
    deadline = time.monotonic() + 20
    engine = create_engine(deployment.app.config["SQLALCHEMY_DATABASE_URI"], isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        while not connection.scalar(dropped):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    engine.dispose()


def rewritten(path: Path, target: Path, change: Any) -> None:
    """A backup with another, rightly sealed manifest."""
    with restore.opened(path) as reader, target.open("w+b") as file:
        manifest = reader.manifest
        contents = {name: getattr(manifest, name) for name in manifest.__slots__ if name != "entries"}
        change(contents)
        writer = BackupWriter(file, silent)
        for entry in manifest.entries:
            writer.add(entry.name, reader.read(entry.name))
        writer.seal(contents)
