"""A small real training for tests: a walk of prices, prepared, and what fitting it reports."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from server.forecasters.checkpoints import Checkpoint, CheckpointStore, CheckpointUnusable
from server.forecasters.contract import BatchEnded, Dataset, EpochEnded, Progress, Spec
from server.forecasters.neural import NeuralForecaster, Training
from server.forecasters.prepare import prepare
from tests.features.series import walk

SPEC = Spec(
    ticker="BTC-USD",
    interval="1h",
    model_type="CNN",
    lookback=10,
    horizon=2,
    epochs=4,
    batch_size=32,
    learning_rate=1e-3,
    patience=None,
    seed=7,
)


def dataset(rows: int = 700, lookback: int = 10, horizon: int = 2) -> Dataset:
    return prepare(walk(rows), "1h", lookback, horizon).dataset


@dataclass
class KeptCheckpoints:
    """Checkpoints in memory, and every call in order."""

    states: dict[int, Checkpoint] = field(default_factory=dict)
    calls: list[object] = field(default_factory=list)

    def save(self, epoch: int, state: Checkpoint) -> None:
        self.calls.append(("save", epoch))
        self.states[epoch] = state

    def load(self, epoch: int) -> Checkpoint:
        if epoch not in self.states:
            raise CheckpointUnusable("missing")
        return self.states[epoch]

    def drop(self, epoch: int) -> None:
        self.calls.append(("drop", epoch))

    def clear(self) -> None:
        self.states.clear()


@dataclass
class Heard:
    """Everything a training reported."""

    events: list[Progress] = field(default_factory=list)

    def __call__(self, event: Progress) -> None:
        self.events.append(event)

    @property
    def epochs(self) -> list[EpochEnded]:
        return [event for event in self.events if isinstance(event, EpochEnded)]

    @property
    def batches(self) -> list[BatchEnded]:
        return [event for event in self.events if isinstance(event, BatchEnded)]


def train(
    data: Dataset,
    heard: Heard | None = None,
    checkpoints: CheckpointStore | None = None,
    resume_epoch: int | None = None,
    **changes: object,
) -> NeuralForecaster:
    spec = replace(SPEC, lookback=data.lookback, horizon=data.horizon, **changes)  # type: ignore[arg-type]
    training = Training(spec, data, heard or Heard(), lambda: False)
    return training.run(checkpoints or KeptCheckpoints(), resume_epoch)
