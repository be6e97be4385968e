"""The indicators: as published, as defined, and blind to the future."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.lib.stride_tricks import sliding_window_view as windows

from server.analytics import indicators
from server.analytics.indicators import Column
from tests.analytics import published
from tests.candles import sample_candles

HOUR = 3600


def as_candles(close: Column) -> tuple[Column, Column, Column]:
    """High, low and close around a close, each row's range from its own close."""
    spread = 0.001 + np.abs(np.sin(close))
    return close + spread, close - 0.5 * spread * np.minimum(close, 1.0), close


ALL: dict[str, Callable[[Column], tuple[Column, ...]]] = {
    "sma": lambda close: (indicators.sma(close, 5),),
    "ema": lambda close: (indicators.ema(close, 5),),
    "volatility": lambda close: (indicators.volatility(close, 5, HOUR),),
    "rsi": lambda close: (indicators.rsi(close, 5),),
    "macd": lambda close: indicators.macd(close, 3, 6, 4),
    "bollinger": lambda close: indicators.bollinger(close, 5, 2.0),
    "atr": lambda close: (indicators.atr(*as_candles(close), 5),),
    "correlation": lambda close: (indicators.correlation(close, np.sqrt(close) + np.sin(close) + 2, 5),),
}
FIRST_ROW = {
    "sma": 4, "ema": 4, "volatility": 5, "rsi": 5, "macd": 8, "bollinger": 4, "atr": 5, "correlation": 5,
}  # fmt: skip


@st.composite
def closes(draw: st.DrawFn, shortest: int = 12) -> Column:
    """Prices of any size whose steps are those of a market, standing still at times."""
    rows = draw(st.integers(shortest, 60))
    step = st.one_of(st.just(0.0), st.floats(-0.2, 0.2).map(lambda each: round(each, 5)))
    steps = draw(arrays(float, rows, elements=step))
    scale = draw(st.sampled_from([1e-6, 0.01, 1.0, 6.5e4]))
    close: Column = scale * np.exp(np.cumsum(steps))
    return close


def test_rsi_is_that_of_the_published_table() -> None:
    found = indicators.rsi(published.RSI_CLOSE, 14)
    assert np.isnan(found[:14]).all()
    np.testing.assert_allclose(found[14:], published.RSI_14, atol=1e-3)


def test_atr_is_that_of_the_published_table() -> None:
    # The table counts high less low of its first day, which has no close before it. A day before whose
    # close lies between them makes that its true range.
    def after_a_day(column: Column) -> Column:
        return np.concatenate(([48.0], column))

    prices = (published.ATR_HIGH, published.ATR_LOW, published.ATR_CLOSE)
    found = indicators.atr(*map(after_a_day, prices), 14)
    assert np.isnan(found[:14]).all()
    np.testing.assert_allclose(found[14:], published.ATR_14, atol=1e-5)


def test_bollinger_bands_are_those_of_the_published_table() -> None:
    found = np.array(indicators.bollinger(published.BOLLINGER_CLOSE, 20, 2.0))
    assert np.isnan(found[:, :19]).all()
    np.testing.assert_allclose(found[:, 19:], published.BOLLINGER_20_2, atol=1e-5)


def test_ema_and_macd_are_those_of_the_library_s_published_tests() -> None:
    for period, expected in ((2, published.EMA_2), (10, published.EMA_10)):
        found = indicators.ema(published.TALIB_CLOSE, period)
        assert {row: round(found[row], 2) for row in expected} == pytest.approx(expected, abs=0.011)
    macd = indicators.macd(published.TALIB_CLOSE, 12, 26, 9)
    for name, value in published.MACD_12_26_9.items():
        column = getattr(macd, name)
        assert np.isnan(column[:33]).all()
        assert column[33] == pytest.approx(value, abs=1e-4)


@settings(max_examples=40)
@given(closes(), st.integers(2, 10))
def test_windows_are_the_plain_definitions(close: Column, period: int) -> None:
    window = windows(close, period)
    np.testing.assert_allclose(indicators.sma(close, period)[period - 1 :], window.mean(axis=1), rtol=1e-9)
    upper, middle, lower = indicators.bollinger(close, period, 2.5)
    np.testing.assert_allclose((upper - lower)[period - 1 :] / 5, window.std(axis=1), atol=1e-7 * close.max())
    np.testing.assert_allclose(middle[period - 1 :], window.mean(axis=1), rtol=1e-9)
    returns = windows(np.diff(np.log(close)), period)
    expected = returns.std(axis=1, ddof=1) * np.sqrt(365 * 24)
    np.testing.assert_allclose(indicators.volatility(close, period, HOUR)[period:], expected, atol=1e-6)


