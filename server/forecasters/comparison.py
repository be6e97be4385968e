"""Is a new model better than the one in use? Both forecast the same rows, which neither has seen."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from server.errors import InvalidInput
from server.features.build import build_features
from server.forecasters.contract import Returns, Rows
from server.forecasters.significance import diebold_mariano
from server.market.candles import INTERVAL_SECONDS, Candles, iso_time

FEWEST_COMMON_ROWS: Final = 30
"""Fewer rows than this say nothing about which model forecasts better."""


class TooFewCommonRows(InvalidInput):
    """The test parts of two models overlap too little to compare them."""

    error_code = "too_few_common_rows"


class Rival(Protocol):
    """What is compared: a served model (see :class:`OnnxForecaster`).

    ``unseen_from`` is the first origin (open of a candle, seconds, UTC) that the model was neither
    fitted, selected nor calibrated on.
    """

    model_id: str
    lookback: int
    horizon: int
    unseen_from: int

    def predict(self, features: NDArray[np.float32], origins: Rows) -> Returns:
        """Cumulative log returns ``(len(origins), horizon)`` from unscaled features."""
        ...


@dataclass(frozen=True, slots=True)
class Comparison:
    """A candidate beside the active model and naive, on ``rows`` common origins, steps 1 to ``horizon``.

    ``start`` and ``end`` are the first and last origin, ISO 8601 UTC. The errors are of the price,
    over all rows and steps; ``p_value`` is Diebold-Mariano's on each origin's mean squared error over
    the steps, candidate against active (two-sided; None: undefined).
    """

    active_id: str
    rows: int
    horizon: int
    start: str
    end: str
    rmse: float
    active_rmse: float
    naive_rmse: float
    p_value: float | None

    @property
    def candidate_wins(self) -> bool:
        """Whether the candidate's error is the smaller one."""
        return self.rmse < self.active_rmse

    def to_json(self) -> dict[str, Any]:
        """Plain values; None for a number that is not finite."""
        return {name: _finite(value) for name, value in asdict(self).items()}


def compare(candles: Candles, interval: str, candidate: Rival, active: Rival) -> Comparison:
    """Score both models on the candidate's test origins that the active model has not seen either.

    ``candles`` are those of the candidate. Both models forecast the steps that both can. Origins are
    left out whose window (the longer one) or targets span a missing candle. Raises
    :class:`TooFewCommonRows`, and what the models raise when they cannot forecast.
    """
    features = build_features(candles)
    origins = _common_origins(candles, interval, features.first_row, candidate, active)
    if len(origins) < FEWEST_COMMON_ROWS:
        raise TooFewCommonRows(
            f"{len(origins)} test rows in common with the active model, at least {FEWEST_COMMON_ROWS} "
            "are needed to compare them: train on newer candles",
            rows=len(origins),
            needed=FEWEST_COMMON_ROWS,
        )
    steps = min(candidate.horizon, active.horizon)
    losses = {
        rival.model_id: _losses(candles, origins, rival.predict(features.values, origins)[:, :steps])
        for rival in (candidate, active)
    }
    loss, active_loss = losses[candidate.model_id], losses[active.model_id]
    return Comparison(
        active_id=active.model_id,
        rows=len(origins),
        horizon=steps,
        start=iso_time(int(candles.timestamp[origins[0]])),
        end=iso_time(int(candles.timestamp[origins[-1]])),
        rmse=_root_mean(loss),
        active_rmse=_root_mean(active_loss),
        naive_rmse=_root_mean(_losses(candles, origins, np.zeros((len(origins), steps)))),
        p_value=_p_value(loss, active_loss, steps),
    )


def _common_origins(candles: Candles, interval: str, first_row: int, candidate: Rival, active: Rival) -> Rows:
    lookback, horizon = max(candidate.lookback, active.lookback), candidate.horizon
    unseen = np.searchsorted(candles.timestamp, max(candidate.unseen_from, active.unseen_from))
    origins = np.arange(max(int(unseen), first_row + lookback - 1), len(candles) - horizon)
    span = candles.timestamp[origins + horizon] - candles.timestamp[origins - lookback + 1]
    whole: Rows = origins[span == (lookback + horizon - 1) * INTERVAL_SECONDS[interval]]
    return whole


def _losses(candles: Candles, origins: Rows, forecast: Returns) -> NDArray[np.float64]:
    """Mean squared error of the price over the steps, per origin, shape ``(rows,)``."""
    targets = origins[:, None] + np.arange(1, forecast.shape[1] + 1)
    # A forecast that has run away overflows; it loses, it does not crash.
    with np.errstate(over="ignore"):
        error = candles.close[origins][:, None] * np.exp(forecast) - candles.close[targets]
        loss: NDArray[np.float64] = np.mean(error**2, axis=1)
    return loss


def _root_mean(losses: NDArray[np.float64]) -> float:
    return math.sqrt(float(losses.mean()))


def _p_value(loss: NDArray[np.float64], active_loss: NDArray[np.float64], steps: int) -> float | None:
    if not (np.all(np.isfinite(loss)) and np.all(np.isfinite(active_loss))):
        return None
    return diebold_mariano(loss - active_loss, steps)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
