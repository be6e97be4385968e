from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import InvalidInput
from server.features.build import (
    FEATURE_NAMES,
    VOLATILITY_FLOOR,
    WARM_UP_ROWS,
    build_features,
    cumulative_targets,
    ewma_volatility,
    log_returns,
)
from server.market.candles import Candles
from tests.features.series import walk, with_other_rows


def column(candles: Candles, name: str) -> np.ndarray:
    return build_features(candles).values[WARM_UP_ROWS:, FEATURE_NAMES.index(name)]


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(WARM_UP_ROWS, 399), factor=st.floats(0.01, 100), seed=st.integers(0, 5))
def test_a_later_row_changes_nothing_earlier(cut: int, factor: float, seed: int) -> None:
    candles = walk(400, seed)
    changed = with_other_rows(candles, cut, factor)
    before, after = build_features(candles).values, build_features(changed).values
    np.testing.assert_array_equal(before[:cut], after[:cut])
    volatility = [ewma_volatility(log_returns(series.close))[:cut] for series in (candles, changed)]
    np.testing.assert_array_equal(*volatility)


def test_rows_are_finite_from_the_first_warm_one_and_nan_before() -> None:
    frame = build_features(walk(300))
    assert frame.values.dtype == np.float32
    assert np.isfinite(frame.values[frame.first_row :]).all()
    assert np.isnan(frame.values[: frame.first_row]).all()


@pytest.mark.parametrize("rows", [0, 1, 5, WARM_UP_ROWS])
def test_too_short_a_series_has_no_warm_row(rows: int) -> None:
    assert np.isnan(build_features(walk(rows)).values).all()


def test_a_short_tail_of_candles_gives_the_features_of_the_whole_series() -> None:
    candles = walk(3000)
    whole = build_features(candles).values
    tail = build_features(candles[-(WARM_UP_ROWS + 30) :]).values
    np.testing.assert_allclose(tail[-30:], whole[-30:], rtol=1e-3, atol=1e-5)


@settings(max_examples=10, deadline=None)
@given(factor=st.sampled_from([1e-7, 1e-3, 1e4]))
def test_features_do_not_depend_on_the_unit_of_price_and_volume(factor: float) -> None:
    candles = walk(400)
    in_other_units = with_other_rows(candles, 0, factor)
    np.testing.assert_allclose(
        build_features(in_other_units).values, build_features(candles).values, rtol=1e-3, atol=1e-5
    )


def test_a_price_that_stands_still_without_volume_is_neutral() -> None:
    rows = 400
    flat = np.full(rows, 0.00001234)
    candles = Candles(walk(rows).timestamp, flat, flat, flat, flat, np.zeros(rows))
    values = build_features(candles).values[WARM_UP_ROWS:]
    calendar = FEATURE_NAMES.index("hour_sin")
    np.testing.assert_allclose(values[:, :calendar], 0.0, atol=1e-6)


def test_a_market_that_goes_to_sleep_and_wakes_up_stays_finite() -> None:
    candles = walk(600)
    columns = {name: getattr(candles, name).copy() for name in ("open", "high", "low", "close", "volume")}
    for name in ("open", "high", "low", "close"):
        columns[name][300:400] = columns["close"][300]
    columns["volume"][300:400] = 0.0
    asleep = replace(candles, **columns)
    assert np.isfinite(build_features(asleep).values[WARM_UP_ROWS:]).all()
    assert np.abs(column(asleep, "bollinger_position_20")).max() < 100
    np.testing.assert_array_equal(column(asleep, "rsi_14")[300 + 15 - WARM_UP_ROWS : 400 - WARM_UP_ROWS], 0.0)


def test_indicators_have_their_known_extremes() -> None:
    rows = 400
    close = 100.0 * 1.001 ** np.arange(rows)
    rising = Candles(walk(rows).timestamp, close, close, close, close, np.ones(rows))
    np.testing.assert_allclose(column(rising, "rsi_14"), 1.0)
    np.testing.assert_allclose(column(rising, "log_return"), np.log(1.001), rtol=1e-5)
    assert (column(rising, "macd") > 0).all()
    assert (column(rising, "bollinger_position_20") > 0).all()


def test_the_hour_and_weekday_are_those_of_utc() -> None:
    monday_six = 1_500_271_200  # 2017-07-17 06:00 UTC, a Monday
    candles = walk(WARM_UP_ROWS + 1)
    shift = monday_six - int(candles.timestamp[-1])
    values = build_features(replace(candles, timestamp=candles.timestamp + shift)).values[-1]
    expected = {"hour_sin": 1.0, "hour_cos": 0.0, "weekday_sin": 0.0, "weekday_cos": 1.0}
    for name, value in expected.items():
        assert values[FEATURE_NAMES.index(name)] == pytest.approx(value, abs=1e-6)


def test_close_and_volume_swapped_fails_loudly() -> None:
    candles = walk(400)
    with pytest.raises(InvalidInput, match=r"close=.*swapped"):
        build_features(replace(candles, close=candles.volume + 1, volume=candles.close))


@pytest.mark.parametrize(
    ("name", "value"),
    [("close", np.nan), ("open", 0.0), ("low", -1.0), ("high", np.inf), ("volume", -1.0), ("volume", np.nan)],
)
def test_a_value_that_cannot_be_is_named_with_its_row(name: str, value: float) -> None:
    candles = walk(50)
    broken = getattr(candles, name).copy()
    broken[17] = value
    with pytest.raises(InvalidInput, match=rf"{name}=.* in row 17"):
        build_features(replace(candles, **{name: broken}))


def test_targets_are_cumulative_log_returns_of_the_close() -> None:
    close = np.array([1.0, 2.0, 4.0, 2.0])
    targets = cumulative_targets(close, horizon=3) / np.log(2.0)
    nan = np.nan
    expected = [[1.0, 2.0, 1.0], [1.0, 0.0, nan], [-1.0, nan, nan], [nan, nan, nan]]
    np.testing.assert_allclose(targets, expected, atol=1e-6)


def test_ewma_volatility_is_the_weighted_sum_of_its_definition() -> None:
    returns = log_returns(walk(60).close)
    weights = 0.5 ** (np.arange(50)[::-1] / 24.0)
    expected = np.sqrt(np.sum(weights * returns[1:51] ** 2) / weights.sum())
    assert ewma_volatility(returns)[50] == pytest.approx(expected, rel=1e-9)


def test_volatility_of_a_price_that_stands_still_can_be_divided_by() -> None:
    np.testing.assert_array_equal(ewma_volatility(np.zeros(10)), VOLATILITY_FLOOR)
    assert len(ewma_volatility(np.zeros(0))) == 0
