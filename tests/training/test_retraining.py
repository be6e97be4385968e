"""Active models trained anew: once a day, with newer candles only, and when a slot is free."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery.exceptions import Retry
from flask import Flask
from redis import Redis
from sqlalchemy import select

from server.config import PROJECT_ROOT, Settings
from server.errors import InvalidInput, TooManyRequests
from server.extensions import db
from server.market import follows, store
from server.market.candles import Candles, iso_time
from server.market.moments import iso
from server.registry.tables import ACTIVE, ARCHIVED, CANDIDATE, Model
from server.training import retraining, sessions, tasks
from server.training.tables import TrainingSession
from tests.candles import sample_candles
from tests.training.recording import RecordingPublisher, RecordingQueue

SPEC = {
    "ticker": "BTC-USD",
    "interval": "1h",
    "model_type": "CNN",
    "lookback": 10,
    "horizon": 3,
    "epochs": 4,
    "batch_size": 64,
    "learning_rate": 0.002,
    "patience": 2,
    "seed": 5,
}
TODAY = datetime.now(UTC)
Add = Callable[..., str]


@pytest.fixture
def candles(database: None) -> Candles:
    """A short real series, stored."""
    found = sample_candles()[:800]
    store.upsert("BTC-USD", "1h", "the shipped sample", found)
    return found


@pytest.fixture
def add(candles: Candles) -> Add:
    """Registers a model trained on the first ``rows`` of the stored candles."""

    def add_model(model_id: str = "a" * 32, *, status: str = ACTIVE, rows: int = 700, **spec: Any) -> str:
        spec = {**SPEC, **spec}
        end = iso_time(int(candles.timestamp[rows - 1]))
        row = Model(
            id=model_id,
            **{name: spec[name] for name in ("ticker", "interval", "model_type", "lookback", "horizon")},
            version=db.session.query(Model).count() + 1,
            status=status,
            reason="for a test",
            spec=spec,
            metrics={},
            baseline={},
            data={"rows": rows, "start": iso_time(int(candles.timestamp[0])), "end": end},
            trained_until=datetime.fromisoformat(end),
            files={},
            size_bytes=0,
        )
        db.session.add(row)
        db.session.commit()
        return model_id

    return add_model


@pytest.fixture
def retrain(
    quick: Settings, publisher: RecordingPublisher, queue: RecordingQueue
) -> Callable[..., TrainingSession | None]:
    def retrain_model(model_id: str, reason: str = "nightly") -> TrainingSession | None:
        # A night in which a test runs must not make two days of one.
        return retraining.retrain(model_id, reason, quick, publisher, queue, now=TODAY)

    return retrain_model


@pytest.fixture
def default_queue(settings: Settings) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Reads the messages that wait in the queue ``default``."""
    with Redis.from_url(settings.redis_database(0)) as redis:
        redis.delete("default")
        yield lambda: [json.loads(message)["headers"] for message in redis.lrange("default", 0, -1)]
        redis.delete("default")


@pytest.fixture
def one_slot(app: Flask, settings: Settings) -> Iterator[None]:
    app.config["SETTINGS"] = replace(settings, max_training_sessions=1)
    yield
    app.config["SETTINGS"] = settings


def test_a_retraining_repeats_the_specification_up_to_the_newest_candle(
    add: Add, retrain: Callable[..., Any], queue: RecordingQueue, candles: Candles
) -> None:
    session = retrain(add())
    assert queue.sent == [session.id]
    params = session.params
    assert {name: params[name] for name in SPEC} == SPEC
    ends = [datetime.fromisoformat(params[name]).timestamp() for name in ("start_date", "end_date")]
    assert ends == [candles.timestamp[0], candles.timestamp[-1]]
    assert (params["retrain_of"], params["retrain_reason"]) == ("a" * 32, "nightly")


def test_two_retrainings_of_a_day_are_one_session_though_candles_came_between(
    add: Add, retrain: Callable[..., Any], queue: RecordingQueue
) -> None:
    model_id = add()
    first = retrain(model_id)
    store.upsert("BTC-USD", "1h", "later", sample_candles()[800:810])
    assert retrain(model_id, "its coverage left the band").id == first.id
    assert queue.sent == [first.id]
    assert sessions.count_active() == 1


def test_without_newer_candles_nothing_is_started(
    add: Add, retrain: Callable[..., Any], queue: RecordingQueue
) -> None:
    assert retrain(add(rows=800)) is None
    assert retrain(add("b" * 32, ticker="ETH-USD")) is None
    assert (queue.sent, sessions.count_active()) == ([], 0)


@pytest.mark.parametrize("status", [CANDIDATE, ARCHIVED])
def test_a_model_that_is_not_active_is_left_alone(add: Add, retrain: Callable[..., Any], status: str) -> None:
    assert retrain(add(status=status)) is None
    assert retrain("f" * 32) is None
    assert sessions.count_active() == 0


def test_too_few_stored_candles_are_refused_and_the_task_ends(add: Add, retrain: Callable[..., Any]) -> None:
    model_id = add(lookback=365, horizon=30)
    with pytest.raises(InvalidInput, match="need at least"):
        retrain(model_id)
    tasks.retrain.run(model_id, "nightly")
    assert sessions.count_active() == 0


def test_without_a_slot_nothing_is_started(add: Add, retrain: Callable[..., Any], quick: Settings) -> None:
    for number in range(quick.max_training_sessions):
        retrain(add(str(number) * 32, model_type=("CNN", "LSTM")[number]))
    with pytest.raises(TooManyRequests):
        retrain(add("c" * 32, model_type="CNN-LSTM"))


