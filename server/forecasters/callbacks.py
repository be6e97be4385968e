"""What happens between batches: progress out, a request to stop in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Final

import keras

from server.errors import TrainingFailed
from server.forecasters.contract import BatchEnded, OnProgress, ShouldStop, TrainingStopped

FIT: Final = "fit"
"""Name of the metric that is the loss without penalties."""

SHORTEST_PAUSE: Final = 0.1
"""Seconds between two progress reports inside an epoch."""


class BatchWatch(keras.callbacks.Callback):  # type: ignore[misc,unused-ignore]
    """Reports batches at most every :data:`SHORTEST_PAUSE`, and ends the run where it stands.

    ``epoch`` (from 1) and ``batches`` are set by whoever drives the epochs. Stopping raises
    :class:`TrainingStopped`: ``model.stop_training`` would run the validation to its end first.
    """

    def __init__(
        self,
        total_epochs: int,
        batches: int,
        on_progress: OnProgress,
        should_stop: ShouldStop,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.epoch = 0
        self._total_epochs = total_epochs
        self._batches = batches
        self._on_progress = on_progress
        self._should_stop = should_stop
        self._clock = clock
        self._reported_at = clock()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._stop_if_asked()
        now = self._clock()
        if now - self._reported_at < SHORTEST_PAUSE:
            return
        self._reported_at = now
        loss = finite_loss((logs or {})[FIT], self.epoch)
        # The last call of an epoch may stand for fewer batches than a full one.
        done = min(batch + 1, self._batches)
        self._on_progress(BatchEnded(self.epoch, self._total_epochs, done, self._batches, loss))

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._stop_if_asked()

    def _stop_if_asked(self) -> None:
        if self._should_stop():
            raise TrainingStopped


def finite_loss(loss: Any, epoch: int) -> float:
    """The loss as a plain number. Raises :class:`TrainingFailed` when it is NaN or infinite."""
    value = float(loss)
    if not math.isfinite(value):
        raise TrainingFailed(
            f"The loss became {value} in epoch {epoch}: try a smaller learning rate",
            error_code="loss_not_finite",
            epoch=epoch,
        )
    return value
