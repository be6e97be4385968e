"""Deployments of a test's own: a database, a store of artifacts, and what a used one holds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, func, select, table, text

from server import adapters
from server.config import Settings
from server.extensions import db
from server.local.postgres import EmbeddedPostgres
from server.market import store
from server.operations import backup, migrations
from server.operations.findings import OK, PROBLEM, WARNING, Finding
from server.registry import models
from server.training import log, sessions
from server.training.events import NewEvent
from server.training.tables import TrainingEvent
from tests.applications import application
from tests.registry.conftest import UNCOMPARED, artifacts, register, told  # noqa: F401 - fixtures
from tests.registry.stored import ID, candles, store_model
from tests.training.conftest import wanted
from tests.training.recording import RecordingPublisher, RecordingQueue

OTHER_ID = "fedcba9876543210" * 2
FORECAST = {"ticker": "BTC-USD", "interval": "1h"}

_numbers = count(1)


@dataclass(slots=True)
class Deployment:
    """An application on a database and a store of its own; ``session_id`` is that of an open session."""

    app: Flask
    database: str
    store: Path
    session_id: str = ""

    def run(self, *arguments: str) -> Any:
        """A ``flask`` command, as a person types it."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        return self.app.test_cli_runner().invoke(args=list(arguments))

    def refused(self, *arguments: str) -> str:
        """The words of a command that ends with status 1, in one line."""
        result = self.run(*arguments)
        assert result.exit_code == 1, result.output
        assert "Traceback" not in result.output
        return " ".join(str(result.output).split())

    def rows(self) -> dict[str, int]:
        """The number of rows of each table."""
        with self.app.app_context(), db.engine.connect() as connection:
            return {
                name: connection.scalar(select(func.count()).select_from(table(name)))
                for name in migrations.tables(connection)
            }

    def forecast(self) -> list[dict[str, Any]]:
        """What the server forecasts from the newest stored candle."""
        answer = self.app.test_client().post("/api/v1/predict", json=FORECAST)
        assert answer.status_code == 200, answer.json
        predictions: list[dict[str, Any]] = answer.json["predictions"]
        return predictions


Deploy = Callable[..., Deployment]


@pytest.fixture(scope="module")
def deploy(settings: Settings, postgres: EmbeddedPostgres, tmp_path_factory: Any) -> Iterator[Deploy]:
    """Makes deployments with a migrated, empty database, or with one copied from ``template``."""
    with ExitStack() as stack:

        def made(template: str | None = None, **changes: Any) -> Deployment:
            name = f"operations{next(_numbers)}"
            _create(postgres, name, template or "template0")
            folder = tmp_path_factory.mktemp(name)
            changes = {"database_url": postgres.url_of(name), "artifact_url": folder.as_uri(), **changes}
            app = stack.enter_context(application(settings, **changes))
            if template is None:
                with app.app_context():
                    migrations.migrate()
                    db.engine.dispose()
            return Deployment(app, name, folder)

        yield made


def _create(postgres: EmbeddedPostgres, name: str, template: str) -> None:
    server = create_engine(postgres.url_of("postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        # Only a database that nobody is connected to can be copied.
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :template"),
            {"template": template},
        )
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    server.dispose()


@pytest.fixture(scope="module")
def migrated(deploy: Deploy) -> str:
    """The name of an empty, migrated database, to be copied."""
    return deploy().database


@pytest.fixture(scope="module")
def used(deploy: Deploy, migrated: str) -> Deployment:
    """Candles, two models of which one is active, an open session with events, and a forecast."""
    deployment = deploy(migrated)
    with deployment.app.app_context():
        store.upsert("BTC-USD", "1h", "a walk", candles())
        for model_id, forecast in ((ID, 0.01), (OTHER_ID, 0.02)):
            models.register(store_model(adapters.artifacts(), model_id, forecast=forecast), UNCOMPARED)
            db.session.commit()
        session = sessions.start(wanted(), adapters.settings(), RecordingPublisher(), RecordingQueue(), None)
        deployment.session_id = session.id
        next_event(deployment.session_id)
        db.session.remove()
        db.engine.dispose()
    deployment.forecast()
    return deployment


def next_event(session_id: str) -> int:
    """Append one event to a session; its number."""
    event = NewEvent("started", {"attempt": 1, "worker": "w"})
    known = db.session.scalars(select(TrainingEvent.type).filter_by(session_id=session_id)).all()
    if "started" in known:
        event = NewEvent("cancelled", {})
    return int(log.append(session_id, event, RecordingPublisher())["seq"])


@pytest.fixture(scope="module")
def made_backup(used: Deployment, tmp_path_factory: Any) -> Path:
    """A backup of ``used``."""
    path: Path = tmp_path_factory.mktemp("backups") / "whole.backup"
    with used.app.app_context():
        backup.make(path, adapters.artifacts(), lambda *_: None)
    return path


@pytest.fixture
def empty(deploy: Deploy, migrated: str) -> Deployment:
    """A deployment in which nothing was done yet."""
    return deploy(migrated)


@pytest.fixture
def only_web(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a web process: what other tests of this process imported to train is not there."""
    for name in ("tensorflow", "keras"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def worst(findings: Any) -> Finding:
    """The worst of the findings."""
    order = (OK, WARNING, PROBLEM)
    listed = [findings] if isinstance(findings, Finding) else list(findings)
    return max(listed, key=lambda finding: order.index(finding.status))
