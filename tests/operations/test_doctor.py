"""The doctor names what is wrong, in words, and what to do: each fault here is a real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from server.config import Settings
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.local.processes import free_port
from server.local.valkey import EmbeddedValkey
from server.market.tables import ScheduleRun
from server.observability.health import QUEUES, beat_worker, forget_worker
from server.operations import doctor
from server.operations.checks import database, exchanges, processes, redis
from server.operations.checks import models as model_checks
from server.operations.findings import OK, PROBLEM, WARNING, Finding, collect
from server.registry import models
from tests.applications import application
from tests.operations.conftest import Deploy, Deployment, worst
from tests.production import compose
from tests.registry.conftest import Register, damaged
from tests.registry.stored import ID, store_model


def found(check: str, findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.check == check]


@pytest.fixture
def live(app: Flask, database: None, settings: Settings, only_web: None) -> Iterator[Flask]:
    """Workers for each queue have been heard of, and beat as well."""
    url = settings.redis_database(1)
    beat_worker(url, "w@here", QUEUES)
    now = text("now()")
    row = {"name": "prices", "status": "COMPLETED", "started_at": now}
    db.session.execute(insert(ScheduleRun).values(**row))
    db.session.commit()
    yield app
    forget_worker(url, "w@here", QUEUES)


def test_a_deployment_that_works_is_healthy(live: Flask) -> None:
    findings = doctor.examine()
    problems = [finding for finding in findings if finding.status == PROBLEM]
    assert problems == []
    assert {finding.check for finding in findings} >= {
        "environment", "exposure", "logging", "dashboard", "imports", "database", "migrations", "connections",
        "clock", "redis", "redis memory", "redis persistence", "workers", "beat", "artifact store",
        "active models", "disk", "open files", "metrics",
    }  # fmt: skip
    result = live.test_cli_runner().invoke(args=["doctor"])
    assert result.exit_code == 0, result.output
    assert "0 problems" in result.output


def test_the_json_form_is_one_document_and_the_exit_status_says_it_too(
    live: Flask, settings: Settings
) -> None:
    forget_worker(settings.redis_database(1), "w@here", ["prediction"])
    result = live.test_cli_runner().invoke(args=["doctor", "--json"])
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert document["healthy"] is False
    (fault,) = [each for each in document["findings"] if each["status"] == PROBLEM]
    assert fault["sentence"] == "No live worker takes from the queue prediction"
    assert "-Q prediction" in fault["remedy"]


def test_nothing_that_it_needs_is_there() -> None:
    with application() as nowhere, nowhere.app_context():
        findings = doctor.examine()
    for check in ("database", "connections", "clock of the database", "redis", "workers", "beat"):
        (finding,) = found(check, findings)
        assert finding.status == PROBLEM
        assert "cannot be asked" in finding.sentence
    # The checks that need neither went on.
    assert worst(found("disk", findings)).status in (OK, WARNING)


def test_redis_that_stops_is_named(settings: Settings, tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "valkey", tmp_path / "valkey.log")
    server.start()
    stopped = replace(settings, redis_url=server.url)
    assert worst(collect(redis.CHECKS, stopped)).status != PROBLEM
    server.stop()
    finding = worst(collect(redis.CHECKS, stopped))
    assert finding.status == PROBLEM
    assert "Connect" in finding.sentence


@pytest.fixture
def configured(settings: Settings) -> Iterator[Redis]:
    """Redis, to be set up wrongly; as it was afterwards."""
    with Redis.from_url(settings.redis_url, decode_responses=True) as client:
        names = ("maxmemory", "maxmemory-policy", "save", "appendonly")
        before = {name: client.config_get(name)[name] for name in names}
        yield client
        for name, value in before.items():
            client.config_set(name, value)


def test_a_broker_that_forgets_under_pressure_is_a_problem(configured: Redis, settings: Settings) -> None:
    configured.config_set("maxmemory", "500mb")
    configured.config_set("maxmemory-policy", "allkeys-lru")
    (finding,) = found("redis memory", list(collect(redis.CHECKS, settings)))
    assert finding.status == PROBLEM
    assert "noeviction" in finding.remedy
    for policy in ("noeviction", policy_of_the_stack()):
        configured.config_set("maxmemory-policy", policy)
        (finding,) = found("redis memory", list(collect(redis.CHECKS, settings)))
        assert finding.status == OK, policy


def policy_of_the_stack() -> str:
    """What the Compose file sets."""
    command: list[str] = compose.document()["services"]["valkey"]["command"]
    return command[command.index("--maxmemory-policy") + 1]


def test_a_broker_that_saves_nothing_is_a_warning(configured: Redis, settings: Settings) -> None:
    configured.config_set("appendonly", "no")
    configured.config_set("save", "")
    (finding,) = found("redis persistence", list(collect(redis.CHECKS, settings)))
    assert (finding.status, finding.remedy) == (WARNING, "Set appendonly yes")
    configured.config_set("save", "60 1000")
    (finding,) = found("redis persistence", list(collect(redis.CHECKS, settings)))
    assert finding.status == OK


def test_beat_that_fell_silent_is_a_problem(live: Flask, settings: Settings) -> None:
    assert processes.beat(settings).status == OK
    db.session.execute(text("UPDATE schedule_runs SET started_at = now() - interval '20 minutes'"))
    db.session.commit()
    finding = processes.beat(settings)
    assert finding.status == PROBLEM
    assert "last began 20 minutes ago" in finding.sentence
    db.session.execute(text("DELETE FROM schedule_runs"))
    db.session.commit()
    assert processes.beat(settings).status == WARNING


def test_a_database_behind_or_ahead_of_the_code_is_a_problem(deploy: Deploy, migrated: str) -> None:
    other = deploy(migrated)
    with other.app.app_context():
        settings = other.app.config["SETTINGS"]
        assert worst(database.database(settings)).status == OK
        for at, words in (("0005", "flask db upgrade"), ("9999", "which this version does not know")):
            with db.engine.begin() as connection:
                connection.execute(text("UPDATE alembic_version SET version_num = :at"), {"at": at})
            finding = worst(database.database(settings))
            assert (finding.check, finding.status) == ("migrations", PROBLEM)
            assert words in finding.sentence + finding.remedy


def test_a_role_without_rights_is_named(deploy: Deploy, migrated: str) -> None:
    other: Deployment = deploy(migrated)
    with other.app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DROP ROLE IF EXISTS outsider"))
        connection.execute(text("CREATE ROLE outsider LOGIN PASSWORD 'pw-of-outsider'"))
    url = str(other.app.config["SETTINGS"].database_url)
    host_part = url.rpartition("@")[2]
    with (
        application(
            other.app.config["SETTINGS"], database_url=f"postgresql://outsider:pw-of-outsider@{host_part}"
        ) as app,
        app.app_context(),
    ):
        findings = list(collect(model_checks.CHECKS, app.config["SETTINGS"]))
    finding = worst(findings)
    assert finding.status == PROBLEM
    assert "permission denied" in finding.sentence
    with other.app.app_context(), db.engine.begin() as connection:
        connection.execute(text("DROP ROLE outsider"))


def test_more_connections_than_the_server_has_are_foreseen(live: Flask, settings: Settings) -> None:
    assert database.connections(settings).status == OK
    finding = database.connections(replace(settings, database_pool_size=100))
    assert finding.status == WARNING
    assert "more than there are" in finding.sentence


@pytest.mark.parametrize(("apart", "status"), [(0.0, OK), (0.9, OK), (5.0, WARNING), (-60.0, PROBLEM)])
def test_clocks_that_differ_are_seen_through_the_way_there_and_back(apart: float, status: str) -> None:
    asked, answered = 1000.0, 1000.4
    assert database.skew("X", 1000.2 + apart, asked, answered).status == status


def test_an_artifact_that_is_gone_or_damaged_is_named(
    live: Flask, register: Register, artifacts: ArtifactStore
) -> None:
    register()
    settings: Settings = live.config["SETTINGS"]
    assert worst(model_checks.active_models(settings)).sentence == "1 of 1 active models are whole"
    with damaged(Path(artifacts._root) / "models" / ID / "model.onnx"):
        assert (
            "model.onnx does not match its checksum" in worst(model_checks.active_models(settings)).sentence
        )
    artifacts.delete(ID)
    finding = worst(model_checks.active_models(settings))
    assert finding.status == PROBLEM
    assert f"There is no model {ID}" in finding.sentence
    assert models.get(ID)


def test_an_artifact_that_another_took_the_place_of_is_named(
    live: Flask, register: Register, artifacts: ArtifactStore
) -> None:
    register()
    artifacts.delete(ID)
    store_model(artifacts, ID, forecast=0.5)
    finding = worst(model_checks.active_models(live.config["SETTINGS"]))
    assert "is not the one that was registered" in finding.sentence


def test_a_store_that_cannot_be_written_is_named(settings: Settings, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    checks = {"artifact store": model_checks.store}
    finding = worst(collect(checks, replace(settings, artifact_url=blocked.as_uri())))
    assert finding.status == PROBLEM
    assert "The artifact store does not answer" in finding.sentence


def test_exchanges_are_asked_on_request_alone(app: Flask, settings: Settings) -> None:
    assert "exchanges" not in doctor.CHECKS
    dead = {
        "market_sources": ["kraken"],
        "exchange_urls": [f"kraken=http://127.0.0.1:{free_port()}"],
        "source_patience_seconds": 0.0,
        "source_timeout_seconds": 2.0,
    }
    finding = worst(collect(exchanges.CHECKS, replace(settings, **dead)))
    assert finding.status == WARNING
    assert "kraken cannot be asked" in finding.sentence
