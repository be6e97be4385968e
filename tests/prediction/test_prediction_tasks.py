"""Candles that arrive lead to scores, widths, forecasts and verdicts; nothing depends on a message."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select

from server.config import Settings
from server.extensions import celery, db
from server.forecasters.artifacts import Artifact
from server.market import follows, store
from server.prediction import adapting, scoring, tasks
from server.prediction.schedule import overdue
from server.prediction.tables import Prediction, PredictionStep
from server.registry import models
from server.registry.announcements import announce
from server.registry.tables import IntervalWidth, Model
from tests.applications import UNREACHABLE
from tests.prediction.conftest import HORIZON, INTERVAL, MODEL_ID, STORED, TICKER, TO_COME, copied, registered
from tests.prediction.stored import HOUR, START, events, store_rising


class Queues:
    """What a worker would find."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def taken(self, queue: str) -> list[tuple[str, list[str]]]:
        """Task and arguments of every message, in order, taken off the queue."""
        found = []
        while raw := self._redis.rpop(queue):
            message = json.loads(raw)
            arguments, _, _ = json.loads(b64decode(message["body"]))
            found.append((message["headers"]["task"], arguments))
        return found


@pytest.fixture
def queues(settings: Settings) -> Iterator[Queues]:
    """The queues, without what came before; ask for it after what stores candles."""
    with Redis.from_url(settings.redis_database(0)) as redis:
        redis.delete("prediction", "default")
        yield Queues(redis)


def opens(number: int) -> tuple[str, str]:
    """First and last open of the next ``number`` candles."""
    ends = (TO_COME.timestamp[0], TO_COME.timestamp[number - 1])
    first, last = (datetime.fromtimestamp(int(end), UTC).isoformat() for end in ends)
    return first, last


def arrive(number: int) -> None:
    """The next candles are stored, and the task runs that this sends."""
    store.upsert(TICKER, INTERVAL, "exchange", TO_COME[:number])
    tasks.candles_arrived(TICKER, INTERVAL, *opens(number))


def count(table: type) -> int:
    return db.session.scalar(select(func.count()).select_from(table))


def settled() -> int:
    query = select(func.count()).select_from(PredictionStep).where(PredictionStep.actual.is_not(None))
    return db.session.scalar(query)


def newest_width(model_id: str = MODEL_ID) -> int:
    newest = select(func.max(IntervalWidth.origin)).filter_by(model_id=model_id)
    return int(db.session.scalar(newest).timestamp())


def test_candles_that_are_stored_send_their_task_to_a_queue_of_its_own(
    candles: object, queues: Queues
) -> None:
    store.upsert(TICKER, INTERVAL, "exchange", TO_COME[:3])
    assert queues.taken("prediction") == [("prediction.candles_arrived", [TICKER, INTERVAL, *opens(3)])]
    store.upsert(TICKER, INTERVAL, "exchange", TO_COME[:3])
    assert queues.taken("prediction") == []


def test_an_activation_sends_the_model_to_catch_up(model: Model, queues: Queues) -> None:
    announce(model)
    assert queues.taken("prediction") == [("prediction.adapt", [MODEL_ID])]


def test_without_a_broker_the_candles_are_stored_and_the_sweep_finds_them(
    model: Model, queues: Queues
) -> None:
    follows.follow(TICKER, INTERVAL)
    tasks.sweep()
    with broker_away():
        assert store.upsert(TICKER, INTERVAL, "exchange", TO_COME[:3]) == 3
    assert queues.taken("prediction") == []
    tasks.sweep()
    assert settled() == 3


@contextmanager
def broker_away() -> Iterator[None]:
    kept = celery.conf.broker_url
    # What is open stays open: only new connections see another address.
    celery.amqp._producer_pool = None
    celery.conf.broker_url = UNREACHABLE.redis_database(0)
    try:
        yield
    finally:
        celery.conf.broker_url = kept
        celery.amqp._producer_pool = None


def test_one_arrival_scores_adapts_and_forecasts(model: Model) -> None:
    follows.follow(TICKER, INTERVAL)
    tasks.sweep()
    assert (count(Prediction), settled()) == (1, 0)
    arrive(2)
    assert settled() == 2
    assert newest_width() == TO_COME.timestamp[1]
    assert count(Prediction) == 2
    assert [event.type for event in events()] == ["predicted", "scored", "predicted"]


def test_the_same_message_twice_changes_nothing(model: Model) -> None:
    follows.follow(TICKER, INTERVAL)
    tasks.sweep()
    arrive(2)
    before = (count(Prediction), settled(), count(IntervalWidth), len(events()))
    tasks.candles_arrived(TICKER, INTERVAL, *opens(2))
    assert (count(Prediction), settled(), count(IntervalWidth), len(events())) == before


