"""What docs/operations.md says is so."""

from __future__ import annotations

import re
from dataclasses import fields

import click
import pytest
from flask import Flask
from prometheus_client import REGISTRY

from docs import reference
from server.config import PROJECT_ROOT, Settings
from server.operations import retention

PAGE = (PROJECT_ROOT / "docs" / "operations.md").read_text()
COMPOSE = (PROJECT_ROOT / "docker-compose.yml").read_text()


def commands() -> list[str]:
    """Every `flask ...` of the page, without its options' values."""
    return sorted(set(re.findall(r"flask ((?:[a-z]+)(?: [a-z-]+| /\S+| --[a-z-]+)*)", PAGE)))


def test_every_flask_command_with_every_option_exists(app: Flask) -> None:
    named = commands()
    assert {line.split()[0] for line in named} >= {"backup", "restore", "doctor", "retention", "models", "db"}
    for line in named:
        command, words = click.Group(commands=dict(app.cli.commands)), line.split()
        if words[0] == "db":
            # Flask-Migrate brings these by itself.
            assert words[1] in {"upgrade", "downgrade"}
            continue
        for word in words:
            if isinstance(command, click.Group) and not word.startswith("-"):
                command = command.commands[word]
            elif word.startswith("--"):
                assert word in {option for each in command.params for option in each.opts}, line


def test_every_setting_named_exists() -> None:
    known = {spec.name.upper() for spec in fields(Settings)}
    named = set(re.findall(r"`([A-Z][A-Z0-9]+_[A-Z0-9_]+)(?:=[^`]*)?`", PAGE)) - {"X_FILE"}
    assert len(named) > 12
    assert named <= known


def test_every_metric_named_is_exported(app: Flask) -> None:
    exported = app.test_client().get("/metrics").get_data(as_text=True)
    declared = set(re.findall(r"^# TYPE (\S+)", exported, re.MULTILINE))
    declared |= {metric.name for metric in REGISTRY.collect()}
    code = "".join(path.read_text() for path in (PROJECT_ROOT / "server").rglob("*.py"))
    named = set(re.findall(r"`(crypto_predict_[a-z_]+)`", PAGE))
    assert len(named) > 8
    for name in named:
        # A gauge that is read at scrape time shows no line before there is something to show.
        assert name in declared or f'"{name.removesuffix("_total")}"' in code, name


def test_every_service_named_is_one_of_the_stack() -> None:
    services = set(re.findall(r"^  ([a-z-]+):$", COMPOSE, re.MULTILINE))
    lines = re.findall(r"^docker compose (?:stop|up -d --no-deps) (.*)$", PAGE, re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        assert set(line.split()) <= services
    assert {"flask", "migrate"} <= services


def test_every_link_and_file_named_exists() -> None:
    for path in re.findall(r"`(docs/[\w./-]+)`", PAGE):
        assert (PROJECT_ROOT / path).exists(), path


def test_what_grows_is_what_the_command_deletes(app: Flask, database: None) -> None:
    shown = app.test_cli_runner().invoke(args=["retention"]).output
    assert set(retention.due(app.config["SETTINGS"])) == {
        retention.SESSIONS,
        retention.FORECASTS,
        retention.EVENTS,
        retention.MODELS,
    }
    for name in ("RETENTION_SESSION_DAYS", "RETENTION_PREDICTION_DAYS", "RETENTION_MODELS_KEPT"):
        assert name in shown
        assert name in PAGE


def test_the_remedies_of_the_doctor_name_commands_that_exist(app: Flask) -> None:
    sources = "".join(path.read_text() for path in (PROJECT_ROOT / "server/operations").rglob("*.py"))
    named = set(re.findall(r"`flask ([a-z]+)", sources))
    assert named
    assert named - {"db"} <= set(app.cli.commands)


@pytest.mark.parametrize("heading", list(reference.GROUPS.values()))
def test_the_reference_has_every_group(heading: str) -> None:
    assert f"**{heading}**" in reference.settings_table()


def test_the_reference_has_every_setting_once_in_order_with_kind_and_meaning() -> None:
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| ([^|]+) \| [^|]*\| (.+) \|$", reference.settings_table(), re.M)
    assert [name for name, _, _ in rows] == [spec.name.upper() for spec in fields(Settings)]
    assert all(kind.strip() and len(meaning) > 10 for _, kind, meaning in rows)


def test_the_groups_follow_the_order_of_the_settings() -> None:
    names = [spec.name for spec in fields(Settings)]
    starts = [names.index(first) for first in reference.GROUPS]
    assert starts == sorted(starts)
    assert starts[0] == 0
