"""A forecast is stored whole by one statement, numbered without a hole, and read back as it was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from server import adapters
from server.errors import NotFound
from server.extensions import db
from server.prediction import forecasts, log, store
from server.prediction.choice import Wanted
from server.prediction.tables import Prediction, PredictionEvent, PredictionStep
from server.registry.tables import Model
from tests.prediction.conftest import HORIZON, MODEL_ID, STORED
from tests.prediction.recording import RecordingPublisher


def make(**wanted: Any) -> forecasts.Answer:
    asked = Wanted(**{"ticker": "BTC-USD", "interval": "1h", **wanted})
    return forecasts.answer(asked, adapters.settings(), RecordingPublisher())


def count(table: type[Any]) -> int:
    return int(db.session.scalar(select(func.count()).select_from(table)) or 0)


def test_forecast_steps_and_event_are_stored_together(model: Model) -> None:
    made = make(horizon=5, request_id="request-1")
    row = db.session.get(Prediction, "request-1")
    assert row is not None
    assert (row.model_id, row.model_type, row.model_version) == (MODEL_ID, "CNN", 1)
    assert (row.trigger, row.live, row.horizon, row.settled_steps, row.last_seq) == ("request", True, 5, 0, 1)
    assert int(row.origin.timestamp()) == STORED.timestamp[-1]
    assert row.origin_close == STORED.close[-1]
    steps = db.session.scalars(select(PredictionStep).order_by(PredictionStep.step)).all()
    assert [step.price for step in steps] == [each["predicted_price"] for each in made.data["predictions"]]
    assert [int(step.target_time.timestamp()) for step in steps] == [
        STORED.timestamp[-1] + 3600 * step for step in range(1, 6)
    ]
    assert {step.naive_price for step in steps} == {STORED.close[-1]}
    assert {step.actual for step in steps} == {None}
    (event,) = log.read_series("BTC-USD", "1h")
    assert (event["seq"], event["type"], event["data"]) == (1, "predicted", made.data)


def test_what_is_stored_is_read_back_with_room_for_what_came_true(model: Model) -> None:
    made = make(request_id="request-1")
    found = store.get("request-1")
    for read, answered in zip(found["predictions"], made.data["predictions"], strict=True):
        assert read == {**answered, "actual": None, "error": None}
    assert found["baseline"] == made.data["baseline"]
    assert found["origin"] == made.data["origin"]
    assert found["generated_at"] == made.data["generated_at"]


def test_an_unknown_forecast_is_not_found(database: None) -> None:
    with pytest.raises(NotFound, match="no forecast 'nothing-1'"):
        store.get("nothing-1")


def test_many_at_once_are_numbered_from_one_without_hole_or_repeat(app: Flask, model: Model) -> None:
    def one(_: int) -> None:
        with app.app_context():
            make(horizon=1)
            db.session.remove()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, range(30)))
    assert [event["seq"] for event in log.read_series("BTC-USD", "1h")] == list(range(1, 31))
    assert log.last_seqs_of_series([("BTC-USD", "1h"), ("ETH-USD", "1h")]) == {("BTC-USD", "1h"): 30}


def test_a_request_id_that_is_taken_writes_nothing_at_all(app: Flask, model: Model) -> None:
    def one(_: int) -> forecasts.Answer:
        with app.app_context():
            try:
                return make(request_id="request-1")
            finally:
                db.session.remove()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one, range(12)))
    assert {answer.data["generated_at"] for answer in answers} == {answers[0].data["generated_at"]}
    assert sum(not answer.repeated for answer in answers) == 1
    assert (count(Prediction), count(PredictionStep), count(PredictionEvent)) == (1, HORIZON, 1)
    assert log.last_seqs_of_series([("BTC-USD", "1h")]) == {("BTC-USD", "1h"): 1}


def test_pages_are_filtered_and_newest_first(model: Model) -> None:
    ids = [f"request-{number}" for number in range(3)]
    for request_id in ids:
        make(request_id=request_id)
    db.session.execute(text("UPDATE predictions SET settled_steps = horizon WHERE request_id = 'request-1'"))
    db.session.commit()
    found, total = store.page({"ticker": "BTC-USD", "live": True}, page=1, page_size=2)
    assert ([each["request_id"] for each in found], total) == (["request-2", "request-1"], 3)
    assert [each["request_id"] for each in store.page({}, 2, 2)[0]] == ["request-0"]
    assert store.page({"settled": True}, 1, 20)[1] == 1
    assert store.page({"settled": False}, 1, 20)[1] == 2
    assert store.page({"model_type": "LSTM"}, 1, 20) == ([], 0)
    row = db.session.get(Prediction, "request-1")
    assert row is not None
    assert store.page({"start": row.origin, "end": row.origin}, 1, 20)[1] == 3
