"""What a forecaster is given and what it gives back: one contract for networks and baselines.

Rows and origins: a *row* is one candle. An *origin* ``t`` is the row of the last candle that a
forecast may see; its window is rows ``t - lookback + 1 .. t`` and its targets are the cumulative
log returns ``log(close[t + k] / close[t])`` for ``k = 1 .. horizon``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

MODEL_TYPES = ("CNN", "LSTM", "CNN-LSTM", "LSTM-CNN")

Rows = NDArray[np.int64]
Returns = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spec:
    """Everything that decides what a training produces, apart from the candles.

    ``lookback`` and ``horizon`` are in candles; ``patience`` in epochs without a better validation
    loss (``None``: early stopping is off, the best weights are restored all the same).
    """

    ticker: str
    interval: str
    model_type: str
    lookback: int
    horizon: int
    epochs: int
    batch_size: int
    learning_rate: float
    patience: int | None
    seed: int


@dataclass(frozen=True, slots=True)
class Parts:
    """Origins by part, each ascending, separated in time by at least ``lookback + horizon`` rows."""

    train: Rows
    validation: Rows
    calibration: Rows
    test: Rows


@dataclass(frozen=True, slots=True)
class Dataset:
    """One prepared series. Memory grows with the rows, never with rows x lookback.

    ``features``: scaled, ``(rows, n_features)`` float32. ``targets``: cumulative log returns,
    ``(rows, horizon)`` float32, NaN where the future is unknown. ``close``: ``(rows,)`` in quote
    currency. ``timestamp``: ``(rows,)`` seconds. ``volatility``: ``(rows,)`` standard
    deviation of one-step log returns, from each row's own past (two-speed EWMA).
    """

    feature_names: tuple[str, ...]
    features: NDArray[np.float32]
    targets: NDArray[np.float32]
    close: NDArray[np.float64]
    timestamp: NDArray[np.int64]
    volatility: NDArray[np.float64]
    lookback: int
    horizon: int
    parts: Parts


class Forecaster(Protocol):
    """Anything that forecasts cumulative log returns from an origin's own past."""

    name: str

    def predict(self, data: Dataset, origins: Rows) -> Returns:
        """Cumulative log returns, shape ``(len(origins), horizon)``, float64."""
        ...


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A run enters a stage (see ``training.events.STAGES``)."""

    stage: str


@dataclass(frozen=True, slots=True)
class CandlesRead:
    """The candles of a run are in memory; ``fingerprint`` is theirs (SHA-256, hex)."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class BatchEnded:
    """Progress inside an epoch; frequent, throttled by whoever shows it, never stored."""

    epoch: int
    total_epochs: int
    batch: int
    batches: int
    loss: float


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """One epoch is over and its checkpoint is safe. ``epoch`` counts from 1. Times in seconds."""

    epoch: int
    total_epochs: int
    loss: float
    val_loss: float
    mae: float
    val_mae: float
    learning_rate: float
    seconds: float
    eta_seconds: float


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The test part has been scored, once: ``metrics`` of the model, ``baseline`` of naive."""

    metrics: dict[str, object]
    baseline: dict[str, object]


Progress = StageStarted | CandlesRead | BatchEnded | EpochEnded | Evaluated
OnProgress = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


class TrainingStopped(Exception):  # a request that was honoured, not an error
    """``should_stop`` answered True and the learner stopped where it was."""
