"""Split conformal intervals whose width follows the market.

A calibration residual (truth minus forecast, log return) is divided by the volatility that was
known at its origin. The half-width at a level is, per step, the order statistic of rank
``ceil((n + 1) x level)`` among the absolute scaled residuals of ``n`` rows, so that on exchangeable
rows the interval covers at least the level (Lei et al., 2018; Papadopoulos et al., 2002). Candles
are not exchangeable: ``adaptive`` corrects the widths by every outcome that becomes known, and the
coverage that counts is the one measured, in that way, on the test part.

Intervals are symmetric around the forecast. A signed pair of quantiles carries the trend of the few
weeks of calibration into the future and leaves half as many rows for each tail: around the naive
forecast, 24 steps ahead, it worsened the interval score of three hourly series by 1 to 9 % and
covered less; only on daily candles of a long bull market did it gain (4 to 8 %). No factor
``sqrt(step)`` either: each step has its own quantile, in which a constant factor cancels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from server.errors import InvalidInput
from server.forecasters.contract import Returns

LEVELS = (80, 95)
"""Nominal coverage of the intervals, in percent."""

RESIDUAL_QUANTILES = 201
"""Points kept of each step's residual distribution: a confidence score is exact to half a percent."""

VOLATILITY_FLOOR = 0.01
"""Smallest volatility used, as a share of the calibration part's median: no interval collapses."""

Column = NDArray[np.float64]


class TooFewCalibrationRows(InvalidInput):
    """The calibration part is too short for the rank that a level needs."""

    error_code = "too_few_calibration_rows"


class Intervals(NamedTuple):
    """Bounds as cumulative log returns, each of shape ``(rows, steps)``."""

    lower_80: Returns
    upper_80: Returns
    lower_95: Returns
    upper_95: Returns

    def prices(self, close: Column) -> Intervals:
        """The same bounds as prices: ``close x exp(return)``; ``close`` has shape ``(rows,)``."""
        return Intervals(*(close[:, None] * np.exp(bound) for bound in self))


