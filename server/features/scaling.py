"""Scaling of features, fitted on training rows alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from server.errors import InvalidInput

CLIP: Final = 5.0
_CONSTANT: Final = 1e-9  # a deviation below this is rounding noise of a feature that does not vary


@dataclass(frozen=True, slots=True)
class Scaler:
    """``(value - mean) / deviation`` per feature, clipped to ``-clip .. clip``.

    Mean and deviation rather than median and quartiles, because a feature that is mostly zero
    (volume change of an idle market) has no quartile range; the clip takes the heavy tails.
    """

    feature_names: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    clip: float = CLIP

    @classmethod
    def fit(cls, feature_names: tuple[str, ...], rows: NDArray[np.float32]) -> Scaler:
        """Fit on training rows ``(rows, features)``. A feature that does not vary scales to 0."""
        columns = [rows[:, position].astype(np.float64) for position in range(rows.shape[1])]
        deviations = (float(column.std()) for column in columns)
        return cls(
            feature_names,
            mean=tuple(float(column.mean()) for column in columns),
            deviation=tuple(value if value > _CONSTANT else 1.0 for value in deviations),
        )

    def transform(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scaled copy of ``(rows, features)``; NaN stays NaN."""
        scaled = np.empty_like(values)
        for position, (mean, deviation) in enumerate(zip(self.mean, self.deviation, strict=True)):
            column = (values[:, position].astype(np.float64) - mean) / deviation
            scaled[:, position] = np.clip(column, -self.clip, self.clip)
        return scaled

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, read back by :meth:`from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Scaler:
        """The scaler that :meth:`to_dict` described. Raises :class:`InvalidInput` when it is not one."""
        try:
            names = tuple(map(str, stored["feature_names"]))
            mean, deviation = (tuple(map(float, stored[name])) for name in ("mean", "deviation"))
            clip = float(stored["clip"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"The stored scaler cannot be read: {error!r}", field="scaler") from error
        if not len(names) == len(mean) == len(deviation):
            raise InvalidInput("The stored scaler has columns of different lengths", field="scaler")
        return cls(names, mean, deviation, clip)
