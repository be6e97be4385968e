"""Bringing a backup back: everything is checked first, and the database changes in one transaction.

The order is that of a training: artifacts first, then the rows that name them. An artifact without a row
is known to nobody and does no harm; so whatever ends a restore before its commit leaves the database as
it was, and after it the restore is done but for later migrations, which are again all or nothing.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import structlog
from flask import current_app
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from server.config import Settings
from server.errors import Conflict, NotFound, Unavailable
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.manifest import MANIFEST_NAME as ARTIFACT_MANIFEST
from server.forecasters.manifest import ArtifactDamaged, contents_of, decode_manifest
from server.operations import migrations, postgres_tools
from server.operations.archive import BackupReader
from server.operations.manifest import DUMP_NAME, Manifest
from server.operations.postgres_tools import Tools

log = structlog.get_logger(__name__)

OnStep = Callable[[str, int], None]
CACHE_DATABASE = 2
LOCK_SECONDS = 10
"""How long the restore waits for whoever else uses the tables before it gives up."""


class RestoreRefused(Conflict):
    """The backup is whole but must not be restored here as things are; nothing was changed."""

    error_code = "restore_refused"


class RestoreFailed(Unavailable):
    """The restore ended early; the message says what the database holds now."""

    error_code = "restore_failed"


@dataclass(frozen=True, slots=True)
class Restored:
    """``migrated_from`` is the backup's migration when later ones were run on top, else None."""

    manifest: Manifest
    migrated_from: str | None


