"""Models in memory: each loaded once, verified, let go when others need the room."""

from __future__ import annotations

import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.errors import Unavailable
from server.forecasters.artifacts import Artifact, ArtifactStore
from server.forecasters.manifest import contents_of
from server.forecasters.serving import ModelUnusable
from server.observability.metrics import MODEL_CACHE_HITS, MODEL_CACHE_MISSES
from server.prediction.copies import LocalCopies, serving_store
from server.prediction.runtime import Runtime
from tests.prediction.conftest import MODEL_ID, copied


class CountingStore(ArtifactStore):
    """The real store, which counts what is opened and can be away."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.opened: list[str] = []
        self.away = False

    def open(self, model_id: str, verify: Collection[str] | None = None) -> Artifact:
        if self.away:
            raise Unavailable("The artifact store does not answer: test", url=self.url)
        self.opened.append(model_id)
        return super().open(model_id, verify)


@pytest.fixture
def counting(artifact: Artifact) -> CountingStore:
    return CountingStore(artifact.store.url)


@pytest.fixture
def faraway(artifact: Artifact) -> CountingStore:
    """The artifact in a store that is no local disk."""
    store = CountingStore("memory://faraway")
    if not store.exists(MODEL_ID):
        contents = contents_of(artifact.manifest)
        store.write(MODEL_ID, {name: artifact.read(name) for name in artifact.manifest["files"]}, contents)
    return store


def test_a_model_is_loaded_once_however_many_wait_for_it(counting: CountingStore) -> None:
    runtime = Runtime(counting, capacity=4)
    together = threading.Barrier(8)

    def ask() -> int:
        together.wait(10)
        return id(runtime.get(MODEL_ID))

    with ThreadPoolExecutor(8) as pool:
        found = {answer.result(20) for answer in [pool.submit(ask) for _ in range(8)]}
    assert len(found) == 1
    assert counting.opened == [MODEL_ID]


def test_hits_and_misses_are_counted(counting: CountingStore) -> None:
    runtime = Runtime(counting, capacity=4)
    before = (MODEL_CACHE_HITS._value.get(), MODEL_CACHE_MISSES._value.get())
    for _ in range(3):
        runtime.get(MODEL_ID)
    after = (MODEL_CACHE_HITS._value.get(), MODEL_CACHE_MISSES._value.get())
    assert (after[0] - before[0], after[1] - before[1]) == (2, 1)


def test_beyond_its_capacity_the_model_unused_for_longest_is_let_go(
    artifact: Artifact, counting: CountingStore
) -> None:
    runtime = Runtime(counting, capacity=2)
    ids = [MODEL_ID, *(copied(artifact, f"runtime-{number}").model_id for number in (1, 2))]
    for model_id in ids:
        runtime.get(model_id)
    assert len(runtime) == 2
    assert not runtime.holds(MODEL_ID)
    assert runtime.holds(ids[2])


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_artifact_is_refused_each_time_and_taken_once_it_is_restored(
    artifact: Artifact, damage: str
) -> None:
    stored = copied(artifact, "runtime-damaged")
    path = network_of(stored)
    sound = path.read_bytes()
    spoil(path, damage)
    runtime = Runtime(stored.store, capacity=2)
    for _ in range(2):
        with pytest.raises(ModelUnusable) as refused:
            runtime.get("runtime-damaged")
        assert refused.value.code == "model_unavailable"
    path.write_bytes(sound)
    assert runtime.get("runtime-damaged").model_id == "runtime-damaged"


def test_a_model_in_memory_serves_while_the_store_is_away_and_another_is_unavailable(
    artifact: Artifact, counting: CountingStore
) -> None:
    runtime = Runtime(counting, capacity=2)
    runtime.get(MODEL_ID)
    counting.away = True
    assert runtime.get(MODEL_ID).model_id == MODEL_ID
    with pytest.raises(Unavailable):
        runtime.get("runtime-1")


def test_a_local_disk_needs_no_copies(artifact: Artifact, faraway: CountingStore, tmp_path: Path) -> None:
    assert serving_store(artifact.store, str(tmp_path), 2) is artifact.store
    assert serving_store(faraway, "", 2) is faraway
    assert isinstance(serving_store(faraway, str(tmp_path), 2), LocalCopies)


def test_a_far_model_is_fetched_once_and_served_from_its_copy_while_the_store_is_away(
    faraway: CountingStore, tmp_path: Path
) -> None:
    first = Runtime(LocalCopies(tmp_path, faraway, 4), 2).get(MODEL_ID)
    faraway.away = True
    again = Runtime(LocalCopies(tmp_path, faraway, 4), 2).get(MODEL_ID)
    assert faraway.opened == [MODEL_ID]
    assert again.model_id == first.model_id == MODEL_ID
    assert not (tmp_path / "models" / MODEL_ID / "model.keras").exists()


def test_a_damaged_copy_is_fetched_again(faraway: CountingStore, tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, faraway, 4)
    copies.open(MODEL_ID)
    spoil(tmp_path / "models" / MODEL_ID / "model.onnx", "flip")
    assert Runtime(copies, 2).get(MODEL_ID).model_id == MODEL_ID
    assert faraway.opened == [MODEL_ID, MODEL_ID]


def test_a_folder_that_cannot_be_written_is_no_reason_not_to_serve(
    faraway: CountingStore, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    runtime = Runtime(LocalCopies(tmp_path / "taken", faraway, 4), 2)
    assert runtime.get(MODEL_ID).model_id == MODEL_ID


def test_a_model_that_the_far_store_lacks_is_unusable(faraway: CountingStore, tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable):
        Runtime(LocalCopies(tmp_path, faraway, 4), 2).get("unheard-of")


def test_copies_are_limited_to_the_newest(artifact: Artifact, faraway: CountingStore, tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, faraway, 1)
    contents = contents_of(artifact.manifest)
    if not faraway.exists("second"):
        faraway.write("second", {"model.onnx": artifact.read("model.onnx")}, contents)
    copies.open(MODEL_ID)
    copies.open("second")
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["second"]


def network_of(stored: Artifact) -> Path:
    """The file of an artifact's network on this disk."""
    return Path(stored.store.url.removeprefix("file://")) / "models" / stored.model_id / "model.onnx"


def spoil(path: Path, damage: str) -> None:
    """Flip a bit of a file, cut its end off, or remove it."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(content if damage == "flip" else content[:-100])
