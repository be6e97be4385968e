"""Networks as forecasters: training with checkpoints, bounded-memory prediction, export.

A network is trained on windows that are gathered inside the graph from one resident copy of the
features, so memory grows with the rows. Its targets are divided by their root mean square per
step in the training part; the exported model multiplies by it again and so answers log returns.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from server.forecasters.callbacks import FIT, BatchWatch, finite_loss
from server.forecasters.checkpoints import Checkpoint, CheckpointStore, CheckpointUnusable, NoCheckpoints
from server.forecasters.contract import (
    Dataset,
    EpochEnded,
    OnProgress,
    Parts,
    Returns,
    Rows,
    ShouldStop,
    Spec,
    TrainingStopped,
)
from server.forecasters.networks.by_name import network_builder
from server.forecasters.networks.windowed import WindowedNetwork

PREDICT_BATCH: Final = 512
VALIDATION_BATCH: Final = 256
GRADIENT_NORM: Final = 1.0

_EPOCHS_FOR_ETA = 5


@dataclass(slots=True)
class NeuralForecaster:
    """A trained network with its best weights. ``model`` answers cumulative log returns."""

    name: str
    model: Any
    history: tuple[EpochEnded, ...]
    best_epoch: int
    should_stop: ShouldStop = field(default=lambda: False)

    def predict(self, data: Dataset, origins: Rows) -> Returns:
        """Cumulative log returns ``(len(origins), horizon)``, float64, in batches of bounded memory.

        Raises :class:`TrainingStopped` between two batches when asked to.
        """
        returns = np.empty((len(origins), data.horizon))
        for start in range(0, len(origins), PREDICT_BATCH):
            if self.should_stop():
                raise TrainingStopped
            batch = origins[start : start + PREDICT_BATCH]
            # Always full batches: another shape would make the backend trace the network again.
            padded = np.resize(batch, PREDICT_BATCH)
            answers = np.asarray(self.model.predict_on_batch(windows_of(data, padded)))
            returns[start : start + len(batch)] = answers[: len(batch)]
        return returns

    def save_keras(self, path: Path) -> None:
        """Write the model as ``.keras``; it loads without any code of this project."""
        with _older_numpy_accepted():
            self.model.save(path)

    def save_onnx(self, path: Path) -> None:
        """Write the model as ONNX: ``(batch, lookback, n_features)`` float32 to log returns."""
        _, lookback, n_features = self.model.input_shape
        self.model(np.zeros((1, lookback, n_features), dtype=np.float32))  # export needs one call
        with _older_numpy_accepted():
            self.model.export(str(path), format="onnx", verbose=False)


def windows_of(data: Dataset, origins: Rows) -> NDArray[np.float32]:
    """The windows of some origins, copied: ``(len(origins), lookback, n_features)``."""
    views = np.lib.stride_tricks.sliding_window_view(data.features, data.lookback, axis=0)
    return np.ascontiguousarray(views[origins - data.lookback + 1].transpose(0, 2, 1))


def warm_up() -> None:
    """One tiny training and forecast: a fresh process pays for its first use before a run needs it."""
    rows = 64
    data = Dataset(
        feature_names=("constant",),
        features=np.zeros((rows, 1), dtype=np.float32),
        targets=np.zeros((rows, 1), dtype=np.float32),
        close=np.ones(rows),
        timestamp=np.arange(rows, dtype=np.int64),
        volatility=np.ones(rows),
        lookback=10,
        horizon=1,
        parts=Parts(*(np.arange(start, start + 10, dtype=np.int64) for start in (10, 20, 30, 40))),
    )
    spec = Spec("", "", "CNN", 10, 1, epochs=1, batch_size=8, learning_rate=1e-3, patience=None, seed=0)
    training = Training(spec, data, on_progress=lambda progress: None, should_stop=lambda: False)
    forecaster = training.run(NoCheckpoints())
    forecaster.predict(data, data.parts.test)


class Training:
    """A network between two epochs: knows what has been learned, decides when it is over.

    Trains on the training part and chooses the best epoch on the validation part. ``loss`` and ``mae``
    are in root mean squares of the training targets: 1 is the size of a usual move, and a forecast of
    no change has the ``mae`` of an average one.
    """

    def __init__(self, spec: Spec, data: Dataset, on_progress: OnProgress, should_stop: ShouldStop) -> None:
        self._on_progress = on_progress
        self._should_stop = should_stop
        self._spec = spec
        self._data = data
        self._scale = _target_scale(data)
        build = network_builder(spec.model_type)
        self._network = build(spec.lookback, data.features.shape[1], spec.horizon, spec.seed)
        self._windowed = WindowedNetwork(self._network, data.features, data.lookback)
        self._optimizer = keras.optimizers.Adam(spec.learning_rate, global_clipnorm=GRADIENT_NORM)
        batches = -(-len(data.parts.train) // spec.batch_size)
        self._watch = BatchWatch(spec.epochs, batches, on_progress, should_stop)
        self._compile(batches)
        self._history: list[EpochEnded] = []
        self._best_weights: tuple[NDArray[Any], ...] = ()
        self._best_epoch = 0

    def run(self, checkpoints: CheckpointStore, resume_epoch: int | None = None) -> NeuralForecaster:
        """All epochs that are left, then the best weights.

        Per epoch: its checkpoint is saved, then ``on_progress`` receives it, then the checkpoint before
        it is dropped, so whatever the receiver has recorded can be resumed. With ``resume_epoch`` the
        run goes on after that epoch and ends with the weights of a run that was never interrupted.
        Raises :class:`TrainingStopped`, :class:`TrainingFailed` (``loss_not_finite``),
        :class:`CheckpointUnusable`.
        """
        if resume_epoch is not None:
            self.restore(checkpoints.load(resume_epoch))
        while not self.is_over():
            ended = self.run_epoch()
            checkpoints.save(ended.epoch, self.state())
            self._on_progress(ended)
            checkpoints.drop(ended.epoch - 1)
        return self.best()

    def is_over(self) -> bool:
        done, patience = len(self._history), self._spec.patience
        return done >= self._spec.epochs or (
            patience is not None and done > 0 and done - self._best_epoch >= patience
        )

    def run_epoch(self) -> EpochEnded:
        started = time.monotonic()
        epoch = self._watch.epoch = len(self._history) + 1
        loss, mae = self._train(epoch)
        val_loss, val_mae = self._validate(epoch)
        if self._best_epoch == 0 or val_loss < self._history[self._best_epoch - 1].val_loss:
            self._best_epoch = epoch
            self._best_weights = tuple(self._network.get_weights())
        seconds = time.monotonic() - started
        ended = EpochEnded(
            epoch=epoch,
            total_epochs=self._spec.epochs,
            loss=loss,
            val_loss=val_loss,
            mae=mae,
            val_mae=val_mae,
            learning_rate=float(self._optimizer.learning_rate),
            seconds=seconds,
            eta_seconds=self._eta(seconds),
        )
        self._history.append(ended)
        return ended

    def state(self) -> Checkpoint:
        return Checkpoint(
            network=_values(self._network.variables),
            optimizer=_values(self._optimizer.variables),
            best_weights=self._best_weights,
            best_epoch=self._best_epoch,
            history=tuple(self._history),
        )

    def restore(self, state: Checkpoint) -> None:
        _assign(self._network.variables, state.network)
        _assign(self._optimizer.variables, state.optimizer)
        self._best_weights = state.best_weights
        self._best_epoch = state.best_epoch
        self._history = list(state.history)

    def best(self) -> NeuralForecaster:
        self._network.set_weights(list(self._best_weights))
        in_log_returns = layers.Rescaling(self._scale.tolist(), name="log_returns")
        model = keras.Model(self._network.input, in_log_returns(self._network.output))
        return NeuralForecaster(
            self._spec.model_type, model, tuple(self._history), self._best_epoch, self._should_stop
        )

    def _compile(self, batches: int) -> None:
        # Several small steps in one call of the backend save a third of an epoch of a small network; they
        # take longer to trace, and nobody can stop the run between them, so not when steps are few or long.
        small = self._spec.batch_size * self._spec.lookback <= 2048
        self._windowed.compile(
            optimizer=self._optimizer,
            loss=keras.losses.Huber(),
            # By their classes: by its name, Keras resolves a metric with a first eager call of 0.2 s. The
            # first is the loss without the penalty on weights: what is shown, and what epochs are chosen by.
            metrics=[
                keras.metrics.MeanMetricWrapper(keras.losses.huber, name=FIT),
                keras.metrics.MeanAbsoluteError(name="mae"),
            ],
            steps_per_execution=8 if small and batches >= 100 else 1,
        )
        self._optimizer.build(self._network.trainable_variables)

    def _train(self, epoch: int) -> tuple[float, float]:
        order = order_of_epoch(self._data.parts.train, self._spec.seed, epoch)
        learned = self._windowed.fit(
            order.astype(np.int32),
            self._scaled_targets(order),
            batch_size=self._spec.batch_size,
            shuffle=False,
            callbacks=[self._watch],
            verbose=0,
        ).history
        return finite_loss(learned[FIT][-1], epoch), float(learned["mae"][-1])

    def _validate(self, epoch: int) -> tuple[float, float]:
        origins = self._data.parts.validation
        scores = self._windowed.evaluate(
            origins.astype(np.int32),
            self._scaled_targets(origins),
            batch_size=VALIDATION_BATCH,
            callbacks=[self._watch],
            verbose=0,
            return_dict=True,
        )
        return finite_loss(scores[FIT], epoch), float(scores["mae"])

    def _scaled_targets(self, origins: Rows) -> NDArray[np.float32]:
        return self._data.targets[origins] / self._scale

    def _eta(self, seconds: float) -> float:
        # The first epoch also traces the network: it says little about those to come.
        past = [ended.seconds for ended in self._history[1:]][1 - _EPOCHS_FOR_ETA :]
        remaining = self._spec.epochs - len(self._history) - 1
        return float(np.mean([*past, seconds])) * remaining


@contextmanager
def _older_numpy_accepted() -> Iterator[None]:
    """Keras' savers still use two habits that NumPy 2 deprecates; neither changes what is written."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*np.object.*", category=FutureWarning)
        warnings.filterwarnings("ignore", message="__array__ implementation", category=DeprecationWarning)
        yield


def order_of_epoch(origins: Rows, seed: int, epoch: int) -> Rows:
    """The origins in the order in which an epoch sees them.

    Seed and epoch alone decide it, so a resumed run sees the order that an uninterrupted one saw.
    """
    return np.random.default_rng((seed, epoch)).permutation(origins)


def _target_scale(data: Dataset) -> NDArray[np.float32]:
    """Root mean square of the training targets per step, ``(horizon,)``; 1 where the price stood still."""
    size = np.sqrt(np.mean(np.square(data.targets[data.parts.train]), axis=0, dtype=np.float64))
    return np.where(size > 0, size, 1.0).astype(np.float32)


def _values(variables: Sequence[Any]) -> tuple[NDArray[Any], ...]:
    return tuple(variable.numpy() for variable in variables)


def _assign(variables: Sequence[Any], values: Sequence[NDArray[Any]]) -> None:
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
        raise CheckpointUnusable("The checkpoint is of a network of another shape")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