@contextmanager
def opened(path: Path) -> Iterator[BackupReader]:
    """The backup at ``path``. Raises :class:`NotFound`, :class:`BackupDamaged`."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}", path=str(path)) from error
    with file:
        yield BackupReader(path, file)


def restore(backup: BackupReader, artifacts: ArtifactStore, on_step: OnStep, *, replace: bool) -> Restored:
    """Put what the backup holds in place of what is there, and run the migrations it lacks.

    Raises :class:`BackupDamaged`, and :class:`RestoreRefused` when the backup comes from a newer version,
    the database is in use, or it is not empty and ``replace`` is False: then nothing was changed.
    Raises :class:`RestoreFailed`, :class:`ToolsMissing`.
    """
    manifest = backup.manifest
    tools = _require_possible(manifest, replace)
    backup.verify(lambda size: on_step("verify", size))
    for model_id in manifest.models:
        _restore_artifact(backup, artifacts, model_id, lambda size: on_step("models", size))
    db.session.remove()
    db.engine.dispose()
    _run(tools, backup, lambda size: on_step("database", size))
    _inform_planner()
    _forget_cached(current_app.config["SETTINGS"])
    log.info("backup.restored", created_at=manifest.created_at, migration=manifest.migration)
    if manifest.migration == migrations.head():
        return Restored(manifest, None)
    _migrate(manifest)
    return Restored(manifest, manifest.migration)


def _migrate(manifest: Manifest) -> None:
    try:
        migrations.migrate()
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise RestoreFailed(
            f"The backup is back, but at its own migration {manifest.migration}: the later ones changed "
            f"nothing ({reason}). Remove what stands in their way, then run `flask db upgrade`"
        ) from error


def _require_possible(manifest: Manifest, replace: bool) -> Tools:
    if manifest.migration not in migrations.known():
        raise RestoreRefused(
            f"The backup was made at migration {manifest.migration} by version {manifest.product_version}, "
            f"which is newer than this one (migration {migrations.head()}): restore it with that version or "
            "a later one",
            migration=manifest.migration,
        )
    with db.engine.connect() as connection:
        _require_unused(connection)
        at = migrations.current(connection)
        if at and at not in migrations.known():
            raise RestoreRefused(
                f"The database is at migration {at}, which this version does not know: restore with the "
                "version that runs on it, or into an empty database",
                migration=at,
            )
        filled = [name for name in migrations.tables(connection) if _has_rows(connection, name)]
        if filled and not replace:
            raise RestoreRefused(
                f"The database is not empty ({', '.join(filled)} hold rows): --replace puts the backup in "
                "their place and everything in them is lost. Make a backup of it first",
                tables=filled,
            )
        version = str(connection.scalar(text("SHOW server_version")))
    return postgres_tools.find(int(version.split(".")[0]))


def _require_unused(connection: Connection) -> None:
    others = connection.scalar(
        text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'crypto-predict' AND pid <> pg_backend_pid()"
        )
    )
    if others:
        raise RestoreRefused(
            f"The database is in use by {others} connections of web processes, workers or commands: stop "
            "them all first, then restore, then start them again",
            connections=others,
        )


def _has_rows(connection: Connection, table: str) -> bool:
    if table == migrations.VERSION_TABLE:
        return False
    return bool(connection.scalar(text(f'SELECT EXISTS (SELECT FROM "{table}")')))  # noqa: S608


def _restore_artifact(
    backup: BackupReader, artifacts: ArtifactStore, model_id: str, on_bytes: Callable[[int], None]
) -> None:
    """Store one artifact, unless it is there and whole already."""
    folder = f"artifacts/{model_id}"
    manifest = decode_manifest(model_id, b"".join(backup.read(f"{folder}/{ARTIFACT_MANIFEST}")))
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    try:
        there = artifacts.open(model_id).manifest
        if contents_of(there) == contents_of(manifest) and _sums(there) == _sums(manifest):
            on_bytes(size)
            return
        artifacts.delete(model_id)
    except ArtifactDamaged:
        artifacts.delete(model_id)
    except NotFound:
        log.debug("artifact.restoring", model_id=model_id)
    with tempfile.TemporaryDirectory(prefix="crypto-predict-restore-") as temporary:
        files = {name: Path(temporary) / name for name in manifest["files"]}
        for name, file in files.items():
            with file.open("wb") as target:
                for chunk in backup.read(f"{folder}/{name}"):
                    target.write(chunk)
        artifacts.write(model_id, files, contents_of(manifest))
    on_bytes(size)


def _sums(manifest: dict[str, dict[str, dict[str, str]]]) -> dict[str, str]:
    return {name: entry["sha256"] for name, entry in manifest["files"].items()}


def _run(tools: Tools, backup: BackupReader, on_bytes: Callable[[int], None]) -> None:
    """Everything in one transaction of ``psql``: whatever ends it before its last line undoes all of it."""
    environment = postgres_tools.environment_of(make_url(current_app.config["SQLALCHEMY_DATABASE_URI"]))
    arguments = ("--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    with (
        tempfile.TemporaryFile() as words,
        subprocess.Popen(  # noqa: S603 - an argument list, no shell
            tools.command("psql", *arguments), env=environment, stdin=subprocess.PIPE, stderr=words
        ) as psql,
    ):
        script = cast("IO[bytes]", psql.stdin)
        try:
            script.write(_before(backup.manifest).encode())
            script.flush()
            _feed(tools, backup, script, words, on_bytes)
            script.write(_after(backup.manifest).encode())
            script.close()
            failed = psql.wait() != 0
        except BrokenPipeError:
            failed = True
        except BaseException:
            psql.kill()
            raise
        if failed:
            psql.kill()
            words.seek(0)
            raise RestoreFailed(
                "The database refused the backup and holds what it held before: "
                f"{words.read().decode(errors='replace').strip() or 'the connection was lost'}"
            )


def _feed(
    tools: Tools, backup: BackupReader, script: IO[bytes], words: IO[bytes], on_bytes: Callable[[int], None]
) -> None:
    """Have the dump written as SQL to ``script``."""
    with subprocess.Popen(  # noqa: S603 - an argument list, no shell
        tools.command("pg_restore", "--no-owner", "--no-privileges", "--file=-"),
        stdin=subprocess.PIPE,
        stdout=script,
        stderr=words,
    ) as reader:
        try:
            with cast("IO[bytes]", reader.stdin) as dump:
                for chunk in backup.read(DUMP_NAME):
                    dump.write(chunk)
                    on_bytes(len(chunk))
            if reader.wait() != 0:
                raise BrokenPipeError
        except BaseException:
            reader.kill()
            raise


def _before(manifest: Manifest) -> str:
    """Away with the tables that are there, those of later migrations included."""
    known: Iterable[str] = [*db.metadata.tables, *manifest.tables]
    names = ", ".join(f'public."{name}"' for name in dict.fromkeys(known))
    quiet = "SET client_min_messages = warning;\nBEGIN;\n"
    return f"{quiet}SET LOCAL lock_timeout = '{LOCK_SECONDS}s';\nDROP TABLE IF EXISTS {names} CASCADE;\n"


def _after(manifest: Manifest) -> str:
    """Every row must be there, or none of them is."""
    checks = "\n".join(
        f'IF (SELECT count(*) FROM public."{name}") <> {rows} THEN\n'  # noqa: S608
        f"  RAISE EXCEPTION 'the table {name} should hold {rows} rows';\nEND IF;"
        for name, rows in manifest.tables.items()
    )
    return f"\nDO $check$ BEGIN\n{checks}\nEND $check$;\nCOMMIT;\n"


def _inform_planner() -> None:
    """Have the new rows counted. The restore is done by now: nothing that goes wrong here is its failure."""
    try:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE (SKIP_LOCKED)"))
    except SQLAlchemyError as error:
        log.warning("restore.planner_not_informed", error=type(error).__name__)
    finally:
        db.engine.dispose()


def _forget_cached(settings: Settings) -> None:
    """What was computed from the rows before has the same keys as what will be computed from these."""
    try:
        with Redis.from_url(settings.redis_database(CACHE_DATABASE), socket_timeout=2) as redis:
            redis.flushdb()
    except RedisError as error:
        log.warning("cache.not_cleared", error=type(error).__name__)