def test_the_sweep_does_what_lost_messages_would_have_done(model: Model) -> None:
    follows.follow(TICKER, INTERVAL)
    tasks.sweep()
    store.upsert(TICKER, INTERVAL, "exchange", TO_COME[:5])
    tasks.sweep()
    assert settled() == 5
    assert newest_width() == TO_COME.timestamp[4]
    assert count(Prediction) == 2
    assert (scoring.due(), adapting.behind(), overdue()) == ([], [], [])


def test_the_sweep_scores_again_by_a_correction_that_nobody_told(model: Model) -> None:
    follows.follow(TICKER, INTERVAL)
    tasks.sweep()
    arrive(2)
    changed = replace(TO_COME[:1], close=TO_COME.high[:1].copy())
    assert store.upsert(TICKER, INTERVAL, "exchange", changed) == 1
    tasks.sweep()
    query = select(PredictionStep.actual).where(PredictionStep.step == 1).order_by(PredictionStep.target_time)
    assert db.session.scalars(query).first() == TO_COME.high[0]


def test_the_sweep_adapts_models_that_nobody_follows(model: Model) -> None:
    assert adapting.behind() == [MODEL_ID]
    tasks.sweep()
    assert newest_width() == STORED.timestamp[-1]
    assert count(Prediction) == 0


def test_a_damaged_model_is_told_once_and_the_others_go_on(model: Model, artifact: Artifact) -> None:
    damaged = copied(artifact, "e" * 32, model_type="LSTM")
    registered(damaged.manifest)
    artifact.store.delete("e" * 32)
    follows.follow(TICKER, INTERVAL)
    for number in (1, 2):
        arrive(number)
    assert newest_width() == TO_COME.timestamp[1]
    assert models.get("e" * 32).fault["error_code"] == "model_unavailable"
    told = [event.data for event in events() if event.type == "model_unavailable"]
    assert [data["model_id"] for data in told] == ["e" * 32]
    assert {row.model_id for row in db.session.scalars(select(Prediction))} == {MODEL_ID}


def test_a_model_whose_artifact_is_back_loses_its_mark(model: Model, artifact: Artifact) -> None:
    registered(copied(artifact, "e" * 32, model_type="LSTM").manifest)
    artifact.store.delete("e" * 32)
    tasks.adapt("e" * 32)
    copied(artifact, "e" * 32, model_type="LSTM")
    tasks.adapt("e" * 32)
    assert models.get("e" * 32).fault is None
    assert newest_width("e" * 32) == STORED.timestamp[-1]


def test_a_model_that_is_gone_is_no_failure(candles: object) -> None:
    tasks.adapt("e" * 32)


@pytest.fixture
def retraining(app: Flask, settings: Settings) -> Iterator[None]:
    """Settings that let a drifting model ask for its successor."""
    app.config["SETTINGS"] = replace(settings, auto_retrain=True, drift_min_outcomes=20)
    yield
    app.config["SETTINGS"] = settings


def test_a_model_that_drifts_asks_for_its_successor_by_name(
    model: Model, retraining: None, queues: Queues
) -> None:
    last = store_rising(40, offset=0.2, model_id=MODEL_ID)
    tasks.candles_arrived(TICKER, INTERVAL, (START + HOUR).isoformat(), last.isoformat())
    drift = models.get(MODEL_ID).drift
    assert drift is not None
    asked = [("sessions.retrain", [MODEL_ID, f"drift: {drift['reason']}"])]
    assert queues.taken("default") == asked
    tasks.candles_arrived(TICKER, INTERVAL, (START + HOUR).isoformat(), last.isoformat())
    assert queues.taken("default") == []


@pytest.mark.parametrize(
    ("interval", "minute", "judged"),
    [
        ("1h", 0, True),
        ("15m", 15, True),
        ("1m", 14, True),
        ("1m", 13, False),
        ("5m", 10, True),
        ("5m", 5, False),
    ],
)
def test_models_of_fine_candles_are_judged_every_quarter_of_an_hour(
    interval: str, minute: int, judged: bool
) -> None:
    opened = datetime(2024, 3, 1, 10, minute, tzinfo=UTC)
    assert tasks._is_time_to_judge(interval, opened) is judged


def test_the_horizon_of_the_fixture_is_that_of_its_forecasts(model: Model) -> None:
    follows.follow(TICKER, INTERVAL)
    tasks.sweep()
    assert count(PredictionStep) == HORIZON
