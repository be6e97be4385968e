"""Settings: read from the environment, checked, and refused with the variable, its value and the remedy."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from server import config
from server.config import InvalidSettings, Settings
from server.local.environment import environment_of
from server.setting_checks import ENVIRONMENT_ALONE

NAMES = [field.name.upper() for field in dataclasses.fields(Settings)]
PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "0123456789abcdef" * 2,
    "DATABASE_URL": "postgresql://u:p@db/crypto",
    "REDIS_URL": "redis://cache:6379/0",
}


@pytest.fixture(autouse=True)
def _no_outside_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "PROJECT_ROOT", tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


def test_without_environment_every_setting_has_its_default() -> None:
    settings = Settings.from_environment()
    assert settings.port == 5000
    assert settings.async_mode == "gevent"
    assert list(settings.cors_origins) == []
    assert settings.artifact_url.startswith("file://")
    assert settings.artifact_url.endswith(".local/artifacts")


def test_a_development_key_is_made_up_anew_each_time() -> None:
    assert Settings.from_environment().secret_key != Settings.from_environment().secret_key


def test_the_environment_is_read_with_its_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8080")
    monkeypatch.setenv("LEASE_SECONDS", "2.5")
    monkeypatch.setenv("RATE_LIMIT_ENABLED", "false")
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example,https://b.example")
    settings = Settings.from_environment()
    assert (settings.port, settings.lease_seconds, settings.rate_limit_enabled) == (8080, 2.5, False)
    assert settings.cors_origins == ["https://a.example", "https://b.example"]


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=7001\nHOST=0.0.0.0\n")
    monkeypatch.setenv("PORT", "7002")
    settings = Settings.from_environment()
    assert (settings.port, settings.host) == (7002, "0.0.0.0")  # noqa: S104


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "70000"),
        ("PORT", "http"),
        ("ASYNC_MODE", "asyncio"),
        ("APP_ENV", "staging"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("MAX_TRAINING_SESSIONS", "0"),
        ("LEASE_SECONDS", "soon"),
        ("RATE_LIMIT_ENABLED", "perhaps"),
        ("PROXY_HOPS", "-1"),
        ("MAX_BODY_BYTES", "10"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings) as refused:
        Settings.from_environment()
    assert f"{name}={value!r}" in str(refused.value)
    assert list(refused.value.details["variables"]) == [name]


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "0")
    monkeypatch.setenv("LOG_LEVEL", "LOUD")
    with pytest.raises(InvalidSettings) as refused:
        Settings.from_environment()
    assert set(refused.value.details["variables"]) == {"PORT", "LOG_LEVEL"}


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL", "REDIS_URL"])
def test_production_needs_its_secrets(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in PRODUCTION.items():
        if name != missing:
            monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings, match=missing):
        Settings.from_environment()


def test_production_with_its_secrets_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    assert Settings.from_environment().secret_key == PRODUCTION["SECRET_KEY"]


@pytest.mark.parametrize("key", ["change-me", "0123456789abcdef", "x" * 64])
def test_production_refuses_a_weak_key_without_showing_it(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    for name, value in {**PRODUCTION, "SECRET_KEY": key}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSettings, match="SECRET_KEY of 32 random characters") as refused:
        Settings.from_environment()
    assert key not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "postgresql://postgres:postgres@db/crypto"),
        ("DATABASE_URL", "postgresql://crypto_predict:change-me@db/crypto"),
        ("DATABASE_URL", "postgresql://me%40home:me%40home@db/crypto"),
        ("REDIS_URL", "redis://:Password@cache:6379/0"),
    ],
)
def test_production_refuses_a_password_that_everybody_knows(
    monkeypatch: pytest.MonkeyPatch, name: str, url: str
) -> None:
    for each, value in {**PRODUCTION, name: url}.items():
        monkeypatch.setenv(each, value)
    with pytest.raises(InvalidSettings, match=f"the password in {name}") as refused:
        Settings.from_environment()
    assert list(refused.value.details["variables"]) == [name]
    monkeypatch.setenv("APP_ENV", "development")
    assert Settings.from_environment()


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(ENVIRONMENT_ALONE)))
def test_every_setting_may_come_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    value = environment_of(Settings(), {})[name] or "anything"
    monkeypatch.setenv(name, value)
    expected = Settings.from_environment()
    monkeypatch.delenv(name)
    (tmp_path / "value").write_text(f"{value}\n")
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "value"))
    found = Settings.from_environment()
    assert getattr(found, name.lower()) == getattr(expected, name.lower())


def test_a_value_beside_its_file_is_refused_by_both_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("from the file")
    monkeypatch.setenv("SECRET_KEY", "from the environment")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
    with pytest.raises(InvalidSettings, match="SECRET_KEY and SECRET_KEY_FILE are both set"):
        Settings.from_environment()


@pytest.mark.parametrize("first", ["PORT", "PORT_FILE"])
def test_the_environment_wins_over_the_file_in_either_form(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: str
) -> None:
    for number in ("7001", "7002"):
        (tmp_path / number).write_text(number)
    values = {"PORT": ("7001", "7002"), "PORT_FILE": (str(tmp_path / "7001"), str(tmp_path / "7002"))}
    second = next(name for name in values if name != first)
    monkeypatch.setenv(first, values[first][0])
    (tmp_path / ".env").write_text(f"{second}={values[second][1]}\n")
    assert Settings.from_environment().port == 7001


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "it is no text"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    make(tmp_path / "secret")
    monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "secret"))
    with pytest.raises(InvalidSettings, match=reason) as refused:
        Settings.from_environment()
    assert f"DATABASE_URL_FILE={str(tmp_path / 'secret')!r}" in str(refused.value)
    assert "name a text file" in str(refused.value)


def test_a_wrong_value_in_a_file_is_refused_by_its_path_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "port").write_text("hunter2")
    monkeypatch.setenv("PORT_FILE", str(tmp_path / "port"))
    with pytest.raises(InvalidSettings, match=f"PORT in {tmp_path / 'port'}") as refused:
        Settings.from_environment()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", ENVIRONMENT_ALONE)
def test_what_is_needed_before_files_are_read_cannot_come_from_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    (tmp_path / "value").write_text("threading")
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "value"))
    with pytest.raises(InvalidSettings, match=f"set {name} itself"):
        Settings.from_environment()


def test_the_processes_of_a_stack_get_values_not_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("from the file")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
    told = environment_of(Settings.from_environment(), os.environ)
    assert told["SECRET_KEY"] == "from the file"
    assert "SECRET_KEY_FILE" not in told


@pytest.mark.parametrize("in_file", ["s3cret", "s3cret\n", "s3cret\r\n"])
def test_the_end_of_a_files_line_is_no_part_of_the_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, in_file: str
) -> None:
    (tmp_path / "secret").write_bytes(in_file.encode())
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
    assert Settings.from_environment().secret_key == "s3cret"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://h:1/0", "redis://h:1/1"),
        ("redis://h:1", "redis://h:1/1"),
        ("rediss://:p@h:1/7?ssl_cert_reqs=none", "rediss://:p@h:1/1?ssl_cert_reqs=none"),
    ],
)
def test_a_logical_database_replaces_the_urls_own(url: str, expected: str) -> None:
    assert Settings(redis_url=url).redis_database(1) == expected


@pytest.mark.parametrize(
    ("host", "address", "own_url"),
    [
        ("127.0.0.1", "127.0.0.1:5000", "http://127.0.0.1:5000/health"),
        ("0.0.0.0", "0.0.0.0:5000", "http://127.0.0.1:5000/health"),  # noqa: S104
        ("::", "[::]:5000", "http://[::1]:5000/health"),
        ("fd00::7", "[fd00::7]:5000", "http://[fd00::7]:5000/health"),
        ("web", "web:5000", "http://web:5000/health"),
    ],
)
def test_the_server_finds_itself_wherever_it_listens(host: str, address: str, own_url: str) -> None:
    settings = Settings(host=host, port=5000)
    assert (settings.address(), settings.own_url("/health")) == (address, own_url)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_every_setting_is_explained() -> None:
    assert [field.name for field in dataclasses.fields(Settings) if not field.metadata.get("help")] == []
