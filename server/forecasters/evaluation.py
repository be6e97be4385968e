"""What a forecast was worth on the test part, beside the naive forecast on the same rows.

``metrics.py`` says what each number means and in which unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from server.errors import InvalidInput, TrainingFailed
from server.forecasters.adaptive import Factors, Widths, calibrated, scaled_distances, walk
from server.forecasters.baselines import Drift, Naive
from server.forecasters.conformal import LEVELS, ConformalQuantiles
from server.forecasters.contract import Dataset, Forecaster, Returns, Rows
from server.forecasters.metrics import Report, score, skill


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``metrics`` of the model and ``baseline`` of naive, same keys; ``conformal`` of the model.

    ``baseline`` holds the overall metrics of the drift forecast as well, under ``drift``. ``factors``,
    ``(test rows, levels, horizon)``, is how far the intervals were corrected at each test origin, and
    ``widths`` the same for the last candles, to go on from.
    """

    metrics: Report
    baseline: Report
    conformal: ConformalQuantiles
    factors: Factors
    widths: Widths


def evaluate(data: Dataset, calibration_forecast: Returns, test_forecast: Returns) -> Evaluation:
    """Calibrate intervals on the calibration part and score model and naive on the test part.

    Forecasts are cumulative log returns, ``(len(part), horizon)``. The model's intervals follow the
    volatility at each origin and are corrected, candle by candle, by what had happened until then, as
    they are when the model serves; naive's have constant width, calibrated on the same rows. Each report
    is ``{"rows", "period": {"start", "end"}, "overall": {...}, "steps": [{"step": 1, ...}, ...]}``
    with, overall and per step, the keys of :func:`server.forecasters.metrics.score`.

    Raises :class:`TrainingFailed` when a forecast is not finite, :class:`InvalidInput` when the
    test part is empty or the calibration part too short.
    """
    calibration, test = data.parts.calibration, data.parts.test
    _require_forecasts(data, calibration, calibration_forecast)
    _require_forecasts(data, test, test_forecast)
    truth = data.targets[calibration].astype(np.float64)
    conformal = ConformalQuantiles.calibrate(truth, calibration_forecast, data.volatility[calibration])
    factors, widths = _adapted(data, test_forecast, conformal)
    metrics = score(data, test, test_forecast, conformal, data.volatility[test], factors)
    baseline = _score_baseline(data, truth, Naive())
    drift = _score_baseline(data, truth, Drift())
    _add_interval_skill(metrics, baseline)
    _add_interval_skill(drift, baseline)
    return Evaluation(metrics, {**baseline, "drift": drift["overall"]}, conformal, factors, widths)


def _adapted(data: Dataset, forecast: Returns, conformal: ConformalQuantiles) -> tuple[Factors, Widths]:
    """The factors in force at each test origin, and those of the last candles, to go on from."""
    test = data.parts.test
    rows = slice(int(test[0]), int(test[-1]) + 1)
    # Rows without a forecast (their window spans a gap) still pass, and what is known then still counts.
    distances = np.full((rows.stop - rows.start, data.horizon), np.nan, dtype=np.float32)
    distances[test - rows.start] = scaled_distances(
        data.targets[test], forecast, data.volatility[test], conformal
    )
    factors = walk(distances, conformal, calibrated(1, data.horizon))
    return factors[test - rows.start], Widths(data.timestamp[rows], factors).last(data.horizon)


def _score_baseline(data: Dataset, truth: Returns, forecaster: Forecaster) -> Report:
    """A baseline on the test part, with intervals of constant width calibrated like the model's."""
    calibration, test = data.parts.calibration, data.parts.test
    constant = ConformalQuantiles.calibrate(truth, forecaster.predict(data, calibration), np.ones(len(truth)))
    return score(data, test, forecaster.predict(data, test), constant, np.ones(len(test)))


def _add_interval_skill(metrics: Report, baseline: Report) -> None:
    """``interval_skill_80`` and ``_95``: 1 - interval score / that of naive with constant width."""
    pairs = [
        (metrics["overall"], baseline["overall"]),
        *zip(metrics["steps"], baseline["steps"], strict=True),
    ]
    for model, naive in pairs:
        for level in LEVELS:
            key = f"interval_score_{level}"
            model[f"interval_skill_{level}"] = skill(model[key], naive[key])
            naive[f"interval_skill_{level}"] = skill(naive[key], naive[key])


def _require_forecasts(data: Dataset, origins: Rows, forecast: Returns) -> None:
    if len(origins) == 0 or len(data.parts.train) == 0:
        raise InvalidInput(
            "The training or the test part has no rows: use more candles, or a smaller lookback or horizon",
            field="test",
            value=len(origins),
        )
    expected = (len(origins), data.horizon)
    if forecast.shape != expected:
        raise InvalidInput(
            f"A forecast of shape {forecast.shape} was given for origins and steps of {expected}",
            field="forecast",
        )
    if not np.all(np.isfinite(data.targets[origins])):
        raise InvalidInput(
            "An origin's future is unknown: score only origins with all steps", field="origins"
        )
    if not np.all(np.isfinite(forecast)):
        raise TrainingFailed("The model's forecast is not finite: lower learning_rate", field="learning_rate")