@dataclass(frozen=True, slots=True, eq=False)
class ConformalQuantiles:
    """What calibration leaves behind; all that serving needs to put an interval around a forecast.

    ``half_width_80`` and ``half_width_95``: ``(horizon,)``, in units of the origin's volatility.
    ``residuals``: ``(horizon, points)``, evenly spaced quantiles of the signed scaled residuals from
    the smallest to the largest. ``volatility_floor``: log return. ``rows``: calibration rows.
    """

    half_width_80: Column
    half_width_95: Column
    residuals: NDArray[np.float64]
    volatility_floor: float
    rows: int

    @classmethod
    def calibrate(cls, truth: Returns, forecast: Returns, volatility: Column) -> ConformalQuantiles:
        """Calibrate on ``truth`` and ``forecast`` ``(rows, horizon)`` with ``volatility`` ``(rows,)``.

        With a volatility of one everywhere the intervals have constant width. Raises
        :class:`TooFewCalibrationRows` below 19 rows, :class:`InvalidInput` when a value is not
        finite or no volatility is above zero.
        """
        rows, horizon = truth.shape
        _require_rows(rows)
        floor = _volatility_floor(volatility)
        scale = np.maximum(volatility, floor)
        half_widths = np.empty((len(LEVELS), horizon))
        residuals = np.empty((horizon, min(rows, RESIDUAL_QUANTILES)))
        for step in range(horizon):
            scaled = (truth[:, step].astype(np.float64) - forecast[:, step]) / scale
            if not np.all(np.isfinite(scaled)):
                raise InvalidInput(
                    f"Calibration residuals of step {step + 1} are not finite: "
                    "calibrate on origins whose future is known",
                    field="calibration",
                    step=step + 1,
                )
            half_widths[:, step] = _order_statistics(np.abs(scaled))
            residuals[step] = np.quantile(scaled, np.linspace(0.0, 1.0, residuals.shape[1]))
        return cls(half_widths[0], half_widths[1], residuals, floor, rows)

    @property
    def horizon(self) -> int:
        """Steps that were calibrated."""
        return len(self.half_width_80)

    def half_width(self, level: int) -> Column:
        """Half-widths per step at 80 or 95, in units of volatility."""
        return {80: self.half_width_80, 95: self.half_width_95}[level]

    def scale(self, volatility: Column) -> Column:
        """The volatility that intervals use: never below the floor."""
        return np.maximum(volatility, self.volatility_floor)

    def distances(self, step: int, volatility: Column, factors: NDArray[np.float32] | None = None) -> Column:
        """Half-widths as log returns, ``(levels, rows)``, of one step (counted from 0).

        ``factors`` ``(rows, levels)`` correct the calibrated widths (see ``adaptive``); none: as calibrated.
        Widths at 95 are never below those at 80, however the two were corrected.
        """
        calibrated = np.array([[self.half_width_80[step]], [self.half_width_95[step]]])
        corrected = calibrated if factors is None else calibrated * factors.T
        return np.asarray(np.maximum.accumulate(corrected, axis=0) * self.scale(volatility))

    def bounds(
        self, forecast: Returns, volatility: Column, factors: NDArray[np.float32] | None = None
    ) -> Intervals:
        """Intervals around ``forecast`` ``(rows, steps)`` given ``volatility`` ``(rows,)``.

        ``factors`` ``(rows, levels, horizon)`` correct the calibrated widths. ``steps`` may be fewer than
        the calibrated horizon. Bounds at 95 enclose those at 80.
        """
        steps = self._steps(forecast)
        half_widths = np.stack([self.half_width_80[:steps], self.half_width_95[:steps]])[:, None]
        if factors is not None:
            half_widths = half_widths * factors[:, :, :steps].swapaxes(0, 1)
        half_80, half_95 = np.maximum.accumulate(half_widths, axis=0) * self.scale(volatility)[:, None]
        return Intervals(forecast - half_80, forecast + half_80, forecast - half_95, forecast + half_95)

    def confidence_score(self, forecast: Returns, volatility: Column) -> Returns:
        """Share (0..1) of calibration outcomes, around each forecast, on the forecast's side of zero.

        An outcome is the forecast plus a scaled residual times the volatility. Same shape as
        ``forecast``; NaN where the forecast is exactly zero, which takes no side.
        """
        steps = self._steps(forecast)
        turning_point = -forecast / self.scale(volatility)[:, None]
        levels = np.linspace(0.0, 1.0, self.residuals.shape[1])
        score = np.empty_like(forecast, dtype=np.float64)
        for step in range(steps):
            below = np.interp(turning_point[:, step], self.residuals[step], levels, left=0.0, right=1.0)
            score[:, step] = np.where(forecast[:, step] > 0, 1.0 - below, below)
        return np.where(forecast == 0, np.nan, score)

    def to_json(self) -> dict[str, Any]:
        """Plain numbers; quantiles of residuals to six significant digits."""
        return {
            "half_width_80": self.half_width_80.tolist(),
            "half_width_95": self.half_width_95.tolist(),
            "residuals": [[float(f"{value:.6g}") for value in step] for step in self.residuals.tolist()],
            "volatility_floor": self.volatility_floor,
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ConformalQuantiles:
        """The inverse of :meth:`to_json`."""
        return cls(
            half_width_80=np.asarray(values["half_width_80"], dtype=np.float64),
            half_width_95=np.asarray(values["half_width_95"], dtype=np.float64),
            residuals=np.asarray(values["residuals"], dtype=np.float64),
            volatility_floor=float(values["volatility_floor"]),
            rows=int(values["rows"]),
        )

    def _steps(self, forecast: Returns) -> int:
        steps = int(forecast.shape[1])
        if steps > self.horizon:
            raise InvalidInput(
                f"The forecast has {steps} steps, its intervals have {self.horizon}: ask for fewer",
                field="horizon",
                value=steps,
            )
        return steps


def rows_needed(level: int) -> int:
    """Fewest calibration rows for which the rank ``ceil((n + 1) x level)`` exists."""
    return -(-level // (100 - level))


def _require_rows(rows: int) -> None:
    for level in LEVELS:
        needed = rows_needed(level)
        if rows < needed:
            raise TooFewCalibrationRows(
                f"The calibration part has {rows} rows, an interval at {level} % needs {needed}: "
                "use more candles, or a smaller lookback or horizon",
                field="calibration",
                value=rows,
                needed=needed,
            )


def _volatility_floor(volatility: Column) -> float:
    moving = volatility[volatility > 0]
    if len(moving) == 0 or not np.all(np.isfinite(volatility)):
        raise InvalidInput(
            "No volatility above zero in the calibration part, or not finite: the prices do not move",
            field="volatility",
        )
    return float(VOLATILITY_FLOOR * np.median(moving))


def _order_statistics(distances: Column) -> list[float]:
    # Whole numbers: 0.95 * 20 in binary is a hair above 19 and would cost one rank.
    ranks = [-(-(len(distances) + 1) * level // 100) for level in LEVELS]
    ordered = np.partition(distances, [rank - 1 for rank in ranks])
    return [float(ordered[rank - 1]) for rank in ranks]
