"""The metrics of a forecast on rows whose future is known, beside those of naive where they need it.

Units: ``mae`` and ``rmse`` are in quote currency, ``mape`` in percent of the price, interval widths
and scores in cumulative log return; shares (coverage, direction, skill) are fractions. ``None``
stands where a number is undefined. All values are plain Python numbers that JSON can hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.forecasters.adaptive import Factors
from server.forecasters.conformal import LEVELS, ConformalQuantiles
from server.forecasters.contract import Dataset, Returns, Rows
from server.forecasters.significance import diebold_mariano, wilson_interval
from server.market.candles import iso_time

Column = NDArray[np.float64]
Sums = dict[str, float]
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Step:
    """One step ahead on every origin; each column has shape ``(rows,)``. Returns are cumulative."""

    number: int
    close: Column
    truth: Column
    forecast: Column
    half_widths: dict[int, Column]


def score(
    data: Dataset,
    origins: Rows,
    forecast: Returns,
    intervals: ConformalQuantiles,
    volatility: Column,
    factors: Factors | None = None,
) -> Report:
    """Metrics of ``forecast`` ``(len(origins), horizon)`` against what happened.

    ``mae``, ``rmse``, ``mape``, ``r2``: of the price. ``r2_return``: of the cumulative log return.
    ``mase``: mean absolute error of the log price over the mean absolute one-step log return in
    training (Hyndman and Koehler, 2006, on the log price: prices in training and test may differ by
    a factor of ten, returns do not).
    ``directional_accuracy``: share of forecasts on the side of zero on which the price moved. A row
    without a move, or a forecast of exactly zero, takes no side and does not count (``directional_rows``
    do); naive's is therefore ``None``. Its Wilson interval counts forecasts that do not overlap.
    ``skill``: 1 - rmse / rmse of naive. ``dm_p_value``: Diebold-Mariano against naive on the same
    squared price errors, two-sided (overall: on each origin's mean over the steps).
    ``coverage_80``, ``mean_width_80``, ``interval_score_80`` (Winkler: width plus 2/alpha times the
    distance by which the truth lies outside; Gneiting and Raftery, 2007), and so for 95.

    ``factors`` ``(len(origins), levels, horizon)`` correct the widths (see ``adaptive``).
    Memory grows with the rows, not with rows x horizon, beyond the forecast and the factors.
    """
    training_move = _mean_move(data)
    difference = np.zeros(len(origins))
    pooled: Sums = {}
    steps: list[Report] = []
    for step in _steps(data, origins, forecast, intervals, volatility, factors):
        sums, squared_difference = _sums(step)
        difference += squared_difference
        for name, value in sums.items():
            pooled[name] = pooled.get(name, 0.0) + value
        p_value = diebold_mariano(squared_difference, step.number)
        steps.append({"step": step.number, **_metrics(sums, training_move, step.number, p_value)})
    # Steps of one origin move together: pooled over h steps, rows are worth h times fewer once more.
    overlap = data.horizon * forecast.shape[1]
    overall = _metrics(pooled, training_move, overlap, diebold_mariano(difference, forecast.shape[1]))
    return {"rows": len(origins), "period": _period(data, origins), "overall": overall, "steps": steps}


def _steps(
    data: Dataset,
    origins: Rows,
    forecast: Returns,
    intervals: ConformalQuantiles,
    volatility: Column,
    factors: Factors | None,
) -> Iterator[_Step]:
    close = data.close[origins]
    for index in range(forecast.shape[1]):
        of_step = None if factors is None else factors[:, :, index]
        yield _Step(
            number=index + 1,
            close=close,
            truth=data.targets[origins, index].astype(np.float64),
            forecast=forecast[:, index].astype(np.float64),
            half_widths=dict(zip(LEVELS, intervals.distances(index, volatility, of_step), strict=True)),
        )


def _sums(step: _Step) -> tuple[Sums, Column]:
    """Sums over the rows that all metrics follow from, and the loss difference to naive per row."""
    # A forecast that has run away overflows exp; its metrics are then None, not a crash.
    with np.errstate(over="ignore", invalid="ignore"):
        price = step.close * np.exp(step.truth)
        error = step.close * np.exp(step.forecast) - price
        squared_error, naive_squared_error = error**2, (step.close - price) ** 2
        sums = {
            "rows": float(len(price)),
            "abs_error": np.abs(error).sum(),
            "squared_error": squared_error.sum(),
            "naive_squared_error": naive_squared_error.sum(),
            "relative_error": (np.abs(error) / price).sum(),
            **_spread("price", price - step.close.mean()),
            **_spread("return", step.truth),
            "abs_return_error": np.abs(step.forecast - step.truth).sum(),
            "squared_return_error": ((step.forecast - step.truth) ** 2).sum(),
            **_direction(step),
        }
        for level, half_width in step.half_widths.items():
            sums.update(_interval(level, step.truth - step.forecast, half_width))
        return {name: float(value) for name, value in sums.items()}, squared_error - naive_squared_error


def _spread(name: str, values: Column) -> Sums:
    return {f"{name}_sum": values.sum(), f"{name}_squares": values @ values}


def _direction(step: _Step) -> Sums:
    sides = np.sign(step.forecast) * np.sign(step.truth)
    return {"sided": float(np.count_nonzero(sides)), "hits": float(np.count_nonzero(sides > 0))}


def _interval(level: int, error: Column, half_width: Column) -> Sums:
    outside = np.maximum(np.abs(error) - half_width, 0.0)
    penalty = 2.0 / (1.0 - level / 100.0)
    return {
        f"covered_{level}": np.count_nonzero(np.abs(error) <= half_width),
        f"width_{level}": 2.0 * half_width.sum(),
        f"score_{level}": (2.0 * half_width + penalty * outside).sum(),
    }


def _metrics(sums: Sums, training_move: float, overlap: int, p_value: float | None) -> Report:
    rows = sums["rows"]
    report = {
        "mae": sums["abs_error"] / rows,
        "rmse": math.sqrt(sums["squared_error"] / rows),
        "mape": 100.0 * sums["relative_error"] / rows,
        "r2": _r2(sums, "squared_error", "price"),
        "r2_return": _r2(sums, "squared_return_error", "return"),
        "mase": _ratio(sums["abs_return_error"] / rows, training_move),
        **_directional_accuracy(sums, overlap),
        "skill": skill(math.sqrt(sums["squared_error"]), math.sqrt(sums["naive_squared_error"])),
        "dm_p_value": p_value,
    }
    for level in LEVELS:
        report[f"coverage_{level}"] = sums[f"covered_{level}"] / rows
        report[f"mean_width_{level}"] = sums[f"width_{level}"] / rows
        report[f"interval_score_{level}"] = sums[f"score_{level}"] / rows
    return {name: _finite(value) for name, value in report.items()}


def _directional_accuracy(sums: Sums, overlap: int) -> Report:
    accuracy = _ratio(sums["hits"], sums["sided"])
    interval = None if accuracy is None else wilson_interval(accuracy, sums["sided"] / overlap)
    return {
        "directional_accuracy": accuracy,
        "directional_accuracy_interval": None if interval is None else list(interval),
        "directional_rows": int(sums["sided"]),
    }


def _r2(sums: Sums, squared_error: str, name: str) -> float | None:
    variation = sums[f"{name}_squares"] - sums[f"{name}_sum"] ** 2 / sums["rows"]
    # What is left of a constant series is rounding, not variation.
    constant = variation <= 1e-12 * sums[f"{name}_squares"]
    return None if constant else skill(sums[squared_error], variation)


def skill(loss: float, reference: float) -> float | None:
    """1 - loss / that of the reference; ``None`` when the reference has none."""
    ratio = _ratio(loss, reference)
    return None if ratio is None else 1.0 - ratio


def _ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator > 0 else None


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _mean_move(data: Dataset) -> float:
    return float(np.mean(np.abs(data.targets[data.parts.train, 0]), dtype=np.float64))


def _period(data: Dataset, origins: Rows) -> dict[str, str]:
    """First and last origin, ISO 8601 UTC."""
    return {
        "start": iso_time(int(data.timestamp[origins[0]])),
        "end": iso_time(int(data.timestamp[origins[-1]])),
    }
