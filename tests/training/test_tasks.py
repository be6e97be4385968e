"""The training task in this process: real Keras, real database, and every way a run can end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import event
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server import adapters
from server.config import Settings
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.market import store
from server.market.candles import Candles
from server.realtime.publisher import Publisher
from server.training import lease, log, reaper, sessions, tasks
from server.training.ranges import resolve
from server.training.schemas import StartTraining
from tests.candles import sample_candles
from tests.training import held
from tests.training.held import expire
from tests.training.recording import RecordingPublisher, RecordingQueue

pytestmark = pytest.mark.timeout(120)

BODY = {"ticker": "BTC-USD", "model_type": "CNN", "lookback": 10, "epochs": 2, "batch_size": 256, "seed": 5}


@pytest.fixture
def candles(database: None) -> Candles:
    """A short real series, stored."""
    found = sample_candles()[:700]
    store.upsert("BTC-USD", "1h", "the shipped sample", found)
    return found


@pytest.fixture
def waiting(candles: Candles, settings: Settings) -> str:
    """A session that waits."""
    request = resolve(StartTraining().load(BODY))
    return sessions.start(request, settings, RecordingPublisher(), RecordingQueue()).id


@pytest.fixture
def short_limit(app: Flask, settings: Settings) -> Iterator[None]:
    app.config["SETTINGS"] = replace(settings, training_time_limit=0)
    yield
    app.config["SETTINGS"] = settings


@pytest.fixture
def impatient(app: Flask) -> Iterator[None]:
    """Who waits for a lock is told after two seconds, instead of waiting without end."""

    def limit(connection: Any, *_: Any) -> None:
        connection.cursor().execute("SET lock_timeout = '2s'")

    event.listen(db.engine, "checkout", limit)
    yield
    event.remove(db.engine, "checkout", limit)
    db.session.rollback()
    db.engine.dispose()


def types_of(session_id: str) -> list[str]:
    return [each["type"] for each in log.read(session_id) if each["type"] != "stage"]


@contextmanager
def publishing_to(publisher: Publisher) -> Iterator[None]:
    extensions = tasks.celery.flask_app.extensions
    kept = adapters.publisher()
    extensions["publisher"] = publisher
    try:
        yield
    finally:
        extensions["publisher"] = kept


def interrupted_after_an_epoch(session_id: str) -> None:
    """Leave the session as a worker leaves it that was asked to stop after its first epoch."""
    tasks.DRAINING[0] = 0

    class StopAfterOneEpoch:
        def publish(self, room: str, event: str, payload: Any) -> None:
            if payload.get("type") == "epoch":
                tasks.DRAINING[0] = 1

    with publishing_to(StopAfterOneEpoch()):
        tasks.train.run(session_id)
    tasks.DRAINING[0] = 0


def test_a_run_completes_with_its_model_stored_and_its_checkpoints_gone(
    waiting: str, settings: Settings
) -> None:
    tasks.train.run(waiting)
    session = sessions.get(waiting)
    assert types_of(waiting) == ["queued", "started", "epoch", "epoch", "evaluated", "completed"]
    assert (session.status, session.lease_token, session.progress) == ("COMPLETED", None, 100.0)
    model = ArtifactStore(settings.artifact_url).open(session.model_id or "")
    assert model.expect("BTC-USD", "1h").manifest["baseline"] == session.baseline
    assert session.baseline is not None
    assert "drift" in session.baseline
    assert model.manifest["data"]["fingerprint"] == session.data_fingerprint
    with pytest.raises(Exception, match="missing"):
        adapters.checkpoints(waiting).load(2)


def test_a_run_that_takes_too_long_fails_saying_so(waiting: str, short_limit: None) -> None:
    tasks.train.run(waiting)
    error = sessions.get(waiting).error
    assert error is not None
    assert error["error_code"] == "time_limit"
    assert "TRAINING_TIME_LIMIT" in error["message"]


def test_a_run_handed_back_goes_on_after_its_last_epoch(waiting: str) -> None:
    interrupted_after_an_epoch(waiting)
    assert sessions.get(waiting).status == "PENDING"
    assert types_of(waiting)[-2:] == ["epoch", "requeued"]
    tasks.train.run(waiting)
    epochs = [each["data"]["epoch"] for each in log.read(waiting) if each["type"] == "epoch"]
    assert epochs == [1, 2]
    assert sessions.get(waiting).status == "COMPLETED"


def test_a_run_whose_candles_changed_meanwhile_is_not_mixed(waiting: str, candles: Candles) -> None:
    interrupted_after_an_epoch(waiting)
    prices = {name: getattr(candles, name)[100:101] * 1.5 for name in ("open", "high", "low", "close")}
    changed = Candles(candles.timestamp[100:101], **prices, volume=np.array([1.0]))
    store.upsert("BTC-USD", "1h", "a correction", changed)
    tasks.train.run(waiting)
    error = sessions.get(waiting).error
    assert error is not None
    assert error["error_code"] == "candles_changed"


def test_a_missing_checkpoint_fails_the_run_instead_of_starting_over_in_silence(waiting: str) -> None:
    interrupted_after_an_epoch(waiting)
    adapters.checkpoints(waiting).clear()
    tasks.train.run(waiting)
    error = sessions.get(waiting).error
    assert error is not None
    assert error["error_code"] == "checkpoint_unusable"


def test_an_attempt_that_died_after_writing_the_model_is_repeated(waiting: str, settings: Settings) -> None:
    interrupted_after_an_epoch(waiting)
    store_of_models = ArtifactStore(settings.artifact_url)
    contents = ("feature_names", "scaler", "metrics", "baseline", "conformal", "data", "libraries")
    manifest: dict[str, Any] = {name: {} for name in contents}
    manifest["spec"] = {"ticker": "BTC-USD", "interval": "1h"}
    store_of_models.write(waiting, {"model.onnx": b"left behind"}, manifest)
    tasks.train.run(waiting)
    assert sessions.get(waiting).status == "COMPLETED"
    assert store_of_models.open(waiting).read("model.onnx") != b"left behind"


def claimed(session_id: str) -> lease.Lease:
    return held.claimed(sessions.get(session_id), RecordingPublisher())


def trip_over(error: Exception, session_id: str, its_lease: lease.Lease | None) -> None:
    """What Celery does when a run that holds this lease, or none yet, raises what nobody expected."""
    tasks.train.push_request(lease=its_lease)
    try:
        tasks.train.on_failure(error, "task", (session_id,), {}, None)
    finally:
        tasks.train.pop_request()


def test_a_defect_ends_the_run_failed(waiting: str) -> None:
    trip_over(ValueError("nobody expected this"), waiting, claimed(waiting))
    session = sessions.get(waiting)
    assert session.status == "FAILED"
    assert session.error is not None
    assert session.error["error_code"] == "internal_error"
    assert "nobody expected" not in session.error["message"]


def test_a_defect_amid_a_transaction_waits_for_none_of_its_locks(waiting: str, impatient: None) -> None:
    """A real delivery: the session's row is locked when the run trips."""

    class Tripping:
        def publish(self, room: str, event: str, payload: Any) -> None:
            if payload.get("type") == "stage":
                log.locked(waiting)
                raise ValueError("nobody expected this")

    with publishing_to(Tripping()):
        tasks.train.apply((waiting,))
    assert sessions.get(waiting).status == "FAILED"
    assert types_of(waiting) == ["queued", "started", "failed"]


