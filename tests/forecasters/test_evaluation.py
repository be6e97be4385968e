"""Metrics against plain definitions, beside naive, and as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
import tracemalloc

import numpy as np
import pytest
from scipy import stats

from server.errors import InvalidInput, TrainingFailed
from server.forecasters.adaptive import calibrated, walk
from server.forecasters.baselines import Drift, Naive
from server.forecasters.contract import Dataset, Parts
from server.forecasters.evaluation import evaluate
from server.forecasters.fingerprint import data_fingerprint
from server.forecasters.significance import diebold_mariano, wilson_interval
from server.market.candles import Candles

HORIZON = 4


def dataset(rows: int = 1200, seed: int = 0, close: np.ndarray | None = None) -> Dataset:
    random = np.random.default_rng(seed)
    if close is None:
        close = 100.0 * np.exp(np.cumsum(random.standard_t(5, rows) * 0.01))
    targets = np.full((rows, HORIZON), np.nan, dtype=np.float32)
    for step in range(1, HORIZON + 1):
        targets[:-step, step - 1] = np.log(close[step:] / close[:-step])
    cuts = [int(rows * share) for share in (0.0, 0.6, 0.65, 0.8)]
    parts = Parts(*(np.arange(start, stop - 10) for start, stop in zip(cuts, [*cuts[1:], rows], strict=True)))
    return Dataset(
        feature_names=("log_return",),
        features=np.zeros((rows, 1), dtype=np.float32),
        targets=targets,
        close=close,
        timestamp=1_500_000_000 + np.arange(rows, dtype=np.int64) * 3600,
        volatility=np.full(rows, 0.012),
        lookback=5,
        horizon=HORIZON,
        parts=parts,
    )


def forecasts(data: Dataset, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Forecasts with a little knowledge: a tenth of the truth and some noise."""
    random = np.random.default_rng(seed)
    return tuple(
        0.1 * data.targets[rows].astype(float) + random.normal(0, 0.005, (len(rows), HORIZON))
        for rows in (data.parts.calibration, data.parts.test)
    )


@pytest.mark.parametrize("step", [1, 4, None])
def test_each_metric_is_its_plain_definition(step: int | None) -> None:
    data = dataset()
    calibration, test = forecasts(data)
    evaluation = evaluate(data, calibration, test)
    report = evaluation.metrics["overall"] if step is None else evaluation.metrics["steps"][step - 1]
    columns = slice(None) if step is None else slice(step - 1, step)
    origins = data.parts.test
    truth, forecast = data.targets[origins].astype(float)[:, columns], test[:, columns]
    close = data.close[origins][:, None]
    price, predicted = close * np.exp(truth), close * np.exp(forecast)
    error = predicted - price
    rmse, naive_rmse = math.sqrt(np.mean(error**2)), math.sqrt(np.mean((close - price) ** 2))
    moves = np.abs(data.targets[data.parts.train, 0].astype(float))
    right = np.sign(forecast) == np.sign(truth)
    overlap = HORIZON**2 if step is None else step
    expected = {
        "mae": np.mean(np.abs(error)),
        "rmse": rmse,
        "mape": 100 * np.mean(np.abs(error) / price),
        "r2": 1 - np.sum(error**2) / np.sum((price - price.mean()) ** 2),
        "r2_return": 1 - np.sum((forecast - truth) ** 2) / np.sum((truth - truth.mean()) ** 2),
        "mase": np.mean(np.abs(forecast - truth)) / moves.mean(),
        "directional_accuracy": np.mean(right),
        "directional_accuracy_interval": list(wilson_interval(np.mean(right), right.size / overlap)),
        "directional_rows": right.size,
        "skill": 1 - rmse / naive_rmse,
    }
    distances = np.abs(data.targets[origins].astype(float) - test) / data.volatility[origins][:, None]
    factors = walk(distances.astype(np.float32), evaluation.conformal, calibrated(1, HORIZON))
    bounds = evaluation.conformal.bounds(test, data.volatility[origins], factors)
    for level, lower, upper in ((80, bounds[0], bounds[1]), (95, bounds[2], bounds[3])):
        low, high = lower[:, columns], upper[:, columns]
        miss = np.maximum(low - truth, 0) + np.maximum(truth - high, 0)
        expected[f"coverage_{level}"] = np.mean((truth >= low) & (truth <= high))
        expected[f"mean_width_{level}"] = np.mean(high - low)
        expected[f"interval_score_{level}"] = np.mean(high - low + 2 / (1 - level / 100) * miss)
    for name, value in expected.items():
        assert report[name] == pytest.approx(value, rel=1e-6), name
    differences = error**2 - (close - price) ** 2
    assert report["dm_p_value"] == pytest.approx(
        diebold_mariano(differences.mean(axis=1), HORIZON if step is None else step), rel=1e-6
    )


