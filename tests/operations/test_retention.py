"""What is old enough goes, and nothing that anybody still needs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from server import adapters
from server.config import PROJECT_ROOT, Settings
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.operations import retention
from server.operations.tasks import tidy
from server.prediction import log as prediction_log
from server.prediction.room_logs import latest_forecast
from server.prediction.tables import Prediction, PredictionEvent, PredictionStep
from server.registry.tables import ACTIVE, Model
from server.training import log as session_log
from server.training import sessions
from server.training.events import NewEvent
from server.training.tables import TrainingEvent, TrainingSession
from tests.prediction.stored import store_forecast
from tests.registry.conftest import Register
from tests.training.conftest import wanted
from tests.training.recording import RecordingPublisher, RecordingQueue

NOW = datetime.now(UTC)
KEEP_ALL = {"retention_session_days": 0, "retention_prediction_days": 0, "retention_models_kept": 0}


@pytest.fixture
def keep(app: Flask, artifacts: ArtifactStore) -> Iterator[Any]:
    """Changes the settings of the application for a test."""
    before: Settings = app.config["SETTINGS"]

    def change(**changes: Any) -> Settings:
        app.config["SETTINGS"] = replace(before, **{**KEEP_ALL, **changes})
        return adapters.settings()

    yield change
    app.config["SETTINGS"] = before


def session_that_ended(days_ago: float | None) -> str:
    """A session; None: it has not ended."""
    request = wanted(seed=len(sessions.history({}, 1, 100)[0]))
    settings = replace(adapters.settings(), max_training_sessions=50)
    session_id = sessions.start(request, settings, RecordingPublisher(), RecordingQueue(), None).id
    if days_ago is not None:
        session_log.append(session_id, NewEvent("cancelled", {}), RecordingPublisher())
        ended = NOW - timedelta(days=days_ago)
        db.session.execute(update(TrainingSession).filter_by(id=session_id).values(finished_at=ended))
        db.session.commit()
    return session_id


def forecast_of(days_ago: float, request_id: str) -> None:
    """A forecast of two steps made that long ago, with its event."""
    origin = (NOW - timedelta(days=days_ago)).replace(minute=0, second=0, microsecond=0)
    store_forecast(request_id, [101.0, 102.0], origin, 100.0)
    db.session.execute(update(Prediction).filter_by(request_id=request_id).values(created_at=origin))
    prediction_log.append("BTC-USD", "1h", "predicted", {"at": days_ago}, RecordingPublisher(), request_id)
    db.session.execute(update(PredictionEvent).filter_by(request_id=request_id).values(timestamp=origin))
    db.session.commit()


def forecasts() -> list[str]:
    return sorted(db.session.scalars(select(Prediction.request_id)))


def run(app: Flask, *arguments: str) -> str:
    result = app.test_cli_runner().invoke(args=["retention", *arguments])
    assert result.exit_code == 0, result.output
    return str(result.output)


def test_by_default_everything_is_kept(app: Flask, register: Register, keep: Any) -> None:
    keep()
    session_that_ended(4000)
    forecast_of(4000, "ancient")
    for name in ("a", "b", "c"):
        register(name)
    assert Settings().retention_session_days == Settings().retention_prediction_days == 0
    assert Settings().retention_models_kept == 0
    assert set(retention.due(adapters.settings()).values()) == {0}
    tidy()
    assert forecasts() == ["ancient"]
    assert "0 models would be deleted (RETENTION_MODELS_KEPT=0 keeps all)" in run(app)


def test_sessions_go_by_the_day_they_ended_and_open_ones_stay(app: Flask, keep: Any) -> None:
    keep(retention_session_days=30)
    old, young, open_one = session_that_ended(31), session_that_ended(29), session_that_ended(None)
    db.session.execute(
        update(TrainingSession).filter_by(id=open_one).values(created_at=NOW - timedelta(days=400))
    )
    db.session.commit()
    files = ArtifactStore(adapters.settings().artifact_url)
    checkpoint = f"{files._root}/checkpoints/{old}/3.npz"
    files._fs.makedirs(checkpoint.rpartition("/")[0])
    files._fs.pipe_file(checkpoint, b"left behind by a worker that died")
    assert "1 ended sessions would be deleted (RETENTION_SESSION_DAYS=30)" in run(app)
    assert "1 ended sessions deleted" in run(app, "--apply")
    assert set(db.session.scalars(select(TrainingSession.id))) == {young, open_one}
    assert not db.session.scalars(select(TrainingEvent).filter_by(session_id=old)).all()
    assert not files._fs.exists(checkpoint)


def test_forecasts_go_by_their_last_step_with_their_steps_and_events(app: Flask, keep: Any) -> None:
    keep(retention_prediction_days=60)
    forecast_of(90, "old")
    # Begun up to an hour too early, ended one to two hours later: also when the clock strikes meanwhile.
    forecast_of(60, "ends within the time")
    forecast_of(1, "young")
    assert "1 forecasts would be deleted (RETENTION_PREDICTION_DAYS=60)" in run(app)
    assert forecasts() == ["ends within the time", "old", "young"]
    assert "1 forecasts deleted" in run(app, "--apply")
    assert forecasts() == ["ends within the time", "young"]
    assert set(db.session.scalars(select(PredictionStep.request_id))) == set(forecasts())
    assert set(db.session.scalars(select(PredictionEvent.request_id))) == set(forecasts())
    # The numbering of the room goes on, and never begins anew.
    after = prediction_log.append("BTC-USD", "1h", "drifted", {}, RecordingPublisher())
    assert after["seq"] == 4


def test_the_newest_forecast_event_of_a_series_stays_for_who_joins(app: Flask, keep: Any) -> None:
    keep(retention_prediction_days=60)
    forecast_of(400, "older")
    forecast_of(300, "newest")
    tidy()
    assert forecasts() == []
    shown = latest_forecast("BTC-USD", "1h")
    assert shown is not None
    assert (shown["seq"], shown["data"]) == (2, {"at": 300})


def test_what_live_figures_are_computed_from_is_kept_longer_than_asked(app: Flask, keep: Any) -> None:
    keep(retention_prediction_days=1, drift_window_days=30.0)
    forecast_of(20, "counts for drift")
    tidy()
    assert forecasts() == ["counts for drift"]


def test_models_go_but_the_active_one_and_the_newest(
    app: Flask, register: Register, artifacts: ArtifactStore, keep: Any
) -> None:
    keep(retention_models_kept=1)
    for name in ("a", "b", "c"):
        register(name)
    assert "1 models would be deleted" in run(app)
    assert artifacts.exists("b")
    tidy()
    assert sorted(db.session.scalars(select(Model.id))) == ["a", "c"]
    assert db.session.scalar(select(Model.status).filter_by(id="a")) == ACTIVE
    assert not artifacts.exists("b")
    assert artifacts.exists("a")


def test_more_rows_than_one_transaction_takes_all_go(
    app: Flask, keep: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_A_TIME", 2)
    keep(retention_prediction_days=60)
    for number in range(5):
        forecast_of(100 + number, f"old-{number}")
    forecast_of(1, "young")
    found = retention.tidy(adapters.settings(), adapters.artifacts(), adapters.checkpoints)
    assert (found[retention.FORECASTS], found[retention.EVENTS]) == (5, 5)
    assert forecasts() == ["young"]


def test_beat_tidies_every_night() -> None:
    script = "from server.worker import celery; print('TIDY', celery.conf.beat_schedule['tidy'])"
    environment = {
        **os.environ,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "RETENTION_HOUR_UTC": "5",
    }
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True
    )
    _, _, entry = ran.stdout.partition("TIDY")
    assert tidy.name in entry, ran.stderr
    assert "20 5 * * *" in entry