@settings(max_examples=40)
@given(closes(), st.integers(2, 6))
def test_recursions_are_the_plain_definitions(close: Column, period: int) -> None:
    ema = [close[:period].mean()]
    for price in close[period:]:
        ema.append(ema[-1] + (price - ema[-1]) * 2 / (period + 1))
    np.testing.assert_allclose(indicators.ema(close, period)[period - 1 :], ema, rtol=1e-9)
    high, low, _ = as_candles(close)
    ranges = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    found = indicators.atr(high, low, close, period)[period:]
    np.testing.assert_allclose(found, wilder(ranges, period), rtol=1e-9)


@settings(max_examples=40)
@given(closes(), st.integers(2, 6))
def test_rsi_is_the_share_of_gains(close: Column, period: int) -> None:
    moves = np.diff(close)
    gains, losses = wilder(np.maximum(moves, 0), period), wilder(np.maximum(-moves, 0), period)
    found = indicators.rsi(close, period)[period:]
    moved = gains + losses > 0
    assert np.isnan(found[~moved]).all()
    assert not np.isnan(found[moved][: 9 * period]).any()
    valued = ~np.isnan(found)
    expected = 100 * gains[valued] / (gains + losses)[valued]
    np.testing.assert_allclose(found[valued], expected, atol=1e-6)


@settings(max_examples=40)
@given(closes(), st.integers(3, 10), st.integers(0, 2**32 - 1))
def test_correlation_is_pearson_s(close: Column, period: int, seed: int) -> None:
    other = close * np.exp(np.random.default_rng(seed).normal(0, 0.02, len(close)))
    found = indicators.correlation(close, other, period)
    for row in range(period, len(close)):
        part = slice(row - period, row + 1)
        one, two = np.diff(np.log(close[part])), np.diff(np.log(other[part]))
        if np.ptp(one) > 1e-4:
            assert found[row] == pytest.approx(np.corrcoef(one, two)[0, 1], abs=1e-6)
        elif np.ptp(one) == 0:
            assert np.isnan(found[row])


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=25)
@given(close=closes(), factor=st.floats(0.5, 2.0), cut=st.integers(1, 59))
def test_a_later_candle_changes_nothing_earlier(name: str, close: Column, factor: float, cut: int) -> None:
    cut = min(cut, len(close) - 1)
    changed = close.copy()
    changed[cut:] *= factor
    for before, after in zip(ALL[name](close), ALL[name](changed), strict=True):
        np.testing.assert_array_equal(before[:cut], after[:cut])


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("rows", [1, 2, 4, 5, 6, 8, 9, 30])
def test_values_begin_with_their_first_full_window(name: str, rows: int) -> None:
    close = sample_candles().close[:rows].copy()
    for column in ALL[name](close):
        assert column.shape == (rows,)
        valued = np.flatnonzero(~np.isnan(column))
        assert valued.tolist() == list(range(FIRST_ROW[name], rows))


@pytest.mark.parametrize("scale", [1e-8, 1e8])
@pytest.mark.parametrize("name", ["volatility", "rsi", "correlation"])
def test_the_price_of_a_coin_does_not_matter(name: str, scale: float) -> None:
    close = sample_candles().close[:300]
    measures: dict[str, Callable[[Column], Column]] = {
        "volatility": lambda prices: indicators.volatility(prices, 24, HOUR),
        "rsi": lambda prices: indicators.rsi(prices, 14),
        "correlation": lambda prices: indicators.correlation(prices, close[::-1].copy(), 24),
    }
    np.testing.assert_allclose(measures[name](close * scale), measures[name](close), rtol=1e-6)


def test_a_price_that_stands_still_has_no_rsi_and_no_correlation() -> None:
    moving = sample_candles().close[:50]
    still = np.concatenate((moving, np.full(100, moving[-1]), moving))
    rsi = indicators.rsi(still, 5)
    last_move = 49
    assert not np.isnan(rsi[5 : last_move + 50]).any()
    assert np.isnan(rsi[last_move + 50 : 150]).all()
    assert not np.isnan(rsi[150:]).any()
    assert np.isnan(indicators.rsi(np.full(80, 7.0), 5)[5:]).all()
    correlation = indicators.correlation(still, sample_candles().close[: len(still)], 10)
    assert np.isnan(correlation[60:150]).all()
    assert indicators.volatility(still, 10, HOUR)[100] == 0.0


def wilder(values: Column, period: int) -> Column:
    """Wilder's smoothing: a mean first, then one part in ``period`` of each new value."""
    smoothed = [values[:period].mean()]
    for value in values[period:]:
        smoothed.append((smoothed[-1] * (period - 1) + value) / period)
    return np.array(smoothed)
