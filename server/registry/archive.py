"""One artifact as one file, to be carried to another server.

A tar file with ``manifest.json`` and the files it names. It is written the same way every time, and
what is read must be exactly what would be written: a changed, missing or added byte is refused.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

from server.errors import InvalidInput, NotFound, ServerError
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.manifest import (
    MANIFEST_NAME,
    ArtifactDamaged,
    check_file,
    check_model_id,
    contents_of,
    decode_manifest,
    encode_manifest,
)
from server.forecasters.serving import ONNX_FILE, ModelUnusable, OnnxForecaster
from server.registry import models
from server.registry.announcements import Announce, registered
from server.registry.decision import Uncompared
from server.registry.tables import Model

_NOT_COMPARED = "imported from an archive and not compared with the active model: activate it to serve it"


class ArchiveDamaged(InvalidInput):
    """The file is not an archive as it was exported; export it again."""

    error_code = "archive_damaged"


def export_model(model_id: str, artifacts: ArtifactStore) -> bytes:
    """A registered model as an archive, every file verified.

    Raises :class:`NotFound`, :class:`ModelUnusable` when its artifact is missing or damaged.
    """
    models.require(model_id)
    try:
        artifact = artifacts.open(model_id, verify=())
        return _packed(artifact.manifest, {name: artifact.read(name) for name in artifact.manifest["files"]})
    except (NotFound, ArtifactDamaged) as error:
        raise ModelUnusable(f"{error.message}: it cannot be exported", model_id=model_id) from error


def import_model(archive: bytes, artifacts: ArtifactStore, announce: Announce) -> Model:
    """Store and register the model of an archive: active when it is the first of its kind, else a candidate.

    All is verified before anything is written. Raises :class:`ArchiveDamaged`, :class:`ModelUnusable`
    when this version cannot serve the model, :class:`Conflict` when it is registered already.
    """
    manifest, files = _unpacked(archive)
    _require_servable(manifest, files)
    # The row's transaction, and with it the lock of the kind, lasts until the artifact is stored: of two
    # imports one finds the other's row, and a store that fails leaves none.
    try:
        model = models.register(manifest, Uncompared(_NOT_COMPARED))
        if artifacts.exists(model.id):
            # Left behind by a deletion or an import that was cut off; nobody knows it.
            artifacts.delete(model.id)
        artifacts.write(model.id, files, contents_of(manifest))
    except ServerError:
        db.session.rollback()
        raise
    db.session.commit()
    registered(model, announce)
    return model


def _packed(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """The bytes of an archive: the same for the same model wherever it is stored."""
    entries = {name: {**entry, "path": name} for name, entry in manifest["files"].items()}
    described = encode_manifest(manifest["model_id"], entries, contents_of(manifest))
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in ((MANIFEST_NAME, described), *sorted(files.items())):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _unpacked(archive: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The verified manifest and files of an archive. Raises :class:`ArchiveDamaged`."""
    members = _members(archive)
    try:
        raw = members.pop(MANIFEST_NAME)
        model_id = check_model_id(str(json.loads(raw)["model_id"]))
        manifest = decode_manifest(model_id, raw)
        files = {
            name: check_file(model_id, name, entry, members[name])
            for name, entry in manifest["files"].items()
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ArchiveDamaged(f"This is no archive of a model, or a part of it is missing: {error}") from error
    except ServerError as error:
        raise ArchiveDamaged(f"{error.message}: export the model again", **error.details) from error
    if _packed(manifest, files) != archive:
        raise ArchiveDamaged(f"The archive of model {model_id} is not as it was written: export it again")
    return manifest, files


def _members(archive: bytes) -> dict[str, bytes]:
    members = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as opened:
            for member in opened:
                content = opened.extractfile(member)
                if content is not None:
                    members[member.name] = content.read()
    except (tarfile.TarError, EOFError, ValueError, KeyError) as error:
        raise ArchiveDamaged(f"The file is no whole archive of a model: {error}") from error
    return members


def _require_servable(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    try:
        OnnxForecaster(files[ONNX_FILE], manifest)
    except (KeyError, InvalidInput) as error:
        raise ModelUnusable(
            f"The manifest of model {manifest['model_id']} cannot be used: {error}",
            model_id=manifest["model_id"],
        ) from error
