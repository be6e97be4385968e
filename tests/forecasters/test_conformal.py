"""Split conformal intervals: coverage, nesting, scale, and what survives JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import InvalidInput
from server.forecasters.conformal import (
    LEVELS,
    RESIDUAL_QUANTILES,
    ConformalQuantiles,
    TooFewCalibrationRows,
    rows_needed,
)

SEEDS = st.integers(0, 2**32 - 1)


def sample(
    seed: int, rows: int, horizon: int = 3, freedom: float = 4.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Exchangeable rows: heavy-tailed truths, a noisy forecast, a volatility that differs by row."""
    random = np.random.default_rng(seed)
    volatility = np.exp(random.normal(-4.0, 0.7, rows))
    truth = random.standard_t(freedom, (rows, horizon)) * volatility[:, None]
    forecast = random.normal(0.0, 0.2, (rows, horizon)) * volatility[:, None]
    return truth, forecast, volatility


@pytest.mark.parametrize("rows", [19, 39, 200])
def test_exchangeable_rows_are_covered_at_least_as_often_as_promised(rows: int) -> None:
    covered = {level: [] for level in LEVELS}
    for seed in range(150):
        truth, forecast, volatility = sample(seed, rows + 200)
        quantiles = ConformalQuantiles.calibrate(truth[:rows], forecast[:rows], volatility[:rows])
        bounds = quantiles.bounds(forecast[rows:], volatility[rows:])
        for level, lower, upper in ((80, bounds[0], bounds[1]), (95, bounds[2], bounds[3])):
            covered[level].append(np.mean((lower <= truth[rows:]) & (truth[rows:] <= upper)))
    for level in LEVELS:
        promised = level / 100
        assert promised - 0.012 <= np.mean(covered[level]) <= promised + 1 / (rows + 1) + 0.012


@pytest.mark.parametrize(("rows", "rank_80", "rank_95"), [(19, 16, 19), (20, 17, 20), (39, 32, 38)])
def test_the_half_width_is_the_order_statistic_of_rank_n_plus_one_times_the_level(
    rows: int, rank_80: int, rank_95: int
) -> None:
    residuals = np.arange(1.0, rows + 1) * np.where(np.arange(rows) % 2, 1.0, -1.0)
    quantiles = ConformalQuantiles.calibrate(residuals[:, None], np.zeros((rows, 1)), np.ones(rows))
    assert quantiles.half_width_80[0] == rank_80
    assert quantiles.half_width_95[0] == rank_95


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, rows=st.integers(19, 300))
def test_the_interval_at_80_lies_inside_that_at_95_around_the_forecast(seed: int, rows: int) -> None:
    truth, forecast, volatility = sample(seed, rows)
    low_80, high_80, low_95, high_95 = ConformalQuantiles.calibrate(truth, forecast, volatility).bounds(
        forecast, volatility
    )
    assert np.all((low_95 <= low_80) & (low_80 <= forecast) & (forecast <= high_80) & (high_80 <= high_95))


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, factor=st.floats(1e-3, 1e3))
def test_returns_measured_in_another_unit_give_the_same_interval_in_that_unit(
    seed: int, factor: float
) -> None:
    truth, forecast, volatility = sample(seed, 60)
    plain = ConformalQuantiles.calibrate(truth, forecast, volatility)
    scaled = ConformalQuantiles.calibrate(truth * factor, forecast * factor, volatility * factor)
    for bound, scaled_bound in zip(
        plain.bounds(forecast, volatility),
        scaled.bounds(forecast * factor, volatility * factor),
        strict=True,
    ):
        np.testing.assert_allclose(scaled_bound, bound * factor, rtol=1e-9)


def test_twice_the_volatility_gives_twice_the_width() -> None:
    quantiles = ConformalQuantiles.calibrate(*sample(1, 100))
    zero = np.zeros((2, 3))
    upper = quantiles.bounds(zero, np.array([0.02, 0.04])).upper_95
    np.testing.assert_allclose(upper[1], 2 * upper[0])


def test_a_market_that_stands_still_keeps_an_interval() -> None:
    quantiles = ConformalQuantiles.calibrate(*sample(1, 100))
    upper = quantiles.bounds(np.zeros((1, 3)), np.array([0.0])).upper_80
    assert np.all(upper > 0)


