"""Technical indicators of a series of candles, by TA-Lib (https://ta-lib.org/functions/).

Each takes columns ``(rows,)``, oldest first, of finite positive prices, and returns columns of the same
shape: a row's value is made of that row and earlier ones alone, NaN where there is none yet. Periods are
in candles. A value that would divide by zero (a price that stands still) is NaN too.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import talib
from numpy.typing import NDArray

Column = NDArray[np.float64]

SECONDS_PER_YEAR = 365 * 86_400
"""Coins are traded on every day of the year."""

_STILL_PERIODS = 10
_RETURN_SCALE = 2.0**20  # a power of two: exact; TA-Lib takes sums below 1e-14 for zero


class Macd(NamedTuple):
    """Moving average convergence/divergence, in the quote currency."""

    macd: Column
    signal: Column
    histogram: Column


class Bands(NamedTuple):
    """Bollinger bands, in the quote currency."""

    upper: Column
    middle: Column
    lower: Column


def sma(close: Column, period: int) -> Column:
    """Mean of the last ``period`` closes."""
    return talib.SMA(close, timeperiod=period)


def ema(close: Column, period: int) -> Column:
    """Exponential mean with weight ``2 / (period + 1)``; the first value is the :func:`sma`."""
    return talib.EMA(close, timeperiod=period)


def log_returns(close: Column) -> Column:
    """``log(close[t] / close[t - 1])``; NaN in the first row, which has no past."""
    returns = np.full(len(close), np.nan)
    np.log(close[1:] / close[:-1], out=returns[1:])
    return returns


def volatility(close: Column, period: int, interval_seconds: int) -> Column:
    """Annualised volatility of log returns: 0.5 stands for 50 % a year.

    The sample standard deviation (``period - 1`` in the denominator) of the last ``period`` returns,
    times the root of the candles in 365 days.
    """
    deviation: Column = talib.STDDEV(log_returns(close) * _RETURN_SCALE, timeperiod=period)
    candles_per_year = SECONDS_PER_YEAR / interval_seconds
    deviation *= math.sqrt(candles_per_year * period / (period - 1)) / _RETURN_SCALE
    return deviation


def rsi(close: Column, period: int) -> Column:
    """Relative strength index, 0 to 100 (J. Welles Wilder, New Concepts in Technical Trading Systems, 1978).

    NaN where the close has stood still for 10 periods: what moves it remembers are worn away.
    """
    values: Column = talib.RSI(close, timeperiod=period)
    patience = _STILL_PERIODS * period
    moves = np.concatenate(([-patience], np.flatnonzero(np.diff(close)) + 1, [len(close)]))
    for still in np.flatnonzero(np.diff(moves) > patience):
        values[moves[still] + patience : moves[still + 1]] = np.nan
    return values


def macd(close: Column, fast: int, slow: int, signal: int) -> Macd:
    """Fast less slow :func:`ema`, its own EMA over ``signal`` candles, and the difference (Gerald Appel).

    ``slow`` must be the longer one. All three begin together, in row ``slow + signal - 2``.
    """
    return Macd(*talib.MACD(close, fastperiod=fast, slowperiod=slow, signalperiod=signal))


def bollinger(close: Column, period: int, deviations: float) -> Bands:
    """The :func:`sma` and bands around it (John Bollinger): ``deviations`` population standard deviations."""
    return Bands(*talib.BBANDS(close, timeperiod=period, nbdevup=deviations, nbdevdn=deviations))


def atr(high: Column, low: Column, close: Column, period: int) -> Column:
    """Average true range, in the quote currency (Wilder, 1978).

    The first true range is the second row's: the first row has no close before it.
    """
    return talib.ATR(high, low, close, timeperiod=period)


def correlation(close: Column, other: Column, period: int) -> Column:
    """Pearson correlation, -1 to 1, of the last ``period`` log returns of two columns of the same times."""
    returns, others = (log_returns(column) * _RETURN_SCALE for column in (close, other))
    values = talib.CORREL(returns, others, timeperiod=period)
    np.clip(values, -1.0, 1.0, out=values)
    for each in (returns, others):
        values[talib.MAX(each, timeperiod=period) == talib.MIN(each, timeperiod=period)] = np.nan
    return values