def test_a_run_that_cannot_be_claimed_fails_instead_of_being_sent_for_ever(waiting: str) -> None:
    trip_over(TypeError("a defect of the claim"), waiting, None)
    assert sessions.get(waiting).status == "FAILED"
    assert types_of(waiting) == ["queued", "failed"]


def test_a_defect_of_a_worker_that_lost_the_run_does_not_end_it(waiting: str, settings: Settings) -> None:
    """Taken for dead, it goes on for a while; what it trips over is not the new worker's business."""
    lost = claimed(waiting)
    expire(waiting)
    reaper.reap(settings, RecordingPublisher(), RecordingQueue())
    claimed(waiting)
    for its_lease in (lost, None):
        trip_over(FileNotFoundError("a checkpoint"), waiting, its_lease)
    assert sessions.get(waiting).status == "IN_PROGRESS"
    assert types_of(waiting) == ["queued", "started", "requeued", "started"]


def test_a_defect_of_a_worker_whose_run_waits_again_does_not_end_it(waiting: str, settings: Settings) -> None:
    lost = claimed(waiting)
    expire(waiting)
    reaper.reap(settings, RecordingPublisher(), RecordingQueue())
    trip_over(FileNotFoundError("a checkpoint"), waiting, lost)
    assert sessions.get(waiting).status == "PENDING"


def test_a_defect_after_the_end_changes_nothing(waiting: str) -> None:
    lost = claimed(waiting)
    sessions.cancel(waiting, RecordingPublisher())
    for its_lease in (lost, None):
        trip_over(ValueError("late"), waiting, its_lease)
    assert types_of(waiting) == ["queued", "started", "cancelled"]


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("COMMIT", {}, ConnectionError("gone")),
        InterfaceError("COMMIT", {}, ConnectionError("connection already closed")),
        PoolTimeout("no connection is free"),
    ],
)
def test_a_lost_database_leaves_the_run_to_the_reaper(waiting: str, error: SQLAlchemyError) -> None:
    trip_over(error, waiting, None)
    assert sessions.get(waiting).status == "PENDING"
    trip_over(error, waiting, claimed(waiting))
    assert sessions.get(waiting).status == "IN_PROGRESS"


def test_a_cancelled_session_is_left_alone_by_the_task(waiting: str) -> None:
    sessions.cancel(waiting, RecordingPublisher())
    tasks.train.run(waiting)
    assert types_of(waiting) == ["queued", "cancelled"]


def test_epochs_learning_rate_and_the_rest_reach_the_model(waiting: str, settings: Settings) -> None:
    tasks.train.run(waiting)
    spec = ArtifactStore(settings.artifact_url).open(waiting).manifest["spec"]
    assert {name: spec[name] for name in BODY} == BODY
    events = [each["data"] for each in log.read(waiting) if each["type"] == "epoch"]
    assert [each["total_epochs"] for each in events] == [2, 2]
    assert {round(each["learning_rate"], 9) for each in events} == {0.001}


def test_a_stop_condition_remembers_why() -> None:
    asked = {"first": False, "second": True}
    condition = tasks.StopCondition({name: lambda name=name: asked[name] for name in asked})  # type: ignore[misc]
    assert condition()
    asked["first"] = True
    assert condition()
    assert condition.reason == "second"


def test_a_message_says_after_how_long_a_child_that_hangs_is_killed(waiting: str, settings: Settings) -> None:
    with Redis.from_url(settings.redis_database(0)) as redis:
        redis.delete("training")
        tasks.enqueue(waiting)
        (message,) = redis.lrange("training", 0, -1)
    limits = json.loads(message)["headers"]["timelimit"]
    assert limits == [settings.training_time_limit + tasks.HANG_SECONDS, None]
