"""What can be asked for: each indicator with its parameters, and how many candles it takes.

Sums over a window need that window. Exponential means remember for ever: they are given so many candles
before the first one asked for that what came earlier weighs less than 1e-12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server.analytics import indicators
from server.analytics.indicators import Column
from server.market.candles import Candles

Values = dict[str, Column]
Compute = Callable[[Candles, int], Values]
"""Candles and the length of their interval in seconds to columns by name."""

_TIME_CONSTANTS = 28  # exp(-28) is 7e-13


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator with its parameters.

    ``needed``: candles of the first value, its own included. ``warm_up``: candles before a candle that
    make its value what it would be with all that came before.
    """

    compute: Compute
    needed: int
    warm_up: int


def moving_average(period: int, type: str = "sma") -> Indicator:
    """Simple (``sma``) or exponential (``ema``) moving average of the close."""
    if type == "ema":
        return Indicator(lambda c, _: {"ema": indicators.ema(c.close, period)}, period, _ema_memory(period))
    return Indicator(lambda c, _: {"sma": indicators.sma(c.close, period)}, period, period - 1)


def volatility(period: int) -> Indicator:
    """Annualised volatility of log returns."""
    return Indicator(
        lambda c, seconds: {"volatility": indicators.volatility(c.close, period, seconds)}, period + 1, period
    )


def rsi(period: int) -> Indicator:
    """Wilder's relative strength index."""
    return Indicator(
        lambda c, _: {"rsi": indicators.rsi(c.close, period)}, period + 1, _wilder_memory(period)
    )


def macd(fast: int, slow: int, signal: int) -> Indicator:
    """MACD with its signal line and histogram; ``slow`` is the longer period."""

    def compute(candles: Candles, _: int) -> Values:
        found = indicators.macd(candles.close, fast, slow, signal)
        return {"macd": found.macd, "macd_signal": found.signal, "macd_histogram": found.histogram}

    return Indicator(compute, slow + signal - 1, _ema_memory(slow) + _ema_memory(signal))


def bollinger(period: int, deviations: float) -> Indicator:
    """Bollinger bands."""

    def compute(candles: Candles, _: int) -> Values:
        upper, middle, lower = indicators.bollinger(candles.close, period, deviations)
        return {"bollinger_upper": upper, "bollinger_middle": middle, "bollinger_lower": lower}

    return Indicator(compute, period, period - 1)


def atr(period: int) -> Indicator:
    """Wilder's average true range."""
    return Indicator(
        lambda c, _: {"atr": indicators.atr(c.high, c.low, c.close, period)},
        period + 1,
        _wilder_memory(period),
    )


USUAL: Mapping[str, tuple[Callable[..., Indicator], dict[str, float | str]]] = {
    "sma": (moving_average, {"type": "sma", "period": 20}),
    "ema": (moving_average, {"type": "ema", "period": 20}),
    "volatility": (volatility, {"period": 24}),
    "rsi": (rsi, {"period": 14}),
    "macd": (macd, {"fast": 12, "slow": 26, "signal": 9}),
    "bollinger": (bollinger, {"period": 20, "deviations": 2.0}),
    "atr": (atr, {"period": 14}),
}
"""Every indicator of one series by name, with the parameters that it has unless others are asked for."""


def _ema_memory(period: int) -> int:
    """The weight of the past falls by ``1 - 2 / (period + 1)`` a candle; the seed is ``period`` candles."""
    return _TIME_CONSTANTS * (period + 1) // 2 + period


def _wilder_memory(period: int) -> int:
    """The weight of the past falls by ``1 - 1 / period`` a candle; the seed is ``period`` moves."""
    return (_TIME_CONSTANTS + 1) * period + 1
