"""Backups: a whole deployment in one file, as it was at one moment, and refused when a byte is wrong."""

from __future__ import annotations

import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import make_url, text

from server import adapters
from server.errors import Conflict
from server.extensions import db
from server.operations import backup, migrations, postgres_tools, restore
from server.operations.archive import BackupDamaged
from server.operations.manifest import PRODUCT_VERSION
from tests.operations.conftest import OTHER_ID, Deploy, Deployment
from tests.registry.stored import ID, store_model


def silent(*_: Any) -> None:
    """Nobody looks."""


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


def test_another_backup_that_came_to_the_name_meanwhile_stays(used: Deployment, tmp_path: Path) -> None:
    target = tmp_path / "new.backup"

    def come_first(step: str, _size: int) -> None:
        if step == "models":
            target.write_bytes(b"another one's")

    with used.app.app_context(), pytest.raises(Conflict, match="exists already"):
        backup.make(target, adapters.artifacts(), come_first)
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [
        ("new.backup", b"another one's")
    ]


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


def test_older_programs_than_the_server_are_named(tmp_path: Path) -> None:
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
