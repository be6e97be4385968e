"""What a backup says of itself, as canonical JSON that carries its own SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from server.errors import ServerError

FORMAT_VERSION: Final = 1
PRODUCT_VERSION: Final = "0.1.0"
DUMP_NAME: Final = "database.dump"


class ManifestDamaged(ServerError):
    """The manifest is not what was written, or of a format that this version does not read."""

    error_code = "backup_damaged"


@dataclass(frozen=True, slots=True)
class Entry:
    """One member of the archive; ``sha256`` is that of its content."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. ``created_at`` is the moment of its snapshot, by the database's clock.

    ``tables`` counts the rows of each table, ``models`` names those whose artifacts are in the archive,
    ``left_out`` says of each other model why its artifact is not.
    """

    product_version: str
    created_at: str
    migration: str
    postgres: str
    tables: dict[str, int]
    models: list[str]
    left_out: dict[str, str]
    entries: list[Entry]

    @property
    def content_bytes(self) -> int:
        """The size of all members."""
        return sum(entry.bytes for entry in self.entries)


def encode(contents: Mapping[str, Any], entries: Sequence[Entry]) -> bytes:
    """The bytes of a manifest: ``contents`` are the fields of :class:`Manifest` without ``entries``."""
    manifest = {
        **contents,
        "format_version": FORMAT_VERSION,
        "entries": [asdict(entry) for entry in entries],
    }
    return _canonical({**manifest, "sha256": _checksum(manifest)})


def decode(raw: bytes) -> Manifest:
    """The manifest in ``raw``. Raises :class:`ManifestDamaged` unless it is exactly as written."""
    try:
        found = json.loads(raw)
        checksum = found.pop("sha256")
        if checksum != _checksum(found) or raw != _canonical({**found, "sha256": checksum}):
            raise ManifestDamaged("its manifest does not match its checksum")
        if (version := found.pop("format_version")) != FORMAT_VERSION:
            raise ManifestDamaged(f"it has format {version!r} and this server reads {FORMAT_VERSION}")
        entries = [Entry(**entry) for entry in found.pop("entries")]
        return Manifest(**found, entries=entries)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestDamaged("its manifest is not the JSON that was written") from error


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _checksum(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical(value)).hexdigest()
