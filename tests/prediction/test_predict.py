"""One forecast from a window and a model, without a database or a clock."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from server.errors import InvalidInput
from server.features.build import build_features, log_returns, two_speed_volatility
from server.forecasters.artifacts import Artifact
from server.forecasters.serving import OnnxForecaster, load_forecaster
from server.prediction.predict import forecast, naive_steps_of, steps_of
from server.prediction.window import Window, build_window, candles_needed
from tests.prediction.conftest import HORIZON, INTERVAL, LOOKBACK, MODEL_ID, STORED

WINDOW = build_window(INTERVAL, 1, STORED)
WIDER = np.full((2, HORIZON), 2.0, dtype=np.float32)


@pytest.fixture(scope="module")
def onnx(artifact: Artifact) -> OnnxForecaster:
    return load_forecaster(artifact.store, MODEL_ID)


def test_the_path_is_that_of_the_model_on_the_whole_series(onnx: OnnxForecaster) -> None:
    made = forecast(WINDOW, onnx, None, HORIZON)
    origin = np.array([len(STORED) - 1])
    returns = onnx.predict(build_features(STORED).values, origin)
    volatility = two_speed_volatility(log_returns(STORED.close))[-1:]
    bounds = onnx.conformal.bounds(returns, volatility).prices(STORED.close[-1:])
    assert made.price == pytest.approx((STORED.close[-1] * np.exp(returns))[0], rel=1e-6)
    assert made.bounds.upper_95 == pytest.approx(bounds.upper_95[0], rel=1e-6)
    assert made.confidence == pytest.approx(onnx.conformal.confidence_score(returns, volatility)[0], abs=1e-3)


def test_bounds_enclose_the_price_and_each_other(onnx: OnnxForecaster) -> None:
    made = forecast(WINDOW, onnx, None, HORIZON)
    low_80, high_80, low_95, high_95 = made.bounds
    assert np.all((low_95 <= low_80) & (low_80 < made.price) & (made.price < high_80) & (high_80 <= high_95))
    assert np.all((made.confidence > 0) & (made.confidence <= 1))


def test_the_factors_in_force_widen_the_bounds(onnx: OnnxForecaster) -> None:
    as_calibrated = forecast(WINDOW, onnx, None, HORIZON)
    wider = forecast(WINDOW, onnx, WIDER, HORIZON)
    assert wider.price == pytest.approx(as_calibrated.price)
    widths = [np.log(made.bounds.upper_80 / made.bounds.lower_80) for made in (as_calibrated, wider)]
    assert widths[1] == pytest.approx(2 * widths[0])


def test_fewer_steps_are_the_first_ones(onnx: OnnxForecaster) -> None:
    whole, part = (forecast(WINDOW, onnx, WIDER, steps) for steps in (HORIZON, 5))
    assert part.steps == 5
    assert part.price == pytest.approx(whole.price[:5])
    assert part.bounds.lower_95 == pytest.approx(whole.bounds.lower_95[:5])
    assert part.opens == whole.opens[:5]


def test_steps_and_baseline_are_plain_and_name_the_candles_that_follow(onnx: OnnxForecaster) -> None:
    made = forecast(WINDOW, onnx, None, 3)
    steps, naive = steps_of(made), naive_steps_of(made)
    assert json.loads(json.dumps([steps, naive], allow_nan=False)) == [steps, naive]
    assert [step["timestamp"] for step in steps] == [
        "2018-01-13T04:00:00Z",
        "2018-01-13T05:00:00Z",
        "2018-01-13T06:00:00Z",
    ]
    assert [step["timestamp"] for step in naive] == [step["timestamp"] for step in steps]
    assert {step["predicted_price"] for step in naive} == {STORED.close[-1]}
    assert [step["step"] for step in naive] == [1, 2, 3]


def test_a_forecast_that_takes_no_side_has_no_confidence(onnx: OnnxForecaster) -> None:
    made = replace(forecast(WINDOW, onnx, None, 2), confidence=np.array([np.nan, 0.5]))
    assert [step["confidence_score"] for step in steps_of(made)] == [None, 0.5]


def test_a_window_shorter_than_the_lookback_is_refused_with_the_number_needed(onnx: OnnxForecaster) -> None:
    needed = candles_needed(LOOKBACK)
    forecast(build_window(INTERVAL, 1, STORED[:needed]), onnx, None, 1)
    with pytest.raises(InvalidInput) as refused:
        forecast(build_window(INTERVAL, 1, STORED[: needed - 1]), onnx, None, 1)
    assert refused.value.code == "too_few_candles"
    assert refused.value.details["needed"] == needed


def test_a_window_that_holds_a_value_that_is_not_a_number_is_refused(onnx: OnnxForecaster) -> None:
    features = WINDOW.features.copy()
    features[-LOOKBACK, 3] = np.nan
    holed: Window = replace(WINDOW, features=features)
    with pytest.raises(InvalidInput) as refused:
        forecast(holed, onnx, None, 1)
    assert (refused.value.code, refused.value.http_status) == ("window_not_finite", 422)


def test_a_later_candle_changes_no_earlier_forecast(onnx: OnnxForecaster) -> None:
    before = forecast(build_window(INTERVAL, 1, STORED[:-1]), onnx, None, HORIZON)
    close = STORED.close.copy()
    close[-1] *= 1.5
    changed = replace(STORED, close=close)
    after = forecast(build_window(INTERVAL, 2, changed[:-1]), onnx, None, HORIZON)
    assert np.array_equal(before.price, after.price)
    assert not np.array_equal(
        forecast(build_window(INTERVAL, 2, changed), onnx, None, HORIZON).price,
        forecast(WINDOW, onnx, None, HORIZON).price,
    )
