"""Forecasts over a real database: from which candle, how wide, and what they leave behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.config import Settings
from server.errors import Conflict, InvalidInput
from server.extensions import db
from server.forecasters.artifacts import Artifact
from server.market import store as candle_store
from server.observability.metrics import PREDICTION_SECONDS, PREDICTIONS
from server.prediction import forecasts, log
from server.prediction.tables import Prediction, PredictionStep
from server.registry.tables import IntervalWidth, Model
from tests.prediction.asking import LAST_OPEN, NOW, SERIES, ask, codes, refused, stored_forecasts
from tests.prediction.conftest import (
    HORIZON,
    LOOKBACK,
    MODEL_ID,
    STORED,
    TO_COME,
    TRAINED_ON,
    registered,
)
from tests.prediction.recording import RecordingPublisher


def test_an_earlier_time_forecasts_from_the_last_candle_that_opened_by_then(model: Model) -> None:
    row = len(STORED) - 50
    asked_of = datetime.fromtimestamp(int(STORED.timestamp[row]), UTC)
    answer = ask(as_of=asked_of + timedelta(minutes=30))
    assert answer["origin"] == {
        "timestamp": asked_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "close": STORED.close[row],
    }
    assert answer["warnings"] == []
    found = db.session.get(Prediction, answer["request_id"])
    assert found is not None
    assert found.live is False


def test_an_earlier_forecast_is_the_one_that_was_made_then(model: Model) -> None:
    candle_store.upsert(*SERIES, "test", TO_COME[:1])
    now = ask(now=NOW + timedelta(hours=1))
    candle_store.upsert(*SERIES, "test", TO_COME[1:50])
    then = ask(as_of=LAST_OPEN + timedelta(hours=1), now=NOW + timedelta(hours=60))
    assert then["predictions"] == now["predictions"]


@pytest.mark.parametrize(("row", "part"), [(len(STORED) - 105, "test"), (1200, "fitted")])
def test_a_time_inside_the_models_own_data_is_answered_with_a_warning(
    model: Model, row: int, part: str
) -> None:
    answer = ask(as_of=datetime.fromtimestamp(int(STORED.timestamp[row]), UTC))
    (warning,) = answer["warnings"]
    assert (warning["code"], warning["part"]) == ("inside_training_range", part)


def test_a_time_before_the_first_window_or_candle_is_refused(model: Model) -> None:
    first_origin = datetime.fromtimestamp(int(STORED.timestamp[200 + LOOKBACK - 1]), UTC)
    ask(as_of=first_origin)
    for moment in (first_origin - timedelta(hours=1), datetime(2012, 1, 1, tzinfo=UTC)):
        error = refused(InvalidInput, as_of=moment)
        assert (error.code, error.details["field"]) == ("too_few_candles", "as_of")


def test_a_time_in_the_future_is_refused(model: Model) -> None:
    error = refused(InvalidInput, as_of=NOW + timedelta(seconds=1))
    assert error.details["field"] == "as_of"
    ask(as_of=NOW)


def test_only_a_forecast_from_the_newest_candle_behind_the_models_data_is_live(
    artifact: Artifact, database: None, app: Flask
) -> None:
    app.extensions.pop("prediction_kept", None)
    rows = int((STORED.timestamp <= TRAINED_ON.timestamp[-1]).sum())
    candle_store.upsert(*SERIES, "test", STORED[: rows - 1])
    registered(artifact.manifest)
    lives = []
    for last in (rows - 1, rows, rows + 1):
        candle_store.upsert(*SERIES, "test", STORED[:last])
        answer = ask(trigger="schedule")
        lives.append(db.session.get(Prediction, answer["request_id"]).live)  # type: ignore[union-attr]
    assert lives == [False, True, True]


def test_the_widths_in_force_are_those_of_the_latest_row_up_to_the_origin(model: Model) -> None:
    before = ask()
    for hours, factor in ((-1, 2.0), (1, 9.0)):
        factors = [factor] * HORIZON
        origin = LAST_OPEN + timedelta(hours=hours)
        db.session.add(
            IntervalWidth(model_id=MODEL_ID, origin=origin, factors_80=factors, factors_95=factors)
        )
    db.session.commit()
    after = ask()
    db.session.query(IntervalWidth).delete()
    db.session.commit()
    calibrated = ask()

    def width(answer: dict[str, Any]) -> float:
        step = answer["predictions"][0]
        return float(step["upper_80"] - step["lower_80"])

    assert width(after) == pytest.approx(2 * width(calibrated), rel=0.02)
    assert width(before) != pytest.approx(width(calibrated), rel=1e-6)
    assert [step["predicted_price"] for step in after["predictions"]] == [
        step["predicted_price"] for step in calibrated["predictions"]
    ]


def test_a_new_candle_moves_the_origin(model: Model) -> None:
    ask()
    candle_store.upsert(*SERIES, "test", TO_COME[:1])
    assert ask()["origin"] == {"timestamp": "2018-01-13T04:00:00Z", "close": TO_COME.close[0]}


def test_a_corrected_candle_changes_the_forecast(model: Model) -> None:
    before = ask()
    corrected = replace(STORED[-1:], close=STORED.close[-1:] * 1.01, high=STORED.high[-1:] * 1.02)
    candle_store.upsert(*SERIES, "test", corrected)
    after = ask()
    assert after["origin"]["close"] == corrected.close[0]
    assert after["predictions"] != before["predictions"]


def test_the_same_request_under_the_same_id_gets_the_stored_answer(model: Model) -> None:
    first = ask(request_id="request-1", horizon=3)
    candle_store.upsert(*SERIES, "test", TO_COME[:1])
    log.append(*SERIES, "scored", {}, RecordingPublisher(), "request-1")
    publisher = RecordingPublisher()
    again = ask(publisher, request_id="request-1", horizon=3)
    assert again == {**first, "last_seq": 2}
    assert publisher.published == []
    assert stored_forecasts() == 1


def test_the_stored_answer_needs_neither_model_nor_candles(model: Model) -> None:
    first = ask(request_id="request-1")
    db.session.query(IntervalWidth).delete()
    db.session.delete(model)
    db.session.commit()
    assert ask(request_id="request-1") == first


def test_another_request_under_the_same_id_is_a_conflict(model: Model) -> None:
    ask(request_id="request-1", horizon=3)
    error = refused(Conflict, request_id="request-1", horizon=4)
    assert (error.code, error.http_status) == ("request_id_taken", 409)


def test_a_gap_in_the_window_is_answered_with_a_warning(app: Flask, artifact: Artifact, model: Model) -> None:
    far = replace(TO_COME[5:6])
    candle_store.upsert(*SERIES, "test", far)
    (warning,) = ask(now=NOW + timedelta(hours=6))["warnings"]
    assert (warning["code"], warning["missing_candles"]) == ("gap_in_window", 5)


def test_forecasts_are_counted_by_type_and_outcome_and_timed(model: Model) -> None:
    made = PREDICTIONS.labels(model_type="CNN", status="made")
    again = PREDICTIONS.labels(model_type="CNN", status="repeated")
    no = PREDICTIONS.labels(model_type="any", status="refused")
    before = [counter._value.get() for counter in (made, again, no)]
    timed = PREDICTION_SECONDS._sum.get()
    for _ in range(2):
        ask(request_id="request-1")
    refused(InvalidInput, horizon=30)
    assert [counter._value.get() for counter in (made, again, no)] == [value + 1 for value in before]
    assert PREDICTION_SECONDS._sum.get() > timed


def test_the_model_grows_stale_by_the_setting(model: Model, settings: Settings) -> None:
    strict = replace(settings, model_stale_days=1.0)
    answer = forecasts.make({"ticker": "BTC-USD", "interval": "1h"}, strict, RecordingPublisher(), now=NOW)
    assert codes(answer) == ["stale_model"]
    assert db.session.scalar(select(Prediction.warnings)) == answer["warnings"]
    assert db.session.scalar(select(func.count()).select_from(PredictionStep)) == HORIZON
