"""Interval widths that follow what happened: calibrated once, corrected by every candle since.

Markets change after calibration, and then a fixed quantile covers too little or too much. So each
step and level has a factor on its calibrated half-width. When an outcome is known, the factor that
was in force at its origin is judged: a miss widens, a hit narrows,

    log factor += RATE x (missed - (1 - level)),

which keeps the share of misses near ``1 - level`` whatever the series does (adaptive conformal
inference: Gibbs and Candes, 2021; as quantile tracking: Angelopoulos, Candes and Tibshirani, 2023).
On the logarithm the correction needs no unit and no width falls to zero. An outcome ``k`` steps ahead
corrects only what is forecast after it is known: ``k`` candles later.

``RATE`` was chosen among 0.005 .. 0.1 on four hourly series: a faster one follows each step's misses
more closely, but its own noise widens the 95 % interval by more than it gains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from server.forecasters.conformal import LEVELS, ConformalQuantiles
from server.forecasters.contract import Returns
from server.market.candles import iso_time

RATE: Final = 0.01
WIDEST: Final = 4.0
"""No factor leaves ``1 / WIDEST .. WIDEST``: after a crash the width must find back within weeks."""

Distances = NDArray[np.float32]
"""Shape ``(rows, horizon)``: distances of outcomes from forecasts, in units of volatility."""

Factors = NDArray[np.float32]
"""Shape ``(rows, 2, horizon)``: rows of candles in time order, levels as in ``conformal.LEVELS``."""


@dataclass(frozen=True, slots=True)
class Widths:
    """Factors by candle: ``timestamp`` ``(rows,)`` opens in seconds, ``factors`` ``(rows, 2, horizon)``."""

    timestamp: NDArray[np.int64]
    factors: Factors

    def last(self, rows: int) -> Widths:
        """The newest ``rows``: as many as the horizon are needed for going on."""
        return Widths(self.timestamp[-rows:], self.factors[-rows:])

    def to_json(self) -> dict[str, Any]:
        """Plain values; factors to six significant digits."""
        by_level = np.vectorize(lambda value: float(f"{value:.6g}"))(self.factors)
        return {
            "origins": [iso_time(int(moment)) for moment in self.timestamp],
            "factors_80": by_level[:, 0].tolist(),
            "factors_95": by_level[:, 1].tolist(),
        }


def calibrated(rows: int, horizon: int) -> Factors:
    """Factors of one: the widths as they were calibrated."""
    return np.ones((rows, len(LEVELS), horizon), dtype=np.float32)


def scaled_distances(
    truth: NDArray[np.floating[Any]],
    forecast: Returns,
    volatility: NDArray[np.float64],
    conformal: ConformalQuantiles,
) -> Distances:
    """How far each outcome was from its forecast, in units of the volatility known at the origin.

    ``truth`` and ``forecast`` are cumulative log returns ``(rows, horizon)``, ``volatility`` is ``(rows,)``.
    """
    scale = conformal.scale(volatility)
    distances = np.empty(truth.shape, dtype=np.float32)
    for step in range(truth.shape[1]):
        distances[:, step] = np.abs(truth[:, step] - forecast[:, step]) / scale
    return distances


def walk(distances: Distances, conformal: ConformalQuantiles, factors: Factors) -> Factors:
    """The factors in force at every row, given those of the first ``len(factors)`` rows (at least one).

    Rows are consecutive candles in time order. A distance of NaN (no forecast was made at that row, or
    its outcome is not known) corrects nothing. A row's factors follow from outcomes known at its close
    alone: those of step ``k`` from the row ``k`` rows before.
    """
    rows, horizon = distances.shape
    half_widths = np.stack([conformal.half_width(level)[:horizon] for level in LEVELS])
    expected = 1.0 - np.array(LEVELS)[:, None] / 100.0
    found = np.empty((rows, *factors.shape[1:]), dtype=np.float32)
    found[: len(factors)] = factors
    back = np.arange(1, horizon + 1)
    for row in range(len(factors), rows):
        usable = np.flatnonzero(back <= row)
        usable = usable[np.isfinite(distances[row - back[usable], usable])]
        origins = row - back[usable]
        missed = distances[origins, usable] > half_widths[:, usable] * found[origins, :, usable].T
        found[row] = found[row - 1]
        found[row][:, usable] *= np.exp(RATE * (missed - expected))
        np.clip(found[row], 1.0 / WIDEST, WIDEST, out=found[row])
    return found
