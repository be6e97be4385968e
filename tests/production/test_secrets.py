"""Passwords: made once, kept from others, the same for all who need them, and none of them a default."""

from __future__ import annotations

import re
import stat
import subprocess
from pathlib import Path

import pytest

from server.config import PROJECT_ROOT, Settings
from tests.production import compose
from tests.production.compose import MAKE_SECRETS

SERVICES = compose.document()["services"]
PROJECT = compose.project({"SECRETS_FOLDER": "./secrets"})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after ``make secrets``."""
    folder = tmp_path_factory.mktemp("checkout")
    make_secrets(folder)
    return folder


def make_secrets(folder: Path) -> None:
    subprocess.run(["sh", MAKE_SECRETS, folder], check=True, capture_output=True)


def test_an_environment_made_from_the_example_satisfies_compose(made: Path) -> None:
    assert compose.project(compose.dotenv((made / ".env").read_text())) == PROJECT


def test_secrets_are_made_once_and_only_their_folder_keeps_others_out(
    made: Path,
) -> None:
    files = sorted((made / "secrets").iterdir())
    assert [Path(secret["file"]).name for secret in PROJECT["secrets"].values()] == [
        f"{name}.txt" for name in PROJECT["secrets"]
    ]
    assert {file.stem for file in files} == set(PROJECT["secrets"])
    before = {file: file.read_text() for file in files}
    make_secrets(made)
    assert {file: file.read_text() for file in files} == before
    assert stat.S_IMODE((made / "secrets").stat().st_mode) == 0o700
    # Compose gives them to containers with the mode and owner that they have here.
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o644}
    random = [before[made / "secrets" / f"{name}.txt"] for name in ("secret_key", "postgres_password")]
    assert all(re.fullmatch(r"[0-9a-f]{64}", value) for value in random)
    assert len(set(random)) == 2


def test_a_new_password_is_put_into_all_the_files_that_are_made_from_it(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    folder = tmp_path / "secrets"
    derived = {
        "postgres_password": ("database_url",),
        "valkey_password": ("redis_url", "valkey_config", "redis_exporter_passwords"),
    }
    page = (PROJECT_ROOT / "docs" / "operations.md").read_text()
    for name, others in derived.items():
        assert all(f"`{each}.txt`" in page for each in (name, *others))
        (folder / f"{name}.txt").write_text(f"new-{name}")
        for each in others:
            (folder / f"{each}.txt").unlink()
    make_secrets(tmp_path)
    for name, others in derived.items():
        assert all(f"new-{name}" in (folder / f"{each}.txt").read_text() for each in others)


def test_an_environment_without_the_folder_is_completed(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=DEBUG\n")
    make_secrets(tmp_path)
    found = compose.dotenv((tmp_path / ".env").read_text())
    assert found == {"LOG_LEVEL": "DEBUG", "SECRETS_FOLDER": "./secrets"}


def test_every_secret_is_used_and_every_file_that_is_read_is_a_secret_of_that_service() -> None:
    declared = set(compose.document()["secrets"])
    assert {each for service in SERVICES.values() for each in service.get("secrets", [])} == declared
    for name, service in SERVICES.items():
        values = map(str, service.get("environment", {}).values())
        read = {value.removeprefix("/run/secrets/") for value in values if value.startswith("/run/secrets/")}
        # Those of HTTPS are in a file of their own.
        assert read - {"tls_certificate", "tls_key"} <= set(service.get("secrets", [])), name


def test_production_accepts_the_secrets_and_postgres_is_told_the_same(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in PROJECT["services"]["web"]["environment"].items():
        monkeypatch.delenv(name.removesuffix("_FILE"), raising=False)
        if value is not None:
            monkeypatch.setenv(name, str(value).replace("/run/secrets/", f"{made}/secrets/") + _ending(value))
    # Needed before any setting is read, and of no use here.
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR")
    settings = Settings.from_environment()
    assert settings.app_env == "production"
    postgres = PROJECT["services"]["postgres"]["environment"]
    password = (made / "secrets" / "postgres_password.txt").read_text()
    user, database = postgres["POSTGRES_USER"], postgres["POSTGRES_DB"]
    assert settings.database_url == f"postgresql://{user}:{password}@postgres:5432/{database}"


def _ending(value: object) -> str:
    return ".txt" if str(value).startswith("/run/secrets/") else ""
