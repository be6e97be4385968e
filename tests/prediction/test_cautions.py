"""What a forecast warns of, decided from what is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from server.forecasters.artifacts import Artifact
from server.forecasters.serving import OnnxForecaster, load_forecaster
from server.prediction.cautions import cautions
from server.prediction.choice import Chosen
from server.prediction.window import Window, build_window
from tests.prediction.conftest import INTERVAL, MODEL_ID, STORED, TRAINED_ON
from tests.prediction.test_window import without

LAST_OPEN = datetime.fromtimestamp(int(STORED.timestamp[-1]), UTC)
JUST_CLOSED = LAST_OPEN + timedelta(hours=1, minutes=1)
MODEL_END = int(TRAINED_ON.timestamp[-1])


@pytest.fixture(scope="module")
def onnx(artifact: Artifact) -> OnnxForecaster:
    return load_forecaster(artifact.store, MODEL_ID)


def chosen(**changes: Any) -> Chosen:
    values: dict[str, Any] = {
        "model_id": MODEL_ID,
        "model_type": "CNN",
        "version": 1,
        "status": "active",
        "horizon": 24,
        "trained_until": datetime.fromtimestamp(MODEL_END, UTC),
        "skill": 0.0,
        "coverage_80": 0.8,
        "coverage_95": 0.95,
        "drift": None,
        "fault": False,
        "series_version": 1,
        "origin": int(STORED.timestamp[-1]),
        "newest": int(STORED.timestamp[-1]),
        "factors": None,
    }
    return Chosen(**{**values, **changes})


def codes(
    model: OnnxForecaster,
    window: Window | None = None,
    asked_of: datetime | None = None,
    now: datetime = JUST_CLOSED,
    stale_days: float = 30.0,
    **changes: Any,
) -> list[str]:
    window = window or build_window(INTERVAL, 1, STORED)
    return [each["code"] for each in cautions(window, model, chosen(**changes), asked_of, now, stale_days)]


def test_a_fresh_forecast_of_the_active_model_warns_of_nothing(onnx: OnnxForecaster) -> None:
    assert codes(onnx) == []


def test_candles_are_stale_once_the_next_one_has_closed_and_had_time_to_arrive(onnx: OnnxForecaster) -> None:
    assert codes(onnx, now=LAST_OPEN + timedelta(hours=2, seconds=59)) == []
    late = LAST_OPEN + timedelta(hours=2, seconds=61)
    assert codes(onnx, now=late) == ["stale_candles"]
    window = build_window(INTERVAL, 1, STORED)
    (caution,) = cautions(window, onnx, chosen(), None, late + timedelta(hours=5), 30.0)
    assert caution["missing_candles"] == 6
    assert caution["origin"] == "2018-01-13T03:00:00Z"


def test_a_time_asked_for_is_measured_against_itself_not_against_now(onnx: OnnxForecaster) -> None:
    years_later = LAST_OPEN + timedelta(days=2000)
    assert codes(onnx, asked_of=LAST_OPEN, now=years_later) == []
    assert codes(onnx, asked_of=LAST_OPEN + timedelta(minutes=59), now=years_later) == []
    assert codes(onnx, asked_of=LAST_OPEN + timedelta(hours=1), now=years_later) == ["stale_candles"]


def test_a_gap_counts_when_it_lies_in_the_models_own_window(onnx: OnnxForecaster) -> None:
    rows = len(STORED)
    inside = build_window(INTERVAL, 1, without(STORED, rows - 29))
    assert codes(onnx, inside) == ["gap_in_window"]
    before = build_window(INTERVAL, 1, without(STORED, rows - 40))
    assert codes(onnx, before) == []


def test_a_model_is_stale_when_its_data_ends_long_before_the_origin(onnx: OnnxForecaster) -> None:
    days = (int(STORED.timestamp[-1]) - MODEL_END) / 86400
    assert codes(onnx, stale_days=days) == []
    assert codes(onnx, stale_days=days - 0.01) == ["stale_model"]


def test_an_origin_inside_the_models_own_data_is_told_apart_by_what_was_done_with_it(
    onnx: OnnxForecaster,
) -> None:
    row = int(np.searchsorted(STORED.timestamp, onnx.unseen_from))
    for origin, part in ((row - 1, "fitted"), (row, "test")):
        window = build_window(INTERVAL, 1, STORED[: origin + 1])
        asked_of = datetime.fromtimestamp(window.origin, UTC)
        (caution,) = cautions(window, onnx, chosen(), asked_of, JUST_CLOSED, 30.0)
        assert (caution["code"], caution["part"]) == ("inside_training_range", part)


def test_the_last_candle_of_the_models_data_is_not_inside(onnx: OnnxForecaster) -> None:
    row = int(np.searchsorted(STORED.timestamp, MODEL_END))
    window = build_window(INTERVAL, 1, STORED[: row + 1])
    assert codes(onnx, window, asked_of=datetime.fromtimestamp(MODEL_END, UTC)) == []


def test_a_drifting_model_and_one_that_is_not_in_service_say_so(onnx: OnnxForecaster) -> None:
    assert codes(onnx, drift={"coverage_80": 0.6}) == ["model_drifting"]
    assert codes(onnx, status="archived") == ["not_active"]
    assert codes(onnx, status="candidate", drift={"skill": -1.0}) == ["model_drifting", "not_active"]
