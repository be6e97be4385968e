"""The test part as it was scored: each forecast beside what happened, kept with the model for looking at."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.errors import InvalidInput
from server.forecasters.adaptive import Factors
from server.forecasters.conformal import ConformalQuantiles
from server.forecasters.contract import Dataset, Returns

FILE_NAME: Final = "test_part.npz"
MOST_ORIGINS: Final = 1_500
"""Of a longer test part the newest are kept: enough for any screen, and an artifact stays small."""

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ScoredPart:
    """``timestamp`` (open of the origin, seconds) and ``close`` (quote currency): ``(rows,)``.

    ``truth``, ``forecast`` and the half-widths at 80 and 95 are cumulative log returns ``(rows, horizon)``.
    """

    timestamp: NDArray[np.int64]
    close: NDArray[np.float64]
    truth: Matrix
    forecast: Matrix
    half_80: Matrix
    half_95: Matrix

    @classmethod
    def of(
        cls, data: Dataset, forecast: Returns, conformal: ConformalQuantiles, factors: Factors
    ) -> ScoredPart:
        """The newest origins of the test part with their forecasts and the intervals that were scored."""
        origins, newest = data.parts.test[-MOST_ORIGINS:], forecast[-MOST_ORIGINS:]
        bounds = conformal.bounds(newest, data.volatility[origins], factors[-MOST_ORIGINS:])
        return cls(
            timestamp=data.timestamp[origins],
            close=data.close[origins],
            truth=data.targets[origins],
            forecast=newest.astype(np.float32),
            half_80=(bounds.upper_80 - newest).astype(np.float32),
            half_95=(bounds.upper_95 - newest).astype(np.float32),
        )

    def to_bytes(self) -> bytes:
        """A compressed npz file."""
        packed = io.BytesIO()
        np.savez_compressed(packed, **{spec.name: getattr(self, spec.name) for spec in fields(self)})
        return packed.getvalue()

    @classmethod
    def from_bytes(cls, packed: bytes) -> ScoredPart:
        """The inverse of :meth:`to_bytes`. Raises :class:`InvalidInput` for anything else."""
        try:
            with np.load(io.BytesIO(packed), allow_pickle=False) as found:
                return cls(**{spec.name: found[spec.name] for spec in fields(cls)})
        except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
            raise InvalidInput(f"This is no scored test part: {error}", field=FILE_NAME) from error

    def columns(self, step: int, interval_seconds: int, limit: int) -> dict[str, list[float]]:
        """The newest ``limit`` forecasts ``step`` candles ahead (from 1), as columns of prices.

        ``origin`` and ``timestamp`` are opens in seconds: of the last candle seen, and of the one whose
        close was forecast. ``naive`` is the close of the former.
        """
        horizon = self.truth.shape[1]
        if not 1 <= step <= horizon:
            raise InvalidInput(
                f"step={step} is not one of this model's: ask for 1 to {horizon}", field="step", value=step
            )
        rows = slice(max(0, len(self.close) - limit), None)
        close = self.close[rows]
        forecast, truth, half_80, half_95 = (
            matrix[rows, step - 1].astype(np.float64)
            for matrix in (self.forecast, self.truth, self.half_80, self.half_95)
        )
        returns = {
            "actual": truth,
            "predicted": forecast,
            "lower_80": forecast - half_80,
            "upper_80": forecast + half_80,
            "lower_95": forecast - half_95,
            "upper_95": forecast + half_95,
        }
        return {
            "origin": self.timestamp[rows].tolist(),
            "timestamp": (self.timestamp[rows] + step * interval_seconds).tolist(),
            "naive": close.tolist(),
            **{name: (close * np.exp(values)).tolist() for name, values in returns.items()},
        }
