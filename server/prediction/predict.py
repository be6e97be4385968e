"""One forecast, straight down: window and model in, prices with their bounds out. No clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from server.errors import InvalidInput
from server.forecasters.adaptive import Factors
from server.forecasters.conformal import Intervals
from server.forecasters.serving import OnnxForecaster
from server.market.candles import iso_time, require_interval
from server.prediction.window import KEPT_WINDOWS, Window, candles_needed

Path = NDArray[np.float64]
"""Shape ``(steps,)``."""

LONGEST_HORIZON: Final = 30
BOUNDS: Final = Intervals._fields


@dataclass(frozen=True, slots=True)
class Forecast:
    """A path of prices in quote currency, one value a step, each column of shape ``(steps,)``.

    ``origin`` is the open of the last candle seen, in seconds; ``opens`` are those of the candles whose
    closes are forecast, as ISO 8601. ``confidence``: see :meth:`ConformalQuantiles.confidence_score`.
    ``close`` is the origin's, and naive's price at each step.
    """

    origin: int
    close: float
    opens: tuple[str, ...]
    price: Path
    bounds: Intervals
    confidence: Path

    @property
    def steps(self) -> int:
        """How many steps ahead."""
        return len(self.price)


def forecast(window: Window, model: OnnxForecaster, factors: Factors | None, steps: int) -> Forecast:
    """The next ``steps`` closes after the window, at most the model's horizon.

    ``factors`` ``(levels, horizon)`` correct the calibrated widths; None: as calibrated. Raises
    :class:`InvalidInput` when the window is too short for the model or holds a value that is not finite.
    """
    _require_rows(window, model)
    returns = model.predict(window.features, np.array([window.rows - 1]))[:, :steps]
    close, volatility = np.array([window.close]), np.array([window.volatility])
    in_force = None if factors is None else factors[None, :, :steps]
    bounds = model.conformal.bounds(returns, volatility, in_force).prices(close)
    return Forecast(
        origin=window.origin,
        close=window.close,
        opens=_opens_after(window.origin, window.interval)[:steps],
        price=(close[:, None] * np.exp(returns))[0],
        bounds=Intervals(*(bound[0] for bound in bounds)),
        confidence=model.conformal.confidence_score(returns, volatility)[0],
    )


def steps_of(made: Forecast) -> list[dict[str, Any]]:
    """The forecast as it leaves the server: plain values, one object a step."""
    columns = (made.price, *made.bounds)
    confidence = [None if value != value else value for value in made.confidence.tolist()]
    return [
        {
            "step": step,
            "timestamp": timestamp,
            "predicted_price": price,
            "lower_80": lower_80,
            "upper_80": upper_80,
            "lower_95": lower_95,
            "upper_95": upper_95,
            "confidence_score": score,
        }
        for step, timestamp, (price, lower_80, upper_80, lower_95, upper_95), score in zip(
            range(1, made.steps + 1),
            made.opens,
            np.stack(columns, axis=1).tolist(),
            confidence,
            strict=True,
        )
    ]


def naive_steps_of(made: Forecast) -> list[dict[str, Any]]:
    """The naive forecast beside it: the last close at every step."""
    return [
        {"step": step, "timestamp": timestamp, "predicted_price": made.close}
        for step, timestamp in enumerate(made.opens, start=1)
    ]


@lru_cache(maxsize=KEPT_WINDOWS)
def _opens_after(origin: int, interval: str) -> tuple[str, ...]:
    seconds = require_interval(interval)
    return tuple(iso_time(origin + seconds * step) for step in range(1, LONGEST_HORIZON + 1))


def _require_rows(window: Window, model: OnnxForecaster) -> None:
    if window.rows < model.lookback:
        raise InvalidInput(
            f"The series has too few candles up to {iso_time(window.origin)}: a model with lookback "
            f"{model.lookback} needs {candles_needed(model.lookback)} of them. Import earlier candles, or "
            "forecast from a later one",
            error_code="too_few_candles",
            field="as_of",
            needed=candles_needed(model.lookback),
            lookback=model.lookback,
        )
