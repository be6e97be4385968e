"""What a model, a store or a Redis that fails does to forecasts, and what it must not do."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Row

from server.errors import Unavailable
from server.extensions import db
from server.forecasters.artifacts import Artifact
from server.forecasters.serving import ModelUnusable
from server.local.processes import free_port
from server.prediction import log, store
from server.prediction.database import Database
from server.prediction.gathering import Gathering
from server.prediction.kept import kept
from server.prediction.runtime import Runtime
from server.prediction.tables import Prediction
from server.realtime.publisher import RedisPublisher
from server.registry.tables import Model
from tests.prediction.asking import SERIES, active_too, ask, refused, stored_forecasts
from tests.prediction.conftest import MODEL_ID, forget_what_was_kept
from tests.prediction.recording import RecordingPublisher
from tests.prediction.test_runtime import CountingStore, network_of, spoil


@pytest.fixture
def damaged(artifact: Artifact, model: Model) -> Artifact:
    """An active LSTM of the series whose network has a flipped bit."""
    active_too(artifact, "LSTM", skill=1.0)
    stored = artifact.store.open("lstm")
    spoil(network_of(stored), "flip")
    return stored


def test_a_damaged_model_is_a_clear_503_told_once_and_never_another_model(damaged: Artifact) -> None:
    publisher = RecordingPublisher()
    for _ in range(3):
        with pytest.raises(ModelUnusable) as refusal:
            ask(publisher)
        assert (refusal.value.code, refusal.value.http_status) == ("model_unavailable", 503)
    (event,) = log.read_series(*SERIES)
    assert (event["type"], event["request_id"], event["data"]["model_id"]) == (
        "model_unavailable",
        None,
        "lstm",
    )
    assert publisher.rooms() == ["prediction_BTC-USD_1h"]
    row = db.session.get(Model, "lstm", populate_existing=True)
    assert row is not None
    assert (row.fault or {})["error_code"] == "model_unavailable"
    assert stored_forecasts() == 0


def test_a_restored_model_serves_again_and_its_next_fault_is_told_again(
    app: Flask, artifact: Artifact, damaged: Artifact
) -> None:
    refused(ModelUnusable)
    network_of(damaged).write_bytes(artifact.read("model.onnx"))
    assert ask()["model_id"] == "lstm"
    row = db.session.get(Model, "lstm", populate_existing=True)
    assert row is not None
    assert row.fault is None
    spoil(network_of(damaged), "truncate")
    forget_what_was_kept(app)
    refused(ModelUnusable)
    assert [event["type"] for event in log.read_series(*SERIES)] == [
        "model_unavailable",
        "predicted",
        "model_unavailable",
    ]


def test_a_missing_artifact_is_the_same_503(artifact: Artifact, model: Model) -> None:
    active_too(artifact, "LSTM", skill=1.0)
    artifact.store.delete("lstm")
    assert refused(ModelUnusable).http_status == 503


def test_a_store_that_is_away_is_no_fault_of_the_model(app: Flask, artifact: Artifact, model: Model) -> None:
    store = CountingStore(artifact.store.url)
    store.away = True
    app.extensions["prediction_kept"] = replace(kept(), models=Runtime(store, 4))
    error = refused(Unavailable)
    assert (error.code, error.http_status) == ("unavailable", 503)
    assert log.read_series(*SERIES) == []
    row = db.session.get(Model, MODEL_ID, populate_existing=True)
    assert row is not None
    assert row.fault is None


def test_a_model_in_memory_serves_while_the_store_is_away(
    app: Flask, artifact: Artifact, model: Model
) -> None:
    store = CountingStore(artifact.store.url)
    app.extensions["prediction_kept"] = replace(kept(), models=Runtime(store, 4))
    ask()
    store.away = True
    assert ask()["model_id"] == MODEL_ID


def test_redis_down_neither_fails_nor_holds_up_a_forecast(model: Model) -> None:
    ask()
    publisher = RedisPublisher(f"redis://127.0.0.1:{free_port()}/0")
    started = time.monotonic()
    answer = ask(publisher, request_id="request-1")
    assert time.monotonic() - started < 5
    assert db.session.get(Prediction, "request-1") is not None
    assert [event["data"]["request_id"] for event in log.read_request("request-1")] == [answer["request_id"]]


def test_connections_that_the_database_has_cut_are_renewed_without_an_error(model: Model) -> None:
    ask()
    with db.engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
            "AND backend_type = 'client backend' AND query LIKE '%%prediction%%'"
        )
    ask(request_id="request-1")
    assert [event["seq"] for event in log.read_series(*SERIES)] == [1, 2]


class AnswerLost(Database):
    """Each statement is carried out, its answer is lost, and so it is run again."""

    def rows(self, statement: str, values: Mapping[str, Any]) -> list[Row[Any]]:
        super().rows(statement, values)
        return super().rows(statement, values)


def test_a_forecast_whose_storing_was_not_heard_of_is_stored_once_and_answered(
    app: Flask, model: Model
) -> None:
    database = AnswerLost(kept().database._engine)
    writes = Gathering(lambda records: store.insert(records, database))
    app.extensions["prediction_kept"] = replace(kept(), database=database, writes=writes)
    answer = ask(horizon=2)
    (event,) = log.read_series(*SERIES)
    assert event["data"] == {name: value for name, value in answer.items() if name != "last_seq"}
    assert stored_forecasts() == 1
