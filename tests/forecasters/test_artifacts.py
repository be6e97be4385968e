"""An artifact is whole or absent, unchanged or refused, and nobody's is overwritten."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.config import PROJECT_ROOT
from server.errors import Conflict, InvalidInput, NotFound
from server.forecasters.artifacts import ArtifactReference, ArtifactStore
from server.forecasters.manifest import ArtifactDamaged, library_versions

FILES = {"model.onnx": b"onnx bytes", "model.keras": b"keras bytes" * 100}
MANIFEST: dict[str, Any] = {
    "spec": {"ticker": "BTC-USD", "interval": "1h", "model_type": "CNN"},
    "feature_names": ["log_return"],
    "scaler": {"mean": [0.1], "scale": [1e-300]},
    "metrics": {"overall": {"mae": 1.5, "directional_accuracy": None}},
    "baseline": {"overall": {"mae": 1.25}},
    "conformal": {"rows": 19},
    "data": {"fingerprint": "ab"},
    "libraries": {"python": "3.11"},
}


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    if request.param == "file":
        return ArtifactStore((tmp_path / "artifacts").as_uri())
    return ArtifactStore(f"memory://artifacts-{uuid.uuid4().hex}")


def stored_paths(store: ArtifactStore) -> list[str]:
    return sorted(store._fs.find(store._root))


def test_what_was_written_is_read_back(store: ArtifactStore, tmp_path: Path) -> None:
    path = tmp_path / "exported.onnx"
    path.write_bytes(b"\x00\xff" * 70_000)
    reference = store.write("model-1", {**FILES, "model.onnx": path}, MANIFEST)
    artifact = store.open("model-1")
    assert artifact.read("model.onnx") == path.read_bytes()
    assert artifact.read("model.keras") == FILES["model.keras"]
    assert {key: artifact.manifest[key] for key in MANIFEST} == MANIFEST
    assert artifact.manifest["format_version"] == 1
    assert artifact.manifest["files"]["model.onnx"]["bytes"] == 140_000
    assert reference == ArtifactReference("model-1", reference.url, 140_000 + 1100)
    assert store.exists("model-1")


def test_on_a_disk_the_files_lie_beside_the_manifest(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    store.write("m", FILES, MANIFEST)
    assert {path.name for path in (tmp_path / "models/m").iterdir()} == {*FILES, "manifest.json"}
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["m"]


def test_a_file_url_may_contain_a_space(tmp_path: Path) -> None:
    folder = tmp_path / "my project"
    ArtifactStore(folder.as_uri()).write("m", FILES, MANIFEST)
    assert (folder / "models/m/model.onnx").read_bytes() == FILES["model.onnx"]


def test_a_missing_model_is_not_found(store: ArtifactStore) -> None:
    assert not store.exists("absent")
    with pytest.raises(NotFound):
        store.open("absent")
    with pytest.raises(NotFound):
        store.delete("absent")


def test_an_existing_model_is_never_overwritten(store: ArtifactStore) -> None:
    store.write("m", FILES, MANIFEST)
    before = stored_paths(store)
    with pytest.raises(Conflict):
        store.write("m", {"model.onnx": b"another"}, MANIFEST)
    assert store.open("m").read("model.onnx") == FILES["model.onnx"]
    assert stored_paths(store) == before


def test_a_deleted_model_leaves_nothing_and_its_id_can_be_used_again(store: ArtifactStore) -> None:
    store.write("m", FILES, MANIFEST)
    store.write("kept", FILES, MANIFEST)
    store.delete("m")
    assert not store.exists("m")
    assert [path for path in stored_paths(store) if "/models/kept/" not in path] == []
    store.write("m", FILES, MANIFEST)
    assert store.open("m").read("model.onnx") == FILES["model.onnx"]


def test_every_changed_byte_is_refused(store: ArtifactStore) -> None:
    store.write("m", {"model.onnx": b"onnx bytes"}, MANIFEST)
    for path in stored_paths(store):
        original = store._fs.cat_file(path)
        for position in range(len(original)):
            changed = bytearray(original)
            changed[position] ^= 1 << (position % 7)
            store._fs.pipe_file(path, bytes(changed))
            with pytest.raises(ArtifactDamaged):
                store.open("m")
        store._fs.pipe_file(path, original)
    store.open("m")


def test_a_shortened_or_missing_file_is_refused(store: ArtifactStore) -> None:
    store.write("m", FILES, MANIFEST)
    path = next(path for path in stored_paths(store) if path.endswith("model.keras"))
    store._fs.pipe_file(path, FILES["model.keras"][:-1])
    with pytest.raises(ArtifactDamaged, match=r"model\.keras does not match"):
        store.open("m")
    store._fs.rm_file(path)
    with pytest.raises(ArtifactDamaged, match=r"model\.keras is missing"):
        store.open("m")


def test_a_file_damaged_after_opening_is_refused_too(store: ArtifactStore) -> None:
    store.write("m", FILES, MANIFEST)
    artifact = store.open("m")
    path = next(path for path in stored_paths(store) if path.endswith("model.onnx"))
    store._fs.pipe_file(path, b"onnx_bytes")
    with pytest.raises(ArtifactDamaged):
        artifact.read("model.onnx")
    with pytest.raises(NotFound):
        artifact.read("model.pkl")


def test_the_manifest_of_another_model_is_refused(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path.as_uri())
    store.write("one", FILES, MANIFEST)
    (tmp_path / "models/one").rename(tmp_path / "models/two")
    with pytest.raises(ArtifactDamaged, match="that of one"):
        store.open("two")


def test_a_format_of_the_future_is_named(store: ArtifactStore) -> None:
    store.write("m", FILES, MANIFEST)
    path = next(path for path in stored_paths(store) if path.endswith("manifest.json"))
    manifest = {**json.loads(store._fs.cat_file(path)), "format_version": 2}
    store._fs.pipe_file(path, json.dumps(manifest).encode())
    with pytest.raises(ArtifactDamaged, match="format 2") as caught:
        store.open("m")
    assert caught.value.code == "artifact_format_unknown"


@pytest.mark.parametrize(
    "model_id", ["", ".", "..", "../m", "a/b", "a\\b", "a\x00", "m\n", "ü", ".m.1", "m" * 129]
)
def test_an_id_that_could_leave_its_folder_is_refused(store: ArtifactStore, model_id: str) -> None:
    for call in (store.open, store.exists, store.delete, lambda name: store.write(name, FILES, MANIFEST)):
        with pytest.raises(InvalidInput):
            call(model_id)


@settings(max_examples=50, deadline=None)
@given(model_id=st.text(max_size=20))
def test_any_accepted_id_stays_one_folder_below_models(model_id: str) -> None:
    store = ArtifactStore("memory://property")
    try:
        reference = store.write(model_id, {"model.onnx": b"x"}, MANIFEST)
    except InvalidInput:
        return
    assert reference.url == f"memory:///property/models/{model_id}"
    store.delete(model_id)


@pytest.mark.parametrize("name", ["manifest.json", "../x", "a/b", "", ".hidden"])
def test_an_unusable_file_name_is_refused(store: ArtifactStore, name: str) -> None:
    with pytest.raises(InvalidInput):
        store.write("m", {name: b"x"}, MANIFEST)
    assert not store.exists("m")


@pytest.mark.parametrize(
    "manifest",
    [
        {key: value for key, value in MANIFEST.items() if key != "conformal"},
        {**MANIFEST, "spec": {"ticker": "BTC-USD"}},
        {**MANIFEST, "model_id": "mine"},
        {**MANIFEST, "metrics": {"mae": float("nan")}},
        {**MANIFEST, "metrics": {"mae": object()}},
    ],
)
def test_a_manifest_that_says_too_little_or_cannot_be_json_is_refused(
    store: ArtifactStore, manifest: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        store.write("m", FILES, manifest)
    assert not store.exists("m")


def test_a_model_is_refused_for_another_ticker_or_interval(store: ArtifactStore) -> None:
    store.write("m", FILES, MANIFEST)
    artifact = store.open("m")
    assert artifact.expect("BTC-USD", "1h") is artifact
    for ticker, interval in (("ETH-USD", "1h"), ("BTC-USD", "1d")):
        with pytest.raises(InvalidInput, match=f"forecasts BTC-USD 1h, not {ticker} {interval}"):
            artifact.expect(ticker, interval)


def test_the_check_leaves_no_probe_behind(store: ArtifactStore) -> None:
    store.check()
    assert stored_paths(store) == []


def test_library_versions_are_read_without_importing_the_libraries() -> None:
    versions = library_versions()
    assert {"python", "numpy", "onnxruntime"} <= versions.keys()
    program = (
        "import sys; from server.forecasters import artifacts, manifest; manifest.library_versions(); "
        "print(sorted({'keras', 'tensorflow', 'onnxruntime', 'flask'} & sys.modules.keys()))"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert output.stdout.strip() == "[]"
