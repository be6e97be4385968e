"""Interval widths that follow what happened, and nothing that had not happened yet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.forecasters.adaptive import RATE, WIDEST, Widths, calibrated, scaled_distances, walk
from server.forecasters.conformal import LEVELS, ConformalQuantiles

HORIZON = 5
ROWS = 160


def quantiles(horizon: int = HORIZON, seed: int = 0) -> ConformalQuantiles:
    random = np.random.default_rng(seed)
    truth = random.standard_normal((400, horizon))
    return ConformalQuantiles.calibrate(truth, np.zeros_like(truth), np.ones(400))


def some_distances(rows: int = ROWS, seed: int = 1, size: float = 1.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    found = size * np.abs(random.standard_normal((rows, HORIZON))).astype(np.float32)
    found[random.uniform(size=found.shape) < 0.1] = np.nan
    return found


def whole(distances: np.ndarray) -> np.ndarray:
    return walk(distances, quantiles(), calibrated(1, HORIZON))


@given(row=st.integers(0, ROWS - 1), step=st.integers(1, HORIZON))
@settings(max_examples=40)
def test_an_outcome_changes_no_width_before_it_is_known(row: int, step: int) -> None:
    distances = some_distances()
    before = whole(distances)
    distances[row, step - 1] = 100.0
    known_at = row + step
    assert np.array_equal(whole(distances)[:known_at], before[:known_at])


def test_an_outcome_changes_the_widths_of_its_own_step_as_soon_as_it_is_known() -> None:
    distances = some_distances()
    distances[20, 2] = 0.0
    hit = whole(distances)
    distances[20, 2] = 100.0
    missed = whole(distances)
    assert np.all(missed[23, :, 2] > hit[23, :, 2])
    others = [0, 1, 3, 4]
    assert np.array_equal(missed[:, :, others], hit[:, :, others])


@given(split=st.integers(HORIZON, ROWS - 1))
@settings(max_examples=40)
def test_going_on_from_the_last_rows_is_the_same_as_never_having_stopped(split: int) -> None:
    distances = some_distances()
    at_once = whole(distances)
    start = split - HORIZON
    resumed = walk(distances[start:], quantiles(), at_once[start:split])
    assert np.array_equal(resumed, at_once[start:])


@pytest.mark.parametrize("size", [0.4, 1.0, 2.0])
def test_coverage_stays_near_nominal_when_the_market_becomes_calmer_or_wilder(size: float) -> None:
    rows = 6000
    random = np.random.default_rng(3)
    distances = size * np.abs(random.standard_normal((rows, HORIZON))).astype(np.float32)
    factors = walk(distances, quantiles(), calibrated(1, HORIZON))
    for level, name in enumerate(LEVELS):
        half_width = quantiles().half_width(name) * factors[:, level]
        covered = np.mean(distances <= half_width)
        # A factor that moved from 1 to WIDEST has seen log(WIDEST) / RATE more misses, or hits, than nominal.
        bound = (np.log(WIDEST) + RATE) / (RATE * (rows - HORIZON))
        assert abs(covered - name / 100) <= bound
    uncorrected = np.mean(distances <= quantiles().half_width(80))
    assert size == 1.0 or abs(uncorrected - 0.8) > 0.1


def test_what_is_not_known_corrects_nothing() -> None:
    assert np.all(whole(np.full((ROWS, HORIZON), np.nan, dtype=np.float32)) == 1.0)


@pytest.mark.parametrize("size", [0.0, 1e9])
def test_no_width_falls_to_zero_or_grows_without_end(size: float) -> None:
    factors = walk(np.full((9000, HORIZON), size, dtype=np.float32), quantiles(), calibrated(1, HORIZON))
    assert factors.min() == pytest.approx(1 / WIDEST if size == 0 else 1.0)
    assert factors.max() == pytest.approx(1.0 if size == 0 else WIDEST)


@given(seed=st.integers(0, 1000))
@settings(max_examples=30)
def test_the_wider_interval_encloses_the_narrower_one_whatever_the_corrections(seed: int) -> None:
    random = np.random.default_rng(seed)
    factors = random.uniform(1 / WIDEST, WIDEST, (7, 2, HORIZON)).astype(np.float32)
    forecast, volatility = random.normal(0, 0.01, (7, HORIZON)), random.uniform(0.001, 0.1, 7)
    found = quantiles().bounds(forecast, volatility, factors)
    assert np.all(found.lower_95 <= found.lower_80)
    assert np.all(found.upper_95 >= found.upper_80)
    assert np.all((found.lower_80 <= forecast) & (forecast <= found.upper_80))


def test_a_distance_is_measured_in_the_volatility_of_its_origin() -> None:
    truth, forecast = np.full((2, HORIZON), 0.03), np.full((2, HORIZON), 0.01)
    found = scaled_distances(truth, forecast, np.array([0.02, 0.04]), quantiles())
    assert found == pytest.approx(np.array([[1.0] * HORIZON, [0.5] * HORIZON]))


def test_the_stored_form_names_each_candle() -> None:
    widths = Widths(1_500_000_000 + 3600 * np.arange(9), calibrated(9, HORIZON)).last(HORIZON)
    stored = widths.to_json()
    assert stored["origins"][-1] == "2017-07-14T10:40:00Z"
    assert [len(stored[name]) for name in ("origins", "factors_80", "factors_95")] == [HORIZON] * 3
    assert stored["factors_80"][0] == [1.0] * HORIZON
