"""Checkpoints of a training: everything an epoch leaves behind, in one checksummed file.

Keras' own ``BackupAndRestore`` is not used: it deletes its backup when training ends, and a
training that was asked to stop ends too.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from typing import Any, Protocol
from uuid import uuid4

import fsspec
import numpy as np
from numpy.typing import NDArray

from server.errors import TrainingFailed
from server.forecasters.contract import EpochEnded

Arrays = tuple[NDArray[Any], ...]

_DIGEST_BYTES = hashlib.sha256().digest_size
_GROUPS = ("network", "optimizer", "best_weights")


class CheckpointUnusable(TrainingFailed):
    """A checkpoint is missing, damaged or of another network; start the run from its first epoch."""

    error_code = "checkpoint_unusable"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state after one epoch; a run that goes on from it ends with the weights of one that never stopped.

    ``network``: all variables, dropout's random state included. ``optimizer``: all variables.
    ``best_weights``: those of ``best_epoch``, the epoch of the lowest validation loss so far.
    ``history``: one entry an epoch, oldest first.
    """

    network: Arrays
    optimizer: Arrays
    best_weights: Arrays
    best_epoch: int
    history: tuple[EpochEnded, ...]


class CheckpointStore(Protocol):
    """Where the checkpoints of one run live, by epoch."""

    def save(self, epoch: int, state: Checkpoint) -> None:
        """Keep the state of an epoch, whole or not at all."""
        ...

    def load(self, epoch: int) -> Checkpoint:
        """The state of an epoch. Raises :class:`CheckpointUnusable`."""
        ...

    def drop(self, epoch: int) -> None:
        """Forget an epoch; no error when there is nothing to forget."""
        ...

    def clear(self) -> None:
        """Forget all epochs of the run."""
        ...


class NoCheckpoints:
    """Keeps nothing, for trainings that nobody would resume."""

    def save(self, epoch: int, state: Checkpoint) -> None:
        return None

    def load(self, epoch: int) -> Checkpoint:
        raise CheckpointUnusable(f"No checkpoint of epoch {epoch} was kept", epoch=epoch)

    def drop(self, epoch: int) -> None:
        return None

    def clear(self) -> None:
        return None


class StoredCheckpoints:
    """Checkpoints under ``<artifact_url>/checkpoints/<session_id>/``, any fsspec file system."""

    def __init__(self, artifact_url: str, session_id: str) -> None:
        self._files, root = fsspec.core.url_to_fs(artifact_url)
        self._folder = f"{root.rstrip('/')}/checkpoints/{session_id}"

    def save(self, epoch: int, state: Checkpoint) -> None:
        # A file under its final name is always whole: it gets that name once it is written.
        unfinished = f"{self._folder}/{uuid4().hex}.part"
        self._files.makedirs(self._folder, exist_ok=True)
        self._files.pipe_file(unfinished, pack(state))
        self._files.mv(unfinished, self._path(epoch))

    def load(self, epoch: int) -> Checkpoint:
        try:
            return unpack(self._files.cat_file(self._path(epoch)))
        except FileNotFoundError as error:
            raise CheckpointUnusable(f"The checkpoint of epoch {epoch} is missing", epoch=epoch) from error

    def drop(self, epoch: int) -> None:
        self._remove(self._path(epoch))

    def clear(self) -> None:
        self._remove(self._folder)

    def _path(self, epoch: int) -> str:
        return f"{self._folder}/{epoch}.npz"

    def _remove(self, path: str) -> None:
        if self._files.exists(path):
            self._files.rm(path, recursive=True)


def pack(state: Checkpoint) -> bytes:
    """A checkpoint as an npz file with its SHA-256 behind it."""
    arrays = {
        f"{group}_{position:04d}": array
        for group in _GROUPS
        for position, array in enumerate(getattr(state, group))
    }
    notes = {"best_epoch": state.best_epoch, "history": [asdict(entry) for entry in state.history]}
    file = io.BytesIO()
    np.savez(file, notes=np.frombuffer(json.dumps(notes).encode(), dtype=np.uint8), **arrays)
    packed = file.getvalue()
    return packed + hashlib.sha256(packed).digest()


def unpack(stored: bytes) -> Checkpoint:
    """What :func:`pack` made. Raises :class:`CheckpointUnusable` when a byte is missing or wrong."""
    packed, digest = stored[:-_DIGEST_BYTES], stored[-_DIGEST_BYTES:]
    if hashlib.sha256(packed).digest() != digest:
        raise CheckpointUnusable("The checkpoint is damaged: its checksum does not match")
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as file:
            groups = {
                group: tuple(file[name] for name in sorted(file.files) if name.startswith(f"{group}_"))
                for group in _GROUPS
            }
            notes = json.loads(file["notes"].tobytes())
        history = tuple(EpochEnded(**entry) for entry in notes["history"])
        return Checkpoint(**groups, best_epoch=notes["best_epoch"], history=history)
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise CheckpointUnusable(f"The checkpoint is of another version: {error}") from error