def test_naive_stands_beside_with_the_same_keys_and_no_direction() -> None:
    data = dataset()
    evaluation = evaluate(data, *forecasts(data))
    metrics, baseline = evaluation.metrics, evaluation.baseline
    assert metrics["overall"].keys() == baseline["overall"].keys()
    assert [step.keys() for step in metrics["steps"]] == [step.keys() for step in baseline["steps"]]
    assert [step["step"] for step in baseline["steps"]] == [1, 2, 3, 4]
    assert (metrics["rows"], metrics["period"]) == (baseline["rows"], baseline["period"])
    for report in (baseline["overall"], *baseline["steps"]):
        assert report["directional_accuracy"] is None
        assert report["directional_accuracy_interval"] is None
        assert report["skill"] == 0.0
        assert report["dm_p_value"] is None
        assert report["mean_width_80"] > 0
    for model, naive in zip(metrics["steps"], baseline["steps"], strict=True):
        ratio = model["interval_score_80"] / naive["interval_score_80"]
        assert model["interval_skill_80"] == pytest.approx(1 - ratio)


def test_the_period_is_that_of_the_test_origins() -> None:
    data = dataset()
    evaluation = evaluate(data, *forecasts(data))
    first, last = data.timestamp[data.parts.test[0]], data.timestamp[data.parts.test[-1]]
    expected = [np.datetime_as_string(np.datetime64(int(moment), "s")) + "Z" for moment in (first, last)]
    assert [evaluation.metrics["period"]["start"], evaluation.metrics["period"]["end"]] == expected
    assert evaluation.metrics["rows"] == len(data.parts.test)


def test_naive_scored_as_a_model_has_no_skill_and_no_p_value() -> None:
    data = dataset()
    naive = Naive()
    overall = evaluate(
        data, naive.predict(data, data.parts.calibration), naive.predict(data, data.parts.test)
    ).metrics["overall"]
    assert (overall["skill"], overall["dm_p_value"], overall["directional_accuracy"]) == (0.0, None, None)


def test_a_perfect_forecast_has_full_skill_and_beats_naive_beyond_doubt() -> None:
    data = dataset()
    truth = [data.targets[rows].astype(float) for rows in (data.parts.calibration, data.parts.test)]
    overall = evaluate(data, *truth).metrics["overall"]
    assert overall["skill"] == 1.0
    assert overall["directional_accuracy"] == 1.0
    assert overall["dm_p_value"] < 1e-6
    assert overall["coverage_95"] == 1.0


def test_rows_without_a_move_and_forecasts_of_zero_take_no_side() -> None:
    data = dataset()
    calibration, test = forecasts(data)
    data.targets[data.parts.test[:50]] = 0.0
    test[50:120] = 0.0
    step = evaluate(data, calibration, test).metrics["steps"][0]
    assert step["directional_rows"] == len(data.parts.test) - 120


def test_reports_are_plain_json_even_when_prices_stand_still() -> None:
    data = dataset()
    evaluation = evaluate(data, *forecasts(data))
    still = dataset(close=np.full(1200, 100.1))
    standing = evaluate(still, *forecasts(still))
    for report in (evaluation.metrics, evaluation.baseline, standing.metrics, standing.baseline):
        assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert standing.metrics["overall"]["r2"] is None
    assert standing.metrics["overall"]["mase"] is None
    assert standing.metrics["overall"]["skill"] is None
    assert standing.baseline["overall"]["rmse"] == 0.0
    assert standing.baseline["steps"][0]["r2"] is None


def test_returns_that_never_vary_have_no_r2() -> None:
    growing = dataset(close=100.0 * 1.003 ** np.arange(1200))
    report = evaluate(growing, *forecasts(growing)).metrics
    assert [step["r2_return"] for step in report["steps"]] == [None] * HORIZON
    assert report["overall"]["r2_return"] is not None


def test_a_forecast_that_ran_away_is_reported_not_crashed_on() -> None:
    data = dataset()
    calibration, test = forecasts(data)
    test[3, 2] = 1e4
    report = evaluate(data, calibration, test).metrics
    assert report["overall"]["rmse"] is None
    assert report["steps"][0]["rmse"] is not None
    json.dumps(report, allow_nan=False)


def test_a_forecast_that_is_not_a_number_fails_the_training() -> None:
    data = dataset()
    calibration, test = forecasts(data)
    test[3, 2] = np.nan
    with pytest.raises(TrainingFailed, match="not finite"):
        evaluate(data, calibration, test)


