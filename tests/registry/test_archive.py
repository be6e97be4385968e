"""A model travels as one file, arrives whole or not at all, and replaces nothing."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from server.errors import Conflict, NotFound, Unavailable
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.manifest import CONTENTS
from server.forecasters.serving import ModelUnusable, load_forecaster
from server.registry import archive, models
from server.registry.archive import ArchiveDamaged, export_model, import_model
from server.registry.tables import IntervalWidth, Model
from tests.registry.conftest import Register, Told, damaged
from tests.registry.stored import ID, store_model


@pytest.fixture
def exported(register: Register, artifacts: ArtifactStore) -> bytes:
    """The archive of a model that exists no more."""
    register("first", finding=None)
    register()
    packed = export_model(ID, artifacts)
    models.delete(ID, artifacts)
    return packed


def count() -> int:
    db.session.rollback()
    return int(db.session.scalar(select(func.count()).select_from(Model)) or 0)


def test_an_imported_model_is_a_candidate_and_serves_as_before(
    exported: bytes, artifacts: ArtifactStore, told: Told
) -> None:
    model = import_model(exported, artifacts, told)
    assert (model.id, model.version, model.status) == (ID, 2, "candidate")
    assert "activate it" in model.reason
    assert told.ids == []
    assert load_forecaster(artifacts, ID).horizon == 2
    widths = select(func.count()).select_from(IntervalWidth).where(IntervalWidth.model_id == ID)
    assert db.session.scalar(widths) == len(artifacts.open(ID).manifest["widths"]["origins"])
    assert export_model(ID, artifacts) == exported


def test_the_first_of_its_kind_becomes_active(
    exported: bytes, artifacts: ArtifactStore, told: Told, database: None
) -> None:
    db.session.query(Model).delete()
    db.session.commit()
    model = import_model(exported, artifacts, told)
    assert (model.version, model.status, told.ids) == (1, "active", [ID])


def test_an_archive_does_not_depend_on_the_kind_of_store(exported: bytes, told: Told) -> None:
    objects = ArtifactStore("memory://archives")
    import_model(exported, objects, told)
    assert export_model(ID, objects) == exported
    objects.delete(ID)


def test_importing_twice_is_a_conflict(exported: bytes, artifacts: ArtifactStore, told: Told) -> None:
    import_model(exported, artifacts, told)
    with pytest.raises(Conflict) as refused:
        import_model(exported, artifacts, told)
    assert refused.value.code == "model_exists"
    assert count() == 2
    assert artifacts.exists(ID)


def refuse(content: bytes, artifacts: ArtifactStore, told: Told) -> ArchiveDamaged:
    with pytest.raises(ArchiveDamaged) as refused:
        import_model(content, artifacts, told)
    assert count() == 1
    assert not artifacts.exists(ID)
    return refused.value


@hypothesis_settings(max_examples=150)
@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_refused(position: float, bit: int) -> None:
    content = bytearray(archive_of_a_model())
    content[int(position * len(content))] ^= 1 << bit
    with pytest.raises(ArchiveDamaged):
        archive._unpacked(bytes(content))


@hypothesis_settings(max_examples=60)
@given(kept=st.floats(0, 1, exclude_max=True))
def test_a_truncated_archive_is_refused(kept: float) -> None:
    content = archive_of_a_model()
    with pytest.raises(ArchiveDamaged):
        archive._unpacked(content[: int(kept * len(content))])


_packed: list[bytes] = []


def archive_of_a_model() -> bytes:
    if not _packed:
        found = ArtifactStore("memory://one-model")
        manifest = store_model(found)
        files = {name: found.open(ID).read(name) for name in manifest["files"]}
        _packed.append(archive._packed(manifest, files))
    return _packed[0]


@pytest.mark.parametrize("change", ["flipped", "truncated", "longer", "empty", "csv"])
def test_a_damaged_archive_writes_nothing(
    exported: bytes, artifacts: ArtifactStore, told: Told, change: str
) -> None:
    middle = len(exported) // 2
    changed = {
        "flipped": exported[:middle] + bytes([exported[middle] ^ 1]) + exported[middle + 1 :],
        "truncated": exported[:middle],
        "longer": exported + b"\0",
        "empty": b"",
        "csv": b"timestamp,open\n" * 500,
    }
    assert refuse(changed[change], artifacts, told).http_status == 422


def repacked(content: bytes, **members: bytes | None) -> bytes:
    """The archive with members replaced, added or (None) left out."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(content)) as old, tarfile.open(fileobj=packed, mode="w") as new:
        kept = {member.name: old.extractfile(member).read() for member in old}  # type: ignore[union-attr]
        for name, replaced in {**kept, **members}.items():
            if replaced is not None:
                member = tarfile.TarInfo(name)
                member.size = len(replaced)
                new.addfile(member, io.BytesIO(replaced))
    return packed.getvalue()


@pytest.mark.parametrize(
    "members",
    [
        {"model.onnx": b"another network"},
        {"model.onnx": None},
        {"manifest.json": None},
        {"manifest.json": b"[]"},
        {"manifest.json": b'{"model_id":"../../etc"}'},
        {"more.txt": b"something else"},
        {"../escape": b"something else"},
    ],
)
def test_an_archive_with_other_members_is_refused(
    exported: bytes, artifacts: ArtifactStore, told: Told, members: dict[str, Any]
) -> None:
    refuse(repacked(exported, **members), artifacts, told)


def test_a_model_that_this_version_cannot_serve_is_refused(artifacts: ArtifactStore, told: Told) -> None:
    contents = {**{name: {} for name in CONTENTS}, "spec": {"ticker": "BTC-USD", "interval": "1h"}}
    artifacts.write("foreign", {"model.onnx": b"no network"}, contents)
    manifest = artifacts.open("foreign").manifest
    packed = archive._packed(manifest, {"model.onnx": b"no network"})
    artifacts.delete("foreign")
    with pytest.raises(ModelUnusable):
        import_model(packed, artifacts, told)
    assert count() == 0
    assert not artifacts.exists("foreign")


def test_an_artifact_left_behind_does_not_block_an_import(
    exported: bytes, artifacts: ArtifactStore, told: Told
) -> None:
    store_model(artifacts, ID, forecast=0.5)
    import_model(exported, artifacts, told)
    assert export_model(ID, artifacts) == exported


class FullStore(ArtifactStore):
    """A store that takes nothing."""

    def write(self, *_: Any) -> Any:
        raise Unavailable("The artifact store does not answer: no space left")


def test_a_store_that_cannot_take_it_leaves_no_row(exported: bytes, tmp_path: Path, told: Told) -> None:
    with pytest.raises(Unavailable):
        import_model(exported, FullStore(tmp_path.as_uri()), told)
    db.session.commit()
    assert count() == 1


def test_a_damaged_or_unknown_model_is_not_exported(
    register: Register, artifacts: ArtifactStore, tmp_path: Path
) -> None:
    register(finding=None)
    with (
        damaged(tmp_path / "models" / ID / "model.keras"),
        pytest.raises(ModelUnusable, match=r"model\.keras"),
    ):
        export_model(ID, artifacts)
    with pytest.raises(NotFound):
        export_model("nobody", artifacts)