@pytest.mark.usefixtures("one_slot")
def test_the_task_comes_back_when_no_slot_is_free(
    add: Add, retrain: Callable[..., Any], default_queue: Callable[[], list[dict[str, Any]]]
) -> None:
    retrain(add())
    waiting = add("b" * 32, model_type="LSTM")
    task = tasks.retrain
    task.push_request(id="a delivery", args=(waiting, "nightly"), called_directly=False, is_eager=False)
    try:
        with pytest.raises(Retry):
            task.run(waiting, "nightly")
    finally:
        task.pop_request()
    (message,) = default_queue()
    assert (message["task"], message["retries"]) == ("sessions.retrain", 1)
    assert waiting in message["argsrepr"]
    wait = datetime.fromisoformat(message["eta"]) - datetime.now(UTC)
    assert timedelta(seconds=tasks.RETRAIN_RETRY_SECONDS - 60) < wait
    assert wait <= timedelta(seconds=tasks.RETRAIN_RETRY_SECONDS)
    assert sessions.count_active() == 1


def test_at_night_the_active_models_of_followed_series_are_due(
    add: Add, default_queue: Callable[[], list[dict[str, Any]]]
) -> None:
    cnn, lstm = add(), add("b" * 32, model_type="LSTM")
    add("c" * 32, status=ARCHIVED)
    add("d" * 32, ticker="ETH-USD")
    add("e" * 32, interval="4h")
    tasks.retrain_followed.run()
    assert default_queue() == []
    follows.follow("BTC-USD", "1h")
    tasks.retrain_followed.run()
    sent = [(each["task"], each["argsrepr"]) for each in reversed(default_queue())]
    assert sent == [("sessions.retrain", repr((model_id, "nightly"))) for model_id in (cnn, lstm)]


def drifts(model_id: str, since: datetime) -> None:
    model = db.session.get_one(Model, model_id)
    model.drift = {"since": iso(since), "reason": "the skill is low", "figures": {}}
    db.session.commit()


@pytest.fixture
def drift_tick(app: Flask, settings: Settings) -> Callable[[], list[TrainingSession]]:
    """Runs the tick; all sessions there are, oldest first."""

    def tick() -> list[TrainingSession]:
        tasks.retrain_drifting.run()
        return list(db.session.scalars(select(TrainingSession).order_by(TrainingSession.created_at)))

    return tick


def test_a_model_whose_drift_message_was_lost_is_trained_anew_once(
    add: Add, drift_tick: Callable[[], list[TrainingSession]]
) -> None:
    lost = add()
    add("b" * 32, model_type="LSTM")
    assert drift_tick() == []
    drifts(lost, datetime.now(UTC) - timedelta(days=3))
    (session,) = drift_tick()
    assert (session.params["retrain_of"], session.params["retrain_reason"]) == (
        lost,
        "drift: the skill is low",
    )
    sessions.cancel(session.id, RecordingPublisher())
    session.created_at = datetime.now(UTC) - timedelta(days=2)
    session.idempotency_key = "that of its day"
    db.session.commit()
    assert len(drift_tick()) == 1, "it was trained since it drifts"
    session.created_at = datetime.now(UTC) - timedelta(days=5)
    db.session.commit()
    assert len(drift_tick()) == 2, "what was trained before says nothing of this drift"


def test_of_drifting_models_the_active_ones_count_and_of_trainings_those_of_the_same_day(
    add: Add, retrain: Callable[..., Any]
) -> None:
    drifting = add()
    noon = datetime(2024, 5, 17, 12, tzinfo=UTC)
    for model_id in (drifting, add("b" * 32, status=ARCHIVED), add("c" * 32, status=CANDIDATE)):
        drifts(model_id, noon)
    assert retraining.overlooked() == [(drifting, "the skill is low")]
    session = retrain(drifting)
    for hours, found in ((-12, []), (-13, [(drifting, "the skill is low")])):
        session.created_at = noon + timedelta(hours=hours)
        db.session.commit()
        assert retraining.overlooked() == found


@pytest.mark.usefixtures("one_slot")
def test_without_a_slot_a_drifting_model_waits_for_the_next_tick(
    add: Add, retrain: Callable[..., Any], drift_tick: Callable[[], list[TrainingSession]]
) -> None:
    drifting, other = add(), add("b" * 32, model_type="LSTM")
    drifts(drifting, datetime.now(UTC))
    first = retrain(other)
    assert len(drift_tick()) == 1
    sessions.cancel(first.id, RecordingPublisher())
    assert [session.params["retrain_of"] for session in drift_tick()] == [other, drifting]


@pytest.mark.parametrize(
    ("hour", "auto", "scheduled"), [("-1", "false", "{} False"), ("3", "true", "{3} True")]
)
def test_beat_retrains_as_the_settings_say(hour: str, auto: str, scheduled: str) -> None:
    script = (
        "from server.worker import celery\n"
        "entries = celery.conf.beat_schedule\n"
        "entry, drift = entries.get('retrain-followed'), entries.get('retrain-drifting')\n"
        "print('AT', set(entry['schedule'].hour) if entry else {}, drift is not None)\n"
        "assert all(each is None or each['task'] in celery.tasks for each in (entry, drift))\n"
    )
    environment = {
        **os.environ,
        "APP_ENV": "test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "RETRAIN_HOUR_UTC": hour,
        "AUTO_RETRAIN": auto,
    }
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.rpartition("AT ")[2].strip() == scheduled
