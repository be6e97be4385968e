from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import count, pairwise

import numpy as np
import pytest

from server.errors import TrainingFailed
from server.forecasters.callbacks import FIT, SHORTEST_PAUSE, BatchWatch
from server.forecasters.checkpoints import CheckpointUnusable, NoCheckpoints, pack, unpack
from server.forecasters.contract import MODEL_TYPES, Dataset, EpochEnded, Progress, TrainingStopped
from server.forecasters.neural import NeuralForecaster, Training, order_of_epoch, warm_up, windows_of
from tests.forecasters.trained import SPEC, Heard, KeptCheckpoints, dataset, train


@pytest.fixture(scope="module")
def data() -> Dataset:
    return dataset()


def weights(forecaster: NeuralForecaster) -> list[np.ndarray]:
    return [np.asarray(array) for array in forecaster.model.get_weights()]


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def scores(heard: Heard) -> list[tuple[float, ...]]:
    return [(e.epoch, e.loss, e.val_loss, e.mae, e.val_mae, e.learning_rate) for e in heard.epochs]


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_the_same_seed_gives_the_same_weights_bit_for_bit(data: Dataset, model_type: str) -> None:
    one, other = (train(data, model_type=model_type, epochs=1) for _ in range(2))
    assert same(weights(one), weights(other))


def test_another_seed_gives_other_weights(data: Dataset) -> None:
    assert not same(weights(train(data, epochs=1)), weights(train(data, epochs=1, seed=8)))


@pytest.mark.parametrize("model_type", ["CNN", "LSTM-CNN"])
@pytest.mark.parametrize("batch_size", [32, 8])  # 8: several steps in one call
def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(
    model_type: str, batch_size: int
) -> None:
    data = dataset(1300)
    kept, whole_heard, rest_heard = KeptCheckpoints(), Heard(), Heard()
    changes = {"model_type": model_type, "batch_size": batch_size, "epochs": 3}
    whole = train(data, whole_heard, kept, **changes)
    last = kept.states[3]
    kept.states = {1: unpack(pack(kept.states[1]))}
    resumed = train(data, rest_heard, kept, resume_epoch=1, **changes)
    assert same(weights(whole), weights(resumed))
    for group in ("network", "optimizer"):
        assert same(getattr(last, group), getattr(kept.states[3], group))
    assert scores(rest_heard) == scores(whole_heard)[1:]
    assert [entry.epoch for entry in resumed.history] == [1, 2, 3]


def test_resuming_after_the_last_epoch_trains_no_more_and_keeps_the_best(data: Dataset) -> None:
    kept, heard = KeptCheckpoints(), Heard()
    whole = train(data, checkpoints=kept)
    resumed = train(data, heard, kept, resume_epoch=4)
    assert heard.events == []
    assert same(weights(whole), weights(resumed))


def test_a_checkpoint_of_another_network_is_refused(data: Dataset) -> None:
    kept = KeptCheckpoints()
    train(data, checkpoints=kept, epochs=1)
    with pytest.raises(CheckpointUnusable, match="another shape"):
        train(data, checkpoints=kept, resume_epoch=1, model_type="LSTM")


def test_an_epoch_is_saved_then_reported_then_the_one_before_is_dropped(data: Dataset) -> None:
    kept = KeptCheckpoints()

    def listen(event: Progress) -> None:
        if isinstance(event, EpochEnded):
            kept.calls.append(("reported", event.epoch))

    Training(replace(SPEC, epochs=2), data, listen, lambda: False).run(kept)
    assert kept.calls == [
        *(("save", 1), ("reported", 1), ("drop", 0)),
        *(("save", 2), ("reported", 2), ("drop", 1)),
    ]


