"""Settings: read from the environment, checked, and refused with the variable, its value and the remedy."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from server import config
from server.config import InvalidSettings, Settings

NAMES = [field.name.upper() for field in dataclasses.fields(Settings)]
PRODUCTION = {
    "APP_ENV": "production",
    "SECRET_KEY": "a long secret",
    "DATABASE_URL": "postgresql://u:p@db/crypto",
    "REDIS_URL": "redis://cache:6379/0",
}


@pytest.fixture(autouse=True)
def _no_outside_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "PROJECT_ROOT", tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


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
    assert Settings.from_environment().secret_key == "a long secret"


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


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_every_setting_is_explained() -> None:
    assert [field.name for field in dataclasses.fields(Settings) if not field.metadata.get("help")] == []
