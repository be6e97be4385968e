"""Making a backup: one snapshot of the database, and the artifacts of the models in it.

The dump comes first. An artifact is written before its row and removed after it, so every model of the
snapshot had its artifact at that moment, whatever is trained meanwhile. One that is deleted while the
backup runs, or that was missing or damaged before, is left out and named.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

import structlog
from flask import current_app
from sqlalchemy import Connection, create_engine, make_url, select, text
from sqlalchemy.pool import NullPool

from server.errors import Conflict, NotFound, Unavailable
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.manifest import MANIFEST_NAME as ARTIFACT_MANIFEST
from server.forecasters.manifest import ArtifactDamaged, contents_of, encode_manifest
from server.operations import migrations, postgres_tools
from server.operations.archive import CHUNK_BYTES, BackupWriter
from server.operations.manifest import DUMP_NAME, PRODUCT_VERSION, Manifest, decode, encode
from server.operations.postgres_tools import Tools
from server.registry.tables import Model

log = structlog.get_logger(__name__)

OnStep = Callable[[str, int], None]
"""What is being done, and how many more bytes of it are."""


class BackupFailed(Unavailable):
    """The backup could not be made; no file was left behind."""

    error_code = "backup_failed"


def make(path: Path, artifacts: ArtifactStore, on_step: OnStep) -> Manifest:
    """Write a backup to ``path``, which must not exist, and return what it holds.

    It is written beside ``path`` under a hidden name and renamed once it is whole and on disk. Raises
    :class:`Conflict` when ``path`` exists, :class:`ToolsMissing`, :class:`BackupFailed`.
    """
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        _refuse_existing(path)
        with open(unfinished, "xb", opener=_private) as file:
            manifest = _write(file, artifacts, on_step)
            file.flush()
            os.fsync(file.fileno())
        # Another backup may have come to this name meanwhile.
        _refuse_existing(path)
        unfinished.rename(path)
    except OSError as error:
        raise BackupFailed(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        # Renamed, or never made: then there is nothing, or not even a folder.
        with suppress(OSError):
            unfinished.unlink()
    log.info("backup.made", path=str(path), migration=manifest.migration, left_out=len(manifest.left_out))
    return manifest


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise Conflict(f"{path} exists already: a backup overwrites nothing", path=str(path))


def _private(path: str, flags: int) -> int:
    # What a database holds is nobody else's business.
    return os.open(path, flags, 0o600)


def _write(file: IO[bytes], artifacts: ArtifactStore, on_step: OnStep) -> Manifest:
    with _snapshot() as connection:
        contents = _described(connection)
        tools = postgres_tools.find(int(contents["postgres"].split(".")[0]))
        step = "database"
        writer = BackupWriter(file, lambda size: on_step(step, size))
        on_step(step, 0)
        snapshot = str(connection.scalar(text("SELECT pg_export_snapshot()")))
        writer.add(DUMP_NAME, _dumped(tools, snapshot, list(contents["tables"])))
        model_ids = connection.scalars(select(Model.id).order_by(Model.id)).all()
    step = "models"
    for model_id in model_ids:
        try:
            _add_artifact(writer, artifacts, model_id)
        except (NotFound, ArtifactDamaged) as error:
            contents["left_out"][model_id] = error.message
        else:
            contents["models"].append(model_id)
    writer.seal(contents)
    return decode(encode(contents, writer.entries))


@contextmanager
def _snapshot() -> Iterator[Connection]:
    """A connection that sees one moment of the database, however long it is used."""
    engine = create_engine(current_app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield connection


def _described(connection: Connection) -> dict[str, Any]:
    at = migrations.current(connection)
    if at not in migrations.known():
        raise Conflict(
            f"The database is at migration {at or '(none)'}, which this version does not know: make the "
            "backup with the version that runs on it, or bring the database up with `flask db upgrade`",
            migration=at,
        )
    tables = migrations.tables(connection)
    created_at = connection.scalar(
        text("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
    )
    counts = {name: connection.scalar(text(f'SELECT count(*) FROM "{name}"')) for name in tables}  # noqa: S608
    return {
        "product_version": PRODUCT_VERSION,
        "created_at": created_at,
        "migration": at,
        "postgres": str(connection.scalar(text("SHOW server_version"))).split(" ")[0],
        "tables": counts,
        "models": [],
        "left_out": {},
    }


def _dumped(tools: Tools, snapshot: str, tables: list[str]) -> Iterator[bytes]:
    """The dump of these tables as ``pg_dump`` writes it. Raises :class:`BackupFailed` with its words."""
    selected = [part for name in tables for part in ("--table", f'public."{name}"')]
    options = ("--format=custom", "--no-owner", "--no-privileges", "--no-password", f"--snapshot={snapshot}")
    environment = postgres_tools.environment_of(make_url(current_app.config["SQLALCHEMY_DATABASE_URI"]))
    with (
        tempfile.TemporaryFile() as words,
        subprocess.Popen(  # noqa: S603 - an argument list, no shell
            tools.command("pg_dump", *options, *selected),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=words,
        ) as process,
    ):
        dump = cast("IO[bytes]", process.stdout)
        try:
            while chunk := dump.read(CHUNK_BYTES):
                yield chunk
        except BaseException:
            process.kill()
            raise
        if process.wait() != 0:
            words.seek(0)
            raise BackupFailed(f"pg_dump failed: {words.read().decode(errors='replace').strip()}")


def _add_artifact(writer: BackupWriter, artifacts: ArtifactStore, model_id: str) -> None:
    """Every file is read and verified before the first is written, so that none is half there."""
    artifact = artifacts.open(model_id, verify=())
    files = {name: artifact.read(name) for name in sorted(artifact.manifest["files"])}
    entries = {name: {**artifact.manifest["files"][name], "path": name} for name in files}
    described = encode_manifest(model_id, entries, contents_of(artifact.manifest))
    for name, content in ((ARTIFACT_MANIFEST, described), *files.items()):
        writer.add(f"artifacts/{model_id}/{name}", [content])