def test_a_wrong_shape_an_empty_part_and_an_unknown_future_are_refused() -> None:
    data = dataset()
    calibration, test = forecasts(data)
    with pytest.raises(InvalidInput, match="shape"):
        evaluate(data, calibration, test[:-1])
    empty = dataclasses.replace(data, parts=dataclasses.replace(data.parts, test=data.parts.test[:0]))
    with pytest.raises(InvalidInput, match="no rows"):
        evaluate(empty, calibration, test[:0])
    data.targets[data.parts.test[-1], 3] = np.nan
    with pytest.raises(InvalidInput, match="unknown"):
        evaluate(data, calibration, test)


def test_the_test_part_changes_nothing_that_was_calibrated() -> None:
    data = dataset()
    calibration, test = forecasts(data)
    before = evaluate(data, calibration, test).conformal.to_json()
    data.targets[data.parts.test] *= 3
    assert evaluate(data, calibration, test * 2).conformal.to_json() == before


def test_memory_beyond_the_forecast_does_not_grow_with_the_steps() -> None:
    data = dataset(rows=60_000)
    drift = Drift()
    calibration, test = drift.predict(data, data.parts.calibration), drift.predict(data, data.parts.test)
    wide = dataclasses.replace(data, horizon=24, targets=np.tile(data.targets, (1, 6)))
    wide_calibration, wide_test = np.tile(calibration, (1, 6)), np.tile(test, (1, 6))

    def peak(series: Dataset, *given: np.ndarray) -> int:
        tracemalloc.start()
        evaluate(series, *given)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    # What may grow: naive's zeros and the calibration truth with 8 bytes a number, and the widths of the
    # test part, a distance and two factors with 4 bytes each, which are picked out once.
    tests, calibrations = len(data.parts.test), len(data.parts.calibration)
    allowed = (24 - HORIZON) * (8 * (tests + 2 * calibrations) + 4 * (1 + 2 * 2) * tests) * 1.1
    assert peak(wide, wide_calibration, wide_test) - peak(data, calibration, test) < allowed


def test_wilson_agrees_with_scipy() -> None:
    expected = stats.binomtest(53, 100).proportion_ci(0.95, method="wilson")
    assert wilson_interval(0.53, 100) == pytest.approx((expected.low, expected.high))
    assert wilson_interval(0.5, 0) is None
    assert wilson_interval(1.0, 5)[1] == 1.0


def test_one_step_diebold_mariano_is_a_t_test() -> None:
    difference = np.random.default_rng(0).normal(0.1, 1.0, 200)
    assert diebold_mariano(difference, 1) == pytest.approx(stats.ttest_1samp(difference, 0.0).pvalue)


@pytest.mark.parametrize("step", [1, 5, 12])
def test_overlapping_forecasts_of_equal_worth_are_rarely_called_different(step: int) -> None:
    random = np.random.default_rng(step)
    rejected = 0
    for _ in range(400):
        noise = random.normal(size=300 + step)
        difference = np.convolve(noise, np.ones(step), mode="valid")[:300]
        rejected += diebold_mariano(difference, step) < 0.05
    assert rejected / 400 < 0.11


def test_diebold_mariano_is_undefined_for_identical_forecasts_and_too_few_rows() -> None:
    assert diebold_mariano(np.zeros(100), 3) is None
    assert diebold_mariano(np.array([1.0, 2.0, 3.0]), 3) is None


def test_a_negative_sum_of_autocovariances_still_gives_a_p_value() -> None:
    alternating = np.tile([1.0, -1.0], 50) + 0.1
    assert 0.0 <= diebold_mariano(alternating, 2) <= 1.0


def candles(**changes: np.ndarray) -> Candles:
    columns = {
        "timestamp": np.array([0, 3600], dtype=np.int64),
        **{name: np.array([1.0, 2.0]) for name in ("open", "high", "low", "close", "volume")},
    }
    return Candles(**{**columns, **changes})


def test_the_fingerprint_is_the_same_everywhere() -> None:
    known = data_fingerprint(candles())
    assert known == "bb783dc414b3cc05b38aa098876b855cfec03f6856d155d2f0fb42afee6415f0"
    big_endian = candles(close=np.array([1.0, 2.0], dtype=">f8"), timestamp=np.array([0, 3600], dtype=">i8"))
    assert data_fingerprint(big_endian) == known
    strided = candles(close=np.array([1.0, 9.0, 2.0])[::2])
    assert data_fingerprint(strided) == known


def test_any_changed_value_or_swapped_column_changes_the_fingerprint() -> None:
    known = data_fingerprint(candles())
    other = np.array([1.0, np.nextafter(2.0, 3.0)])
    changed = {
        data_fingerprint(candles(**{name: other})) for name in ("open", "high", "low", "close", "volume")
    }
    changed.add(data_fingerprint(candles(timestamp=np.array([0, 7200], dtype=np.int64))))
    changed.add(data_fingerprint(candles()[0:1]))
    assert len(changed) == 7
    assert known not in changed
