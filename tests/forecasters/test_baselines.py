"""Naive and drift forecast under the contract of the networks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from server.errors import InvalidInput
from server.forecasters.baselines import Drift, Naive
from server.forecasters.contract import Dataset, Forecaster, Parts

FORECASTERS: tuple[Forecaster, ...] = (Naive(), Drift())


def dataset(close: np.ndarray, horizon: int = 3) -> Dataset:
    rows = len(close)
    targets = np.full((rows, horizon), np.nan, dtype=np.float32)
    for step in range(1, horizon + 1):
        targets[:-step, step - 1] = np.log(close[step:] / close[:-step])
    parts = Parts(np.arange(0, 40), np.arange(50, 60), np.arange(65, 85), np.arange(90, rows - horizon))
    return Dataset(
        feature_names=("log_return",),
        features=np.zeros((rows, 1), dtype=np.float32),
        targets=targets,
        close=close,
        timestamp=np.arange(rows, dtype=np.int64) * 3600,
        volatility=np.full(rows, 0.01),
        lookback=2,
        horizon=horizon,
        parts=parts,
    )


@pytest.mark.parametrize("forecaster", FORECASTERS, ids=lambda forecaster: forecaster.name)
def test_a_forecast_has_one_float64_row_per_origin_and_one_column_per_step(forecaster: Forecaster) -> None:
    data = dataset(np.linspace(100.0, 120.0, 120))
    forecast = forecaster.predict(data, data.parts.test)
    assert forecast.shape == (len(data.parts.test), 3)
    assert forecast.dtype == np.float64
    assert forecaster.predict(data, data.parts.test[:0]).shape == (0, 3)


def test_naive_says_the_price_stays() -> None:
    data = dataset(np.linspace(100.0, 120.0, 120))
    assert not Naive().predict(data, data.parts.test).any()


def test_drift_continues_steady_growth_exactly() -> None:
    data = dataset(100.0 * 1.01 ** np.arange(120))
    forecast = Drift().predict(data, data.parts.test)
    np.testing.assert_allclose(forecast, data.targets[data.parts.test], rtol=1e-5)


def test_drift_knows_the_training_part_alone() -> None:
    close = 100.0 * np.exp(np.sin(np.arange(120)))
    data = dataset(close)
    later = close.copy()
    later[41:] *= np.linspace(2.0, 9.0, len(later) - 41)
    np.testing.assert_array_equal(
        Drift().predict(data, data.parts.test), Drift().predict(dataset(later), data.parts.test)
    )


def test_drift_without_a_training_part_is_refused() -> None:
    data = dataset(np.linspace(100.0, 120.0, 120))
    empty = dataclasses.replace(data, parts=dataclasses.replace(data.parts, train=data.parts.train[:0]))
    with pytest.raises(InvalidInput, match="0 origins"):
        Drift().predict(empty, data.parts.test)
