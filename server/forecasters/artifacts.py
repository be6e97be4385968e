"""The store of trained models: a versioned folder per model, written whole or not at all.

``<url>/models/<model_id>/`` holds ``manifest.json`` and the files it names (``model.onnx``,
``model.keras``). A folder without a manifest does not exist for readers, and the manifest appears
in one step, last:

* On a local disk the folder is filled under a hidden name and then renamed. A rename onto a folder
  with contents fails, so of two writers one wins.
* Object stores have no rename. Each writer puts its files under a key of its own
  (``<model_id>/<random>/model.onnx``), then creates the manifest that points to them, on condition
  that there is none; what is read back decides who won.

A writer that fails removes what it wrote; what a killed one leaves behind is never read.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from server.errors import Conflict, InvalidInput, NotFound, Unavailable
from server.forecasters.manifest import (
    MANIFEST_NAME,
    check_file,
    check_model_id,
    decode_manifest,
    describe_file,
    encode_manifest,
    missing_file,
)

Files = Mapping[str, bytes | Path]


@dataclass(frozen=True, slots=True)
class ArtifactReference:
    """Where a model was stored. ``size_bytes`` counts its files without the manifest."""

    model_id: str
    url: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Artifact:
    """A stored model whose manifest and files were found as written."""

    model_id: str
    manifest: dict[str, Any]
    store: ArtifactStore

    def read(self, name: str) -> bytes:
        """The content of a file, checked again. Raises :class:`NotFound`, :class:`ArtifactDamaged`."""
        if name not in self.manifest["files"]:
            raise NotFound(f"Model {self.model_id} has no file {name}", model_id=self.model_id, file=name)
        return self.store.read_file(self.model_id, name, self.manifest["files"][name])

    def expect(self, ticker: str, interval: str) -> Artifact:
        """This artifact; raises :class:`InvalidInput` when it forecasts another ticker or interval."""
        spec = self.manifest["spec"]
        if (spec["ticker"], spec["interval"]) != (ticker, interval):
            raise InvalidInput(
                f"Model {self.model_id} forecasts {spec['ticker']} {spec['interval']}, "
                f"not {ticker} {interval}: choose a model trained for it",
                field="model_id",
                value=self.model_id,
                ticker=spec["ticker"],
                interval=spec["interval"],
            )
        return self


class ArtifactStore:
    """Artifacts under an fsspec URL (``file://``, ``memory://``, ``s3://``...).

    Every method raises :class:`Unavailable` when the store does not answer.
    """

    def __init__(self, url: str) -> None:
        # A file URL writes a space as %20, fsspec takes it literally. No cached listings: another
        # process's writes must be seen at once.
        location = unquote(url) if url.startswith("file:") else url
        self._fs, root = url_to_fs(location, use_listings_cache=False)
        self.url = url
        self._root = root.rstrip("/")

    def write(self, model_id: str, files: Files, manifest: Mapping[str, Any]) -> ArtifactReference:
        """Store ``files`` (name to content, or to a local file) with ``manifest`` as one artifact.

        ``manifest`` must be plain JSON and hold the keys of ``manifest.CONTENTS``. Raises
        :class:`Conflict` when the model exists (it is never overwritten) and :class:`InvalidInput`
        for an unusable id, file name or manifest; then nothing is stored. After :class:`Unavailable`
        the artifact is absent, or, where only the answer to the last request was lost, whole.
        """
        check_model_id(model_id)
        attempt = uuid.uuid4().hex
        local = isinstance(self._fs, LocalFileSystem)
        entries = {
            name: describe_file(name, source, "" if local else f"{attempt}/")
            for name, source in files.items()
        }
        content = encode_manifest(model_id, entries, manifest)
        with self._answering():
            if self.exists(model_id):
                raise _exists_already(model_id)
            if local:
                self._write_folder(model_id, attempt, files, content)
            else:
                self._write_objects(model_id, attempt, files, content)
        size = sum(entry["bytes"] for entry in entries.values())
        return ArtifactReference(model_id, self._fs.unstrip_protocol(self._folder(model_id)), size)

    def open(self, model_id: str, verify: Collection[str] | None = None) -> Artifact:
        """The artifact of ``model_id``, its manifest and the checksum of every file verified.

        With ``verify`` only the files named are looked at; reading one later verifies it too. Raises
        :class:`NotFound`, or :class:`ArtifactDamaged` when a byte differs or a file is gone.
        """
        check_model_id(model_id)
        with self._answering():
            raw = self._stored_manifest(model_id)
        if raw is None:
            raise _no_such_model(model_id)
        artifact = Artifact(model_id, decode_manifest(model_id, raw), self)
        for name in artifact.manifest["files"] if verify is None else verify:
            artifact.read(name)
        return artifact

    def read_file(self, model_id: str, name: str, entry: Mapping[str, Any]) -> bytes:
        """The checked content of the file that a manifest's ``entry`` describes."""
        with self._answering():
            try:
                content: bytes = self._fs.cat_file(f"{self._folder(model_id)}/{entry['path']}")
            except FileNotFoundError as error:
                raise missing_file(model_id, name) from error
        return check_file(model_id, name, entry, content)

    def exists(self, model_id: str) -> bool:
        """Whether there is an artifact of this id (its files are not verified)."""
        with self._answering():
            return bool(self._fs.isfile(self._manifest_path(check_model_id(model_id))))

    def delete(self, model_id: str) -> None:
        """Remove an artifact: for readers it is gone in one step. Raises :class:`NotFound`."""
        with self._answering():
            if not self.exists(model_id):
                raise _no_such_model(model_id)
            folder = self._folder(model_id)
            try:
                if isinstance(self._fs, LocalFileSystem):
                    hidden = self._hidden_folder(model_id, uuid.uuid4().hex)
                    os.rename(folder, hidden)
                    folder = hidden
                else:
                    self._fs.rm_file(self._manifest_path(model_id))
            except FileNotFoundError as error:
                raise _no_such_model(model_id) from error
            with contextlib.suppress(FileNotFoundError):
                self._fs.rm(folder, recursive=True)

    def check(self) -> None:
        """Write, read and remove a probe; raises :class:`Unavailable` when any of it fails."""
        probe, content = f"{self._root}/probe-{uuid.uuid4().hex}", uuid.uuid4().bytes
        with self._answering():
            self._fs.makedirs(self._root, exist_ok=True)
            self._fs.pipe_file(probe, content)
            found = self._fs.cat_file(probe)
            self._fs.rm_file(probe)
        if found != content:
            raise Unavailable("The artifact store returned something else than was written", url=self.url)

    def _write_folder(self, model_id: str, attempt: str, files: Files, manifest: bytes) -> None:
        staging = self._hidden_folder(model_id, attempt)
        try:
            self._put_files(staging, files)
            self._fs.pipe_file(f"{staging}/{MANIFEST_NAME}", manifest)
            _flush_folder(Path(staging))
            _rename_or_conflict(staging, self._folder(model_id), model_id)
            _flush(Path(staging).parent)
        finally:
            # After the rename there is nothing of that name any more.
            shutil.rmtree(staging, ignore_errors=True)

    def _write_objects(self, model_id: str, attempt: str, files: Files, manifest: bytes) -> None:
        prefix = f"{self._folder(model_id)}/{attempt}"
        committed = False
        try:
            self._put_files(prefix, files)
            committed = self._create_manifest(model_id, manifest)
        finally:
            if not committed:
                self._discard(prefix, model_id, manifest)
        if not committed:
            raise _exists_already(model_id)

    def _create_manifest(self, model_id: str, manifest: bytes) -> bool:
        """Whether this writer's manifest is the one in the store.

        A request may be carried out although its answer is lost or says "exists" to a retry, and not
        every store creates on condition: only what is read back decides.
        """
        try:
            self._fs.pipe_file(self._manifest_path(model_id), manifest, mode="create")
        except FileExistsError:
            return self._stored_manifest(model_id) == manifest
        except OSError:
            if self._stored_manifest(model_id) == manifest:
                return True
            raise
        try:
            return self._stored_manifest(model_id) == manifest
        except OSError:
            return True  # it was stored; that it cannot be read just now takes nothing away

    def _discard(self, prefix: str, model_id: str, manifest: bytes) -> None:
        """Remove this writer's files, unless its manifest may be in the store and needs them."""
        with contextlib.suppress(OSError):
            if self._stored_manifest(model_id) != manifest:
                self._fs.rm(prefix, recursive=True)

    def _put_files(self, folder: str, files: Files) -> None:
        self._fs.makedirs(folder, exist_ok=True)
        for name, source in files.items():
            if isinstance(source, bytes):
                self._fs.pipe_file(f"{folder}/{name}", source)
            else:
                self._fs.put_file(str(source), f"{folder}/{name}")

    def _stored_manifest(self, model_id: str) -> bytes | None:
        try:
            content: bytes = self._fs.cat_file(self._manifest_path(model_id))
        except FileNotFoundError:
            return None
        return content

    def _folder(self, model_id: str) -> str:
        return f"{self._root}/models/{model_id}"

    def _hidden_folder(self, model_id: str, attempt: str) -> str:
        return f"{self._root}/models/.{model_id}.{attempt}"

    def _manifest_path(self, model_id: str) -> str:
        return f"{self._folder(model_id)}/{MANIFEST_NAME}"

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unavailable(
                f"The artifact store does not answer: {error or type(error).__name__}", url=self.url
            ) from error


def _rename_or_conflict(staging: str, folder: str, model_id: str) -> None:
    try:
        os.rename(staging, folder)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise _exists_already(model_id) from error
        raise


def _flush_folder(folder: Path) -> None:
    """Contents to disk before the rename: after a power cut a name must not point to empty files."""
    for path in (*folder.iterdir(), folder):
        _flush(path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exists_already(model_id: str) -> Conflict:
    return Conflict(f"Model {model_id} exists already: artifacts are never overwritten", model_id=model_id)


def _no_such_model(model_id: str) -> NotFound:
    return NotFound(f"There is no model {model_id} in the artifact store", model_id=model_id)
