"""Whatever fails, and whoever else writes: an artifact is whole or absent."""

from __future__ import annotations

import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

from server.errors import Conflict, NotFound, Unavailable
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.manifest import CONTENTS

FILES = {"model.onnx": b"onnx bytes", "model.keras": b"keras bytes" * 100}
MANIFEST: dict[str, Any] = {
    **{key: {} for key in CONTENTS},
    "spec": {"ticker": "BTC-USD", "interval": "1h"},
}


class Faults:
    """Operations numbered from 0; those from ``first`` to ``last`` fail before they do anything."""

    def __init__(self) -> None:
        self.heal()

    def heal(self) -> None:
        self.begin(sys.maxsize, -1)

    def begin(self, first: int, last: int) -> None:
        self.operations, self.first, self.last = 0, first, last

    def count(self) -> None:
        number, self.operations = self.operations, self.operations + 1
        if self.first <= number <= self.last:
            raise OSError(f"operation {number} failed")


FAULTS = Faults()


class Faulty:
    """Mixed into a filesystem: each call is counted, and fails when its turn has come."""

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        FAULTS.count()
        super().pipe_file(path, value, mode=mode, **kwargs)

    def put_file(self, lpath: str, rpath: str, **kwargs: Any) -> None:
        FAULTS.count()
        super().put_file(lpath, rpath, **kwargs)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        FAULTS.count()
        super().makedirs(path, exist_ok=exist_ok)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        FAULTS.count()
        return super().cat_file(path, start=start, end=end, **kwargs)

    def rm(self, path: str, recursive: bool = False, maxdepth: int | None = None) -> None:
        FAULTS.count()
        super().rm(path, recursive=recursive, maxdepth=maxdepth)


class FaultyObjects(Faulty, MemoryFileSystem):
    """Keys in memory, like an object store, with faults."""

    protocol = "faulty-objects"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.removeprefix("faulty-objects://"))


class FaultyDisk(Faulty, LocalFileSystem):
    """A local disk with faults; a failing write leaves half of the bytes."""

    protocol = "faulty-disk"

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        try:
            super().pipe_file(path, value, mode=mode, **kwargs)
        except OSError:
            Path(path).write_bytes(value[: len(value) // 2])
            raise


class LostAnswers(MemoryFileSystem):
    """Stores the manifest and then reports a time-out, as a broken connection does."""

    protocol = "lost-answers"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.removeprefix("lost-answers://"))

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        super().pipe_file(path, value, mode=mode, **kwargs)
        if path.endswith("manifest.json"):
            raise TimeoutError("no answer")


class RivalFirst(MemoryFileSystem):
    """A rival's whole artifact appears just before the manifest is created."""

    protocol = "rival-first"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    rivals: ClassVar[list[dict[str, bytes]]] = []

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.removeprefix("rival-first://"))

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        if path.endswith("manifest.json") and self.rivals:
            ArtifactStore("rival-first://store").write("m", self.rivals.pop(), MANIFEST)
        super().pipe_file(path, value, mode=mode, **kwargs)


for _filesystem in (FaultyObjects, FaultyDisk, LostAnswers, RivalFirst):
    fsspec.register_implementation(_filesystem.protocol, _filesystem, clobber=True)


@pytest.fixture(params=["faulty-objects", "faulty-disk"])
def faulty_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArtifactStore]:
    root = str(tmp_path) if request.param == "faulty-disk" else f"/{uuid.uuid4().hex}"
    FAULTS.heal()
    yield ArtifactStore(f"{request.param}://{root}")
    FAULTS.heal()


def stored_paths(store: ArtifactStore) -> list[str]:
    return sorted(store._fs.find(store._root))


@pytest.mark.parametrize("lasting", [False, True], ids=["one_fault", "dead_from_then_on"])
def test_a_fault_at_any_operation_leaves_nothing_readable(faulty_store: ArtifactStore, lasting: bool) -> None:
    failures = 0
    for number in range(50):
        model_id = f"m{number}"
        FAULTS.begin(number, sys.maxsize if lasting else number)
        try:
            faulty_store.write(model_id, FILES, MANIFEST)
        except Unavailable:
            failures += 1
            FAULTS.heal()
            with pytest.raises(NotFound):
                faulty_store.open(model_id)
            if not lasting:
                assert not [path for path in stored_paths(faulty_store) if f"{model_id}/" in path]
            faulty_store.write(model_id, FILES, MANIFEST)
        reached = FAULTS.operations > number
        FAULTS.heal()
        assert faulty_store.open(model_id).read("model.onnx") == FILES["model.onnx"]
        if not reached and failures:
            break
    assert 4 <= failures < 50


def test_a_manifest_whose_answer_was_lost_still_counts() -> None:
    store = ArtifactStore(f"lost-answers:///{uuid.uuid4().hex}")
    store.write("m", FILES, MANIFEST)
    assert store.open("m").read("model.onnx") == FILES["model.onnx"]


def test_a_rival_that_finishes_first_keeps_its_artifact() -> None:
    store = ArtifactStore("rival-first://store")
    RivalFirst.rivals.append({"model.onnx": b"the rival's"})
    with pytest.raises(Conflict):
        store.write("m", FILES, MANIFEST)
    assert store.open("m").read("model.onnx") == b"the rival's"
    assert len(stored_paths(store)) == 2


def test_of_many_writers_of_one_id_exactly_one_wins(tmp_path: Path) -> None:
    store, start = ArtifactStore(tmp_path.as_uri()), threading.Barrier(8)
    outcomes: dict[int, str] = {}

    def write(number: int) -> None:
        start.wait()
        try:
            store.write("m", {"model.onnx": b"%d" % number, "model.keras": b"%d" % number}, MANIFEST)
            outcomes[number] = "won"
        except Conflict:
            outcomes[number] = "conflict"

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [number for number, outcome in outcomes.items() if outcome == "won"]
    assert len(winners) == 1
    assert len(outcomes) == 8
    artifact = store.open("m")
    assert {artifact.read(name) for name in FILES} == {b"%d" % winners[0]}
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["m"]


def test_the_check_of_a_dead_store_says_unavailable(faulty_store: ArtifactStore) -> None:
    FAULTS.begin(0, sys.maxsize)
    with pytest.raises(Unavailable, match="does not answer"):
        faulty_store.check()
