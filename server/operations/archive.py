"""The file of a backup: a plain tar file whose last member says what it holds and seals it.

The database's dump is compressed by ``pg_dump`` and networks hardly compress, so the tar file itself is
not: it is written in one pass, read from any place, and opened by any tar. What is read must be exactly
what would be written: a changed, missing or added byte is refused, and the member it lies in named.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final

from server.errors import InvalidInput
from server.operations.manifest import Entry, Manifest, ManifestDamaged, decode, encode

MANIFEST_NAME: Final = "backup.json"
BLOCK: Final = tarfile.BLOCKSIZE
CHUNK_BYTES: Final = 1024 * 1024
_END: Final = bytes(2 * BLOCK)

OnBytes = Callable[[int], None]


class BackupDamaged(InvalidInput):
    """The file is not a backup as it was written; use another one."""

    error_code = "backup_damaged"


class BackupWriter:
    """Writes members of unknown length to a seekable ``file``, one after the other."""

    def __init__(self, file: IO[bytes], on_bytes: OnBytes) -> None:
        self._file = file
        self._on_bytes = on_bytes
        self.entries: list[Entry] = []

    def add(self, name: str, chunks: Iterable[bytes]) -> Entry:
        """One member; its header is written last, once its size is known."""
        begin, digest, size = self._file.tell(), hashlib.sha256(), 0
        self._file.write(_header(name, 0))
        for chunk in chunks:
            self._file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
            self._on_bytes(len(chunk))
        self._file.write(_padding(size))
        end = self._file.tell()
        self._file.seek(begin)
        self._file.write(_header(name, size))
        self._file.seek(end)
        entry = Entry(name, size, digest.hexdigest())
        self.entries.append(entry)
        return entry

    def seal(self, contents: dict[str, Any]) -> None:
        """The manifest, ``contents`` with the entries: without it the file is no backup."""
        self._file.write(_sealed(encode(contents, self.entries)))


class BackupReader:
    """A backup in ``file``. Raises :class:`BackupDamaged` when its manifest cannot be trusted."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._file = file
        self._path = path
        self._sealed_at, raw = self._find_manifest()
        try:
            self.manifest: Manifest = decode(raw)
        except ManifestDamaged as error:
            raise self._damaged(error.message) from error
        self._places: dict[str, tuple[int, Entry]] = {}
        place = 0
        for entry in self.manifest.entries:
            content = place + len(_header(entry.name, 0))
            self._places[entry.name] = (content, entry)
            place = content + entry.bytes + len(_padding(entry.bytes))
        self._seal = _sealed(raw)
        if place != self._sealed_at:
            raise self._damaged("something was added to it or taken away")

    def verify(self, on_bytes: OnBytes) -> None:
        """Read everything and compare. Raises :class:`BackupDamaged`, naming the member."""
        self._file.seek(0)
        for entry in self.manifest.entries:
            header, digest = _header(entry.name, entry.bytes), hashlib.sha256()
            as_written = self._file.read(len(header)) == header
            for chunk in self._chunks(entry.bytes):
                digest.update(chunk)
                on_bytes(len(chunk))
            padding = _padding(entry.bytes)
            as_written &= self._file.read(len(padding)) == padding
            if not as_written or digest.hexdigest() != entry.sha256:
                raise self._damaged(f"{entry.name} does not match its checksum")
        if self._file.read() != self._seal:
            raise self._damaged("what follows its contents is not as it was written")

    def read(self, name: str) -> Iterator[bytes]:
        """The content of a member in chunks."""
        place, entry = self._places[name]
        self._file.seek(place)
        yield from self._chunks(entry.bytes)

    def _chunks(self, size: int) -> Iterator[bytes]:
        while size and (chunk := self._file.read(min(size, CHUNK_BYTES))):
            size -= len(chunk)
            yield chunk

    def _find_manifest(self) -> tuple[int, bytes]:
        try:
            with tarfile.open(fileobj=self._file, mode="r:") as opened:
                member = opened.getmember(MANIFEST_NAME)
                content = opened.extractfile(member)
                return member.offset, content.read() if content else b""
        except (tarfile.TarError, KeyError, EOFError, ValueError, OSError) as error:
            raise self._damaged("it is no backup, or it ends too early") from error

    def _damaged(self, reason: str) -> BackupDamaged:
        return BackupDamaged(
            f"{self._path} cannot be used: {reason}. Nothing was changed; take another backup",
            path=str(self._path),
        )


def _sealed(manifest: bytes) -> bytes:
    return _header(MANIFEST_NAME, len(manifest)) + manifest + _padding(len(manifest)) + _END


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o600
    return member.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % BLOCK)