def test_prices_are_the_close_times_the_exponential() -> None:
    quantiles = ConformalQuantiles.calibrate(*sample(1, 100))
    bounds = quantiles.bounds(np.zeros((2, 3)), np.array([0.02, 0.04]))
    close = np.array([100.0, 50.0])
    prices = bounds.prices(close)
    np.testing.assert_allclose(np.log(prices.upper_80 / close[:, None]), bounds.upper_80)
    assert np.all(prices.lower_95 > 0)


@pytest.mark.parametrize(("level", "needed"), [(80, 4), (95, 19)])
def test_the_rows_a_level_needs(level: int, needed: int) -> None:
    assert rows_needed(level) == needed


def test_too_few_rows_are_refused_with_the_number_needed() -> None:
    truth, forecast, volatility = sample(1, 18)
    with pytest.raises(TooFewCalibrationRows, match="has 18 rows, an interval at 95 % needs 19") as caught:
        ConformalQuantiles.calibrate(truth, forecast, volatility)
    assert caught.value.details["needed"] == 19


@pytest.mark.parametrize("broken", ["truth", "volatility"])
def test_unknown_futures_and_unknown_volatility_are_refused(broken: str) -> None:
    truth, forecast, volatility = sample(1, 30)
    {"truth": truth, "volatility": volatility}[broken][7] = np.nan
    with pytest.raises(InvalidInput, match="not finite"):
        ConformalQuantiles.calibrate(truth, forecast, volatility)


def test_prices_that_never_moved_are_refused() -> None:
    with pytest.raises(InvalidInput, match="do not move"):
        ConformalQuantiles.calibrate(np.zeros((30, 1)), np.zeros((30, 1)), np.zeros(30))


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, rows=st.integers(19, 2000))
def test_the_confidence_score_is_the_share_of_outcomes_on_the_forecasts_side(seed: int, rows: int) -> None:
    truth, forecast, volatility = sample(seed, rows)
    quantiles = ConformalQuantiles.calibrate(truth, forecast, volatility)
    given_forecast, given_volatility = np.array([[0.01, -0.02, 0.5]]), np.array([0.02])
    score = quantiles.confidence_score(given_forecast, given_volatility)
    residuals = (truth - forecast) / volatility[:, None]
    outcomes = given_forecast + residuals * given_volatility[:, None]
    share = np.mean(np.sign(outcomes) == np.sign(given_forecast), axis=0)
    np.testing.assert_allclose(score[0], share, atol=1 / RESIDUAL_QUANTILES + 1 / rows)
    assert np.all((score >= 0) & (score <= 1))


def test_a_larger_forecast_is_at_least_as_confident() -> None:
    quantiles = ConformalQuantiles.calibrate(*sample(3, 500, horizon=1))
    sizes = np.linspace(1e-5, 0.2, 200)[:, None]
    for side in (1.0, -1.0):
        score = quantiles.confidence_score(side * sizes, np.full(200, 0.02))
        assert np.all(np.diff(score[:, 0]) >= 0)


def test_a_forecast_of_zero_takes_no_side() -> None:
    quantiles = ConformalQuantiles.calibrate(*sample(3, 100))
    assert np.all(np.isnan(quantiles.confidence_score(np.zeros((1, 3)), np.array([0.02]))))


def test_json_brings_the_same_intervals_and_nearly_the_same_scores_back() -> None:
    truth, forecast, volatility = sample(5, 1000)
    before = ConformalQuantiles.calibrate(truth, forecast, volatility)
    after = ConformalQuantiles.from_json(json.loads(json.dumps(before.to_json(), allow_nan=False)))
    for bound, same in zip(
        before.bounds(forecast, volatility), after.bounds(forecast, volatility), strict=True
    ):
        np.testing.assert_array_equal(bound, same)
    np.testing.assert_allclose(
        after.confidence_score(forecast, volatility), before.confidence_score(forecast, volatility), atol=1e-4
    )
    assert after.rows == 1000


def test_fewer_steps_than_calibrated_may_be_asked_and_more_may_not() -> None:
    quantiles = ConformalQuantiles.calibrate(*sample(5, 100))
    all_steps = quantiles.bounds(np.zeros((1, 3)), np.array([0.01]))
    first = quantiles.bounds(np.zeros((1, 1)), np.array([0.01]))
    np.testing.assert_array_equal(first.upper_80, all_steps.upper_80[:, :1])
    with pytest.raises(InvalidInput, match="4 steps"):
        quantiles.bounds(np.zeros((1, 4)), np.array([0.01]))