def test_epochs_learning_rate_and_batch_size_reach_what_they_set(data: Dataset) -> None:
    for batch_size, learning_rate, epochs in ((8, 0.02, 3), (64, 0.0005, 1)):
        heard, kept = Heard(), KeptCheckpoints()
        changes = {"batch_size": batch_size, "learning_rate": learning_rate, "epochs": epochs}
        train(data, heard, kept, **changes)
        assert [ended.epoch for ended in heard.epochs] == list(range(1, epochs + 1))
        assert heard.epochs[0].learning_rate == pytest.approx(learning_rate)
        optimizer = kept.states[epochs].optimizer
        iterations, stored_rate = optimizer[0], optimizer[1]
        assert iterations == epochs * -(-len(data.parts.train) // batch_size)
        assert stored_rate == pytest.approx(learning_rate)


def test_the_learning_rate_changes_what_is_learned(data: Dataset) -> None:
    assert not same(weights(train(data, epochs=1)), weights(train(data, epochs=1, learning_rate=0.01)))


def unlearnable(data: Dataset) -> Dataset:
    """Validation targets turned around: each small step of learning makes the validation worse."""
    targets = data.targets.copy()
    targets[data.parts.train] = 0.01
    targets[data.parts.validation] = -0.01
    return replace(data, targets=targets)


def test_patience_ends_the_run_and_the_best_weights_come_back(data: Dataset) -> None:
    heard, kept = Heard(), KeptCheckpoints()
    changes = {"epochs": 10, "learning_rate": 0.0001}
    stopped = train(unlearnable(data), heard, kept, patience=2, **changes)
    assert [ended.epoch for ended in heard.epochs] == [1, 2, 3]
    assert stopped.best_epoch == 1
    after_first = train(unlearnable(data), **{**changes, "epochs": 1})
    assert same(weights(stopped), weights(after_first))
    resumed = train(unlearnable(data), Heard(), kept, resume_epoch=2, patience=2, **changes)
    assert len(resumed.history) == 3
    assert same(weights(resumed), weights(stopped))


def test_without_patience_all_epochs_run_and_the_best_weights_come_back(data: Dataset) -> None:
    heard = Heard()
    forecaster = train(unlearnable(data), heard, patience=None, learning_rate=0.0001)
    assert len(heard.epochs) == SPEC.epochs
    assert forecaster.best_epoch == 1


def test_a_loss_that_is_not_finite_fails_with_its_epoch(data: Dataset) -> None:
    targets = data.targets.copy()
    targets[data.parts.validation[3]] = np.nan
    heard = Heard()
    with pytest.raises(TrainingFailed, match="nan in epoch 1") as failure:
        train(replace(data, targets=targets), heard)
    assert failure.value.code == "loss_not_finite"
    assert failure.value.details == {"epoch": 1}
    assert heard.epochs == []


def test_a_training_loss_that_is_not_finite_leaves_no_checkpoint(data: Dataset) -> None:
    features = data.features.copy()
    features[data.parts.train[5]] = np.inf
    kept = KeptCheckpoints()
    with pytest.raises(TrainingFailed, match="smaller learning rate"):
        train(replace(data, features=features), checkpoints=kept)
    assert kept.calls == []


@pytest.mark.parametrize("asked_at", [1, 5, 17])  # 16 batches of training, then validation
def test_a_request_to_stop_is_honoured_at_the_next_batch(data: Dataset, asked_at: int) -> None:
    asked = count(1)
    stop_calls: list[int] = []

    def should_stop() -> bool:
        stop_calls.append(next(asked))
        return stop_calls[-1] >= asked_at

    heard, kept = Heard(), KeptCheckpoints()
    batches = -(-len(data.parts.train) // 32)
    spec = replace(SPEC, batch_size=-(-len(data.parts.train) // 16))
    assert batches > 1
    with pytest.raises(TrainingStopped):
        Training(spec, data, heard, should_stop).run(kept)
    assert len(stop_calls) == asked_at
    assert heard.epochs == []
    assert kept.calls == []


def test_prediction_can_be_stopped(data: Dataset) -> None:
    forecaster = train(data, epochs=1)
    forecaster.should_stop = lambda: True
    with pytest.raises(TrainingStopped):
        forecaster.predict(data, data.parts.test)


def test_predictions_do_not_depend_on_the_batch_they_came_in(data: Dataset) -> None:
    forecaster = train(data, epochs=1, learning_rate=0.01)
    origins = np.resize(data.parts.test, 900)
    many = forecaster.predict(data, origins)
    assert many.shape == (900, 2)
    assert many.dtype == np.float64
    np.testing.assert_allclose(many[5:6], forecaster.predict(data, origins[5:6]), atol=1e-8)
    assert forecaster.predict(data, origins[:0]).shape == (0, 2)


def test_a_window_ends_with_its_origin(data: Dataset) -> None:
    origins = data.parts.test[[0, -1]]
    windows = windows_of(data, origins)
    for window, origin in zip(windows, origins, strict=True):
        np.testing.assert_array_equal(window, data.features[origin - data.lookback + 1 : origin + 1])


def test_training_never_looks_past_the_validation_part(data: Dataset) -> None:
    end = int(data.parts.validation[-1]) + data.horizon + 1
    features, targets = data.features.copy(), data.targets.copy()
    features[end:], targets[end - data.horizon :] = np.nan, np.nan
    blind = replace(data, features=features, targets=targets)
    assert same(weights(train(data, epochs=2)), weights(train(blind, epochs=2)))


def test_the_answer_is_in_log_returns(data: Dataset) -> None:
    """A return that the last row shows in full is learned in its own unit, at every step."""
    features = data.features.copy()
    targets = np.stack([0.003 * features[:, 0], 0.03 * features[:, 0]], axis=1).astype(np.float32)
    learnable = replace(data, targets=targets)
    heard = Heard()
    forecaster = train(learnable, heard, epochs=20, learning_rate=0.01)
    origins = data.parts.test
    error = forecaster.predict(learnable, origins) - targets[origins]
    share_left = np.sqrt(np.mean(error**2, axis=0)) / np.sqrt(np.mean(targets[origins] ** 2, axis=0))
    assert (share_left < 0.6).all()
    assert heard.epochs[-1].val_loss < heard.epochs[0].val_loss


def test_epochs_are_plain_numbers_with_an_estimate_that_ends_at_zero(data: Dataset) -> None:
    heard = Heard()
    train(data, heard)
    for ended in heard.epochs:
        assert all(type(value) in (int, float) for value in asdict(ended).values())
        assert json.loads(json.dumps(asdict(ended), allow_nan=False)) == asdict(ended)
        assert ended.seconds > 0
    etas = [ended.eta_seconds for ended in heard.epochs]
    assert all(earlier > later for earlier, later in pairwise(etas))
    assert etas[-1] == 0.0


def test_batches_are_reported_at_most_every_tenth_of_a_second() -> None:
    clock = iter([0.0, *np.arange(1, 101) * 0.03])
    heard = Heard()
    watch = BatchWatch(5, 100, heard, lambda: False, clock=lambda: float(next(clock)))
    watch.epoch = 2
    for batch in range(100):
        watch.on_train_batch_end(batch, {FIT: np.float32(0.5)})
    batches = [event.batch for event in heard.batches]
    assert len(batches) == 25
    assert min(later - earlier for earlier, later in pairwise(batches)) * 0.03 >= SHORTEST_PAUSE
    first = heard.batches[0]
    assert (first.epoch, first.total_epochs, first.batches, first.loss) == (2, 5, 100, 0.5)
    assert type(first.loss) is float


def test_warming_up_works_without_candles() -> None:
    warm_up()


def test_a_flat_price_trains_to_the_naive_forecast(data: Dataset) -> None:
    flat = replace(data, targets=np.where(np.isnan(data.targets), np.nan, 0.0).astype(np.float32))
    spec = replace(SPEC, epochs=1)
    forecaster = Training(spec, flat, Heard(), lambda: False).run(NoCheckpoints())
    np.testing.assert_allclose(forecaster.predict(flat, flat.parts.test), 0.0, atol=1e-6)


def test_every_epoch_sees_every_origin_in_an_order_of_its_own() -> None:
    origins = np.arange(100, 200)
    orders = [order_of_epoch(origins, seed=3, epoch=epoch) for epoch in (1, 2)]
    assert all(sorted(order) == origins.tolist() for order in orders)
    assert not np.array_equal(*orders)
    assert not np.array_equal(orders[0], order_of_epoch(origins, seed=4, epoch=1))
    assert np.array_equal(orders[0], order_of_epoch(origins, seed=3, epoch=1))
