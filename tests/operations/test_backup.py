"""Backups: a whole deployment in one file, brought back as it was, and refused when a byte is wrong."""

from __future__ import annotations

import stat
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import downgrade
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import create_engine, make_url, select, text

from server import adapters
from server.extensions import db
from server.operations import backup, migrations, postgres_tools, restore
from server.operations.archive import BackupDamaged, BackupWriter
from server.operations.manifest import PRODUCT_VERSION
from server.registry import models
from server.registry.tables import Activation
from tests.operations.conftest import OTHER_ID, Deploy, Deployment, next_event
from tests.registry.conftest import damaged
from tests.registry.stored import ID, store_model


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


def test_the_backup_says_what_it_holds(used: Deployment, made_backup: Path) -> None:
    listed = used.run("backup", str(made_backup), "--list").output
    for part in ("candles", "700", "2 models", migrations.head(), PRODUCT_VERSION):
        assert part in listed
    assert "every byte is as it was written" in used.run("backup", str(made_backup), "--verify").output
    with tarfile.open(made_backup) as opened:
        names = opened.getnames()
    assert names[0] == "database.dump"
    assert names[-1] == "backup.json"
    assert f"artifacts/{ID}/model.onnx" in names


def test_a_backup_overwrites_nothing_and_is_for_its_owner_alone(used: Deployment, tmp_path: Path) -> None:
    target = tmp_path / "new.backup"
    assert "2 models" in used.run("backup", str(target)).output
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    before = target.read_bytes()
    assert "exists already" in used.refused("backup", str(target))
    assert target.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["new.backup"]
    assert "cannot be written" in used.refused("backup", str(tmp_path / "nowhere" / "x.backup"))


def test_a_backup_that_is_cut_off_leaves_nothing_behind(used: Deployment, tmp_path: Path) -> None:
    def interrupt(step: str, _size: int) -> None:
        if step == "models":
            raise KeyboardInterrupt

    with used.app.app_context(), pytest.raises(KeyboardInterrupt):
        backup.make(tmp_path / "cut.backup", adapters.artifacts(), interrupt)
    assert list(tmp_path.iterdir()) == []


def test_rows_that_change_during_the_backup_are_as_at_its_beginning(
    deploy: Deploy, used: Deployment, empty: Deployment, tmp_path: Path
) -> None:
    busy = deploy(used.database)
    with busy.app.app_context():
        store_model(adapters.artifacts(), ID, forecast=0.01)
        store_model(adapters.artifacts(), OTHER_ID, forecast=0.02)

    def disturb(step: str, size: int) -> None:
        # Rows are counted by then, and not one of them is dumped.
        if (step, size) != ("database", 0):
            return
        with db.engine.begin() as connection:
            connection.execute(text("DELETE FROM candles WHERE volume >= 0"))
            connection.execute(text("DELETE FROM models WHERE id = :id"), {"id": OTHER_ID})
        if adapters.artifacts().exists(OTHER_ID):
            adapters.artifacts().delete(OTHER_ID)

    with busy.app.app_context():
        manifest = backup.make(tmp_path / "busy.backup", adapters.artifacts(), disturb)
    assert manifest.tables["candles"] == 700
    # It was deleted meanwhile, so its artifact cannot be had; the backup says so.
    assert list(manifest.left_out) == [OTHER_ID]
    restored = empty.run("restore", str(tmp_path / "busy.backup"))
    assert f"The artifact of model {OTHER_ID} is not in it" in " ".join(restored.output.split())
    assert empty.rows()["candles"] == 700


def test_a_flipped_byte_is_found_wherever_it_is(made_backup: Path) -> None:
    content = made_backup.read_bytes()
    with tarfile.open(made_backup) as opened:
        members = [(member.offset, member.offset_data, member.size) for member in opened]
    # Headers and what fills up a block are few bytes among many, and must be looked at all the same.
    headers = [place for begin, data, _ in members for place in range(begin, data)]
    fillings = [place for _, data, size in members for place in range(data + size, data + size + -size % 512)]
    anywhere = st.integers(0, len(content) - 1)

    @examples(max_examples=90)
    @given(
        place=anywhere | st.sampled_from(headers) | st.sampled_from(fillings),
        bit=st.integers(0, 7),
    )
    def refused(place: int, bit: int) -> None:
        flipped = bytearray(content)
        flipped[place] ^= 1 << bit
        with pytest.raises(BackupDamaged):
            verify(bytes(flipped), made_backup.parent / "flipped")

    refused()


@pytest.mark.parametrize(
    "change", [lambda c: c[:-1], lambda c: c[: len(c) // 2], lambda c: c + b"x", lambda c: b""]
)
def test_a_cut_or_longer_file_is_refused(made_backup: Path, change: Any) -> None:
    with pytest.raises(BackupDamaged, match="Nothing was changed"):
        verify(change(made_backup.read_bytes()), made_backup.parent / "cut")


def verify(content: bytes, path: Path) -> None:
    path.write_bytes(content)
    with restore.opened(path) as reader:
        reader.verify(silent)


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


def test_a_backup_of_an_older_version_is_brought_up(
    deploy: Deploy, empty: Deployment, tmp_path: Path
) -> None:
    older = deploy()
    with older.app.app_context():
        downgrade(str(migrations.FOLDER), "0005")
        db.engine.dispose()
    assert older.run("backup", str(tmp_path / "old.backup")).exit_code == 0
    assert (
        "Migrations behind 0005 were run on top" in empty.run("restore", str(tmp_path / "old.backup")).output
    )
    with empty.app.app_context(), db.engine.connect() as connection:
        assert migrations.current(connection) == migrations.head()
    assert empty.rows()["candles"] == 0


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


def test_older_programs_than_the_server_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in postgres_tools.NAMES:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) 12.1'\n")
        program.chmod(0o755)
    with pytest.raises(postgres_tools.ToolsMissing, match=f"{tmp_path} has version 12") as error:
        postgres_tools.find(99, str(tmp_path))
    assert "postgresql-client-99" in error.value.message
    assert postgres_tools.find(12, str(tmp_path)).folder == tmp_path
    assert postgres_tools.find(17, str(tmp_path)).version >= 17


def test_the_password_is_in_no_argument(used: Deployment) -> None:
    url = make_url(used.app.config["SQLALCHEMY_DATABASE_URI"])
    environment = postgres_tools.environment_of(url)
    assert environment["PGPASSWORD"] == url.password
    assert url.password not in " ".join(postgres_tools.Tools(Path("/x"), 18).command("pg_dump", "--no-owner"))


def test_the_tables_are_all_there_is(used: Deployment) -> None:
    """A backup holds tables: whoever adds a type, a view or a function must teach it that."""
    with used.app.app_context(), db.engine.connect() as connection:
        others = connection.scalars(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind IN ('v', 'm')"
                " UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
                " UNION SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace"
                " AND typtype IN ('e', 'd')"
            )
        ).all()
        named = set(connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))
        assert not others
        assert named == set(migrations.tables(connection))


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
