"""Forecasts that cost nothing, under the same contract as the networks.

Every result stands beside :class:`Naive`: on prices that are close to a random walk it is hard to
beat, and a network that does not beat it has learned nothing of use.
"""

from __future__ import annotations

import numpy as np

from server.errors import InvalidInput
from server.forecasters.contract import Dataset, Returns, Rows


class Naive:
    """The last close, for every step: a cumulative log return of zero (a random walk)."""

    name = "naive"

    def predict(self, data: Dataset, origins: Rows) -> Returns:
        """Zeros, shape ``(len(origins), horizon)``, log returns."""
        return np.zeros((len(origins), data.horizon), dtype=np.float64)


class Drift:
    """A random walk with drift: step ``k`` is ``k`` times the mean one-step log return in training.

    The mean is taken over the training part alone, whatever the origins are. Source: Hyndman and
    Athanasopoulos, *Forecasting: Principles and Practice*, "Some simple forecasting methods".
    """

    name = "drift"

    def predict(self, data: Dataset, origins: Rows) -> Returns:
        """Cumulative log returns, shape ``(len(origins), horizon)``, the same for every origin.

        Raises :class:`InvalidInput` when the training part is empty.
        """
        if len(data.parts.train) == 0:
            raise InvalidInput(
                "The drift forecast needs a training part; its training part has 0 origins: use more candles",
                field="train",
                value=0,
            )
        mean_return = float(np.mean(data.targets[data.parts.train, 0], dtype=np.float64))
        path = mean_return * np.arange(1, data.horizon + 1, dtype=np.float64)
        return np.tile(path, (len(origins), 1))
