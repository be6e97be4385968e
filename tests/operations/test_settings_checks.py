"""The doctor looks at settings, at this process and at its machine: what does not fit is named."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.config import Settings
from server.dashboard import files
from server.operations.checks import host
from server.operations.checks import settings as settings_checks
from server.operations.findings import OK, PROBLEM, WARNING, Finding, collect
from tests.operations.conftest import worst

PRODUCTION = Settings(
    app_env="production",
    host="0.0.0.0",  # noqa: S104 - as in a container
    proxy_hops=1,
    secret_key="0123456789abcdef" * 2,
    database_url="postgresql://user:a-long-one@db/x",
    redis_url="redis://:a-long-one@cache/0",
)


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({}, OK, ""),
        ({"app_env": "development"}, WARNING, "APP_ENV=production"),
        ({"app_env": "development", "host": "127.0.0.1"}, OK, ""),
        ({"cors_origins": ["*"]}, WARNING, "every origin"),
        ({"rate_limit_enabled": False}, WARNING, "RATE_LIMIT_ENABLED"),
        ({"redis_url": "redis://cache/0"}, WARNING, "REDIS_URL has no password"),
        ({"proxy_hops": 0}, WARNING, "PROXY_HOPS=0"),
        ({"proxy_hops": 4}, WARNING, "choose the address"),
        ({"log_format": "console"}, WARNING, "LOG_FORMAT"),
        ({"log_level": "DEBUG"}, WARNING, "LOG_LEVEL"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    app: Flask, changes: dict[str, Any], status: str, words: str
) -> None:
    checks = {name: settings_checks.CHECKS[name] for name in ("environment", "exposure", "logging")}
    with app.app_context():
        finding = worst(collect(checks, replace(PRODUCTION, **changes)))
    assert finding.status == status
    assert words in finding.sentence + finding.remedy


def test_debug_in_production_is_a_problem(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    with app.app_context():
        assert settings_checks.environment(PRODUCTION).status == PROBLEM


def test_a_dashboard_that_is_not_built_is_missed_only_where_it_could_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BUILT", tmp_path / "client" / "dist")
    assert settings_checks.dashboard(PRODUCTION).status == OK, "as in the image of the workers"
    (tmp_path / "client").mkdir()
    assert settings_checks.dashboard(PRODUCTION).status == WARNING
    (tmp_path / "client" / "dist").mkdir()
    (tmp_path / "client" / "dist" / files.PAGE).touch()
    assert settings_checks.dashboard(PRODUCTION).status == OK


def test_a_web_process_that_loaded_tensorflow_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", json)
    assert settings_checks.imports(PRODUCTION).status == PROBLEM


@pytest.mark.parametrize(
    ("free", "total", "status"),
    [(50, 100, OK), (5, 100, WARNING), (0.5, 2, WARNING), (0.1, 100, PROBLEM)],
)
def test_a_disk_that_fills_up_is_seen(free: float, total: float, status: str) -> None:
    assert host.space("/x", int(free * 1024**3), int(total * 1024**3)).status == status


def test_the_folder_of_the_metrics_must_be_one(settings: Settings, tmp_path: Path) -> None:
    def check(**changes: Any) -> Finding:
        return host.metrics_folder(replace(settings, **changes))

    assert check(prometheus_multiproc_dir=str(tmp_path)).status == OK
    assert check(prometheus_multiproc_dir=str(tmp_path / "none")).status == PROBLEM
    assert check(prometheus_multiproc_dir="").status == OK
    assert check(prometheus_multiproc_dir="", worker_metrics_port=9101).status == PROBLEM
