"""The manifest of an artifact: what a trained model is, and the checksum of each of its files.

It is stored as canonical JSON that carries its own SHA-256, so a single changed byte shows.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from server.errors import InvalidInput, ServerError

FORMAT_VERSION: Final = 1
MANIFEST_NAME: Final = "manifest.json"
CONTENTS: Final = (
    "spec",
    "feature_names",
    "scaler",
    "metrics",
    "baseline",
    "conformal",
    "data",
    "libraries",
)
"""Keys the writer of an artifact must bring; ``spec`` names at least ticker and interval, ``data``
holds the range of the candles and their fingerprint. Further keys are kept as they are."""

_WRITTEN_BY_THE_STORE = ("format_version", "model_id", "files", "sha256")
_LIBRARIES = ("keras", "tensorflow", "numpy", "scipy", "TA-Lib", "onnx", "onnxruntime", "tf2onnx")
_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_FILE_PATH = re.compile(rf"([0-9a-f]{{32}}/)?{_FILE_NAME.pattern}")
_CHUNK_BYTES = 1024 * 1024


class ArtifactDamaged(ServerError):
    """A stored artifact is not what was written; train again or restore it from a backup."""

    error_code = "artifact_damaged"


def library_versions() -> dict[str, str]:
    """Installed versions of what shapes a model, read from package metadata: nothing is imported."""
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name.lower()] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def check_model_id(model_id: str) -> str:
    """``model_id`` itself; raises :class:`InvalidInput` for one that could leave its folder."""
    if not _MODEL_ID.fullmatch(model_id):
        raise InvalidInput(
            f"model_id={model_id!r} is not usable: 1 to 128 letters, digits, '-' or '_'",
            field="model_id",
            value=model_id,
        )
    return model_id


def describe_file(name: str, source: bytes | Path, folder: str) -> dict[str, Any]:
    """Path below the artifact's folder, SHA-256 (hex) and size in bytes of one file to be stored."""
    if not _FILE_NAME.fullmatch(name) or name == MANIFEST_NAME:
        raise InvalidInput(f"{name!r} cannot be the name of an artifact's file", field="files", value=name)
    digest = hashlib.sha256()
    if isinstance(source, bytes):
        digest.update(source)
        size = len(source)
    else:
        size = 0
        with source.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                size += len(chunk)
    return {"path": f"{folder}{name}", "sha256": digest.hexdigest(), "bytes": size}


def encode_manifest(model_id: str, files: Mapping[str, Any], contents: Mapping[str, Any]) -> bytes:
    """The bytes of a manifest. Raises :class:`InvalidInput` for contents that JSON cannot hold."""
    _check_contents(contents)
    manifest = {
        **contents,
        "format_version": FORMAT_VERSION,
        "model_id": model_id,
        "files": dict(files),
    }
    try:
        return _canonical({**manifest, "sha256": _checksum(manifest)})
    except (TypeError, ValueError) as error:
        raise InvalidInput(
            f"The manifest cannot be written as JSON: {error}; give plain numbers, None instead of NaN",
            field="manifest",
        ) from error


def decode_manifest(model_id: str, raw: bytes) -> dict[str, Any]:
    """The manifest in ``raw``. Raises :class:`ArtifactDamaged` unless it is exactly as written."""
    try:
        manifest = json.loads(raw)
        if not isinstance(manifest, dict):
            raise _damaged(model_id, "its manifest is not an object")
        _require_known_format(model_id, manifest)
        checksum = manifest.pop("sha256", None)
        as_written = checksum == _checksum(manifest) and raw == _canonical({**manifest, "sha256": checksum})
    except ValueError as error:
        raise _damaged(model_id, f"its manifest is not the JSON that was written ({error})") from error
    if not as_written:
        raise _damaged(model_id, "its manifest does not match its checksum")
    if manifest["model_id"] != model_id:
        raise _damaged(model_id, f"its manifest is that of {manifest['model_id']}")
    for entry in manifest["files"].values():
        if not _FILE_PATH.fullmatch(entry["path"]):
            raise _damaged(model_id, "its manifest names a file outside its folder")
    return manifest


def contents_of(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What the writer of an artifact brought: the manifest without what the store adds itself."""
    return {name: value for name, value in manifest.items() if name not in _WRITTEN_BY_THE_STORE}


def check_file(model_id: str, name: str, entry: Mapping[str, Any], content: bytes) -> bytes:
    """``content`` itself. Raises :class:`ArtifactDamaged` when size or checksum differ."""
    if len(content) != entry["bytes"] or hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise _damaged(model_id, f"{name} does not match its checksum")
    return content


def missing_file(model_id: str, name: str) -> ArtifactDamaged:
    """The error for a file that the manifest names and the store does not have."""
    return _damaged(model_id, f"{name} is missing")


def _require_known_format(model_id: str, manifest: Mapping[str, Any]) -> None:
    version = manifest.get("format_version")
    if version != FORMAT_VERSION:
        raise ArtifactDamaged(
            f"Model {model_id} has format {version!r}, this server reads {FORMAT_VERSION}",
            error_code="artifact_format_unknown",
            model_id=model_id,
        )


def _check_contents(contents: Mapping[str, Any]) -> None:
    missing = [key for key in CONTENTS if key not in contents]
    missing += [f"spec.{key}" for key in ("ticker", "interval") if key not in contents.get("spec", {})]
    if missing:
        raise InvalidInput(f"The manifest lacks {', '.join(missing)}", field="manifest", missing=missing)
    taken = [key for key in _WRITTEN_BY_THE_STORE if key in contents]
    if taken:
        raise InvalidInput(f"The store itself writes {', '.join(taken)}", field="manifest", taken=taken)


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _checksum(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(manifest)).hexdigest()


def _damaged(model_id: str, reason: str) -> ArtifactDamaged:
    return ArtifactDamaged(f"Model {model_id} is damaged: {reason}", model_id=model_id, reason=reason)
