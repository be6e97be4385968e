from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest

from server.errors import TrainingFailed
from server.forecasters.checkpoints import (
    Checkpoint,
    CheckpointUnusable,
    NoCheckpoints,
    StoredCheckpoints,
    pack,
    unpack,
)
from server.forecasters.contract import EpochEnded

STATE = Checkpoint(
    # More than ten arrays: their order must be that of numbers, not of letters.
    network=tuple(np.full((2, position + 1), position, dtype=np.float32) for position in range(12)),
    optimizer=(np.array(5, dtype=np.int64), np.array(1e-3, dtype=np.float32)),
    best_weights=(np.ones((3, 4), dtype=np.float32),),
    best_epoch=2,
    history=(EpochEnded(1, 9, 0.1, 0.2, 0.3, 0.4, 1e-3, 1.5, 12.0),),
)


def assert_same(found: Checkpoint, expected: Checkpoint) -> None:
    for group in ("network", "optimizer", "best_weights"):
        for one, other in zip(getattr(found, group), getattr(expected, group), strict=True):
            np.testing.assert_array_equal(one, other)
            assert one.dtype == other.dtype
    assert (found.best_epoch, found.history) == (expected.best_epoch, expected.history)


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> StoredCheckpoints:
    url = tmp_path.as_uri() if request.param == "file" else f"memory://{uuid4().hex}"
    return StoredCheckpoints(url, "session-1")


def test_what_was_saved_is_loaded(store: StoredCheckpoints) -> None:
    store.save(3, STATE)
    assert_same(store.load(3), STATE)


def test_an_epoch_saved_again_replaces_the_first(store: StoredCheckpoints) -> None:
    store.save(3, Checkpoint((), (), (), 1, ()))
    store.save(3, STATE)
    assert_same(store.load(3), STATE)


def test_dropped_and_unknown_epochs_are_missing_and_dropping_twice_is_fine(store: StoredCheckpoints) -> None:
    store.save(1, STATE)
    store.save(2, STATE)
    store.drop(1)
    store.drop(1)
    store.drop(0)
    with pytest.raises(CheckpointUnusable, match="epoch 1 is missing"):
        store.load(1)
    store.load(2)


def test_clear_forgets_every_epoch_of_this_run_alone(tmp_path: Path) -> None:
    ours, others = (StoredCheckpoints(tmp_path.as_uri(), name) for name in ("ours", "others"))
    ours.save(1, STATE)
    others.save(1, STATE)
    ours.clear()
    ours.clear()
    with pytest.raises(CheckpointUnusable):
        ours.load(1)
    others.load(1)


def test_a_file_under_its_name_is_whole_and_nothing_else_remains(tmp_path: Path) -> None:
    StoredCheckpoints(tmp_path.as_uri(), "s").save(4, STATE)
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")] == [
        "checkpoints/s/4.npz"
    ]
    with np.load(tmp_path / "checkpoints/s/4.npz") as file:
        assert "network_0000" in file.files


def test_a_truncated_or_altered_checkpoint_is_refused() -> None:
    packed = pack(STATE)
    altered = bytearray(packed)
    altered[len(packed) // 2] ^= 1
    for damaged in (packed[:-1], packed[: len(packed) // 2], b"", bytes(altered)):
        with pytest.raises(CheckpointUnusable, match="damaged"):
            unpack(damaged)


def test_nothing_can_be_resumed_where_nothing_was_kept() -> None:
    store = NoCheckpoints()
    store.save(1, STATE)
    with pytest.raises(TrainingFailed) as failure:
        store.load(1)
    assert failure.value.code == "checkpoint_unusable"
