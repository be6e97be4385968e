"""The role of postgres-exporter sees what PostgreSQL says of itself, and nothing that the product keeps."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg2
import pytest
from flask import Flask
from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import make_url

from server.config import Settings
from tests.production.exporter_role import make_role


def connected(environment: dict[str, str]) -> psycopg2.extensions.connection:
    password = Path(environment["DATA_SOURCE_PASS_FILE"]).read_text()
    user, place = environment["DATA_SOURCE_USER"], environment["DATA_SOURCE_URI"]
    return psycopg2.connect(f"postgresql://{user}:{password}@{place}")


@pytest.fixture
def told(app: Flask, settings: Settings, tmp_path: Path) -> dict[str, str]:
    """The exporter's environment, on the product's tables."""
    return make_role(settings.database_url, "first-password", tmp_path)


def test_it_sees_all_connections_and_reads_no_table(told: dict[str, str], settings: Settings) -> None:
    owner = make_url(settings.database_url).set(drivername="postgresql")
    with psycopg2.connect(owner.render_as_string(hide_password=False)) as other, connected(told) as role:
        cursor = role.cursor()
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", [other.info.backend_pid])
        assert cursor.fetchone() != ("<insufficient privilege>",)
        cursor.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False, False, False)
        with pytest.raises(InsufficientPrivilege):
            cursor.execute("SELECT * FROM training_sessions")
    other.close()
    role.close()


def test_made_again_it_has_the_new_password(told: dict[str, str], settings: Settings, tmp_path: Path) -> None:
    connected(told).close()
    old = tmp_path / "old"
    old.write_text("first-password")
    connected(make_role(settings.database_url, "it's another \\ one", tmp_path / "again")).close()
    with pytest.raises(psycopg2.OperationalError, match="password"):
        connected({**told, "DATA_SOURCE_PASS_FILE": str(old)})


def test_it_is_not_made_in_silence_when_postgres_refuses(settings: Settings, tmp_path: Path) -> None:
    wrong = make_url(settings.database_url).set(password="wrong").render_as_string(hide_password=False)
    with pytest.raises(subprocess.CalledProcessError):
        make_role(wrong, "password", tmp_path)
