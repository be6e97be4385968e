"""PostgreSQL: reachable, of a fitting version, migrated, with connections and time to spare."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app
from redis import Redis
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from server.config import Settings
from server.observability.health import workers_by_queue
from server.operations import migrations
from server.operations.findings import Check, Finding, ok, problem, warning

OLDEST_VERSION = 15
OVERFLOW = 10
"""Connections beyond DATABASE_POOL_SIZE that SQLAlchemy opens when all are taken."""
SHARE_IN_USE = 0.8
SKEW_WARNING_SECONDS, SKEW_PROBLEM_SECONDS = 1.0, 10.0
_CONNECTIONS = text("""
    SELECT current_setting('max_connections')::int
             - current_setting('superuser_reserved_connections')::int AS most,
           (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS open
""")


def database(_: Settings) -> Iterator[Finding]:
    """Version and migrations."""
    with _connection() as connection:
        version = str(connection.scalar(text("SHOW server_version")))
        at = migrations.current(connection)
    if int(version.split(".")[0]) < OLDEST_VERSION:
        yield problem("database", f"PostgreSQL {version} is too old", f"Use {OLDEST_VERSION} or a later one")
    else:
        yield ok("database", f"PostgreSQL {version} answers")
    yield _migrations(at)


def _migrations(at: str) -> Finding:
    head = migrations.head()
    if at == head:
        return ok("migrations", f"The database is at migration {at}, the newest one")
    if at and at not in migrations.known():
        return problem(
            "migrations",
            f"The database is at migration {at}, which this version does not know: a newer one used it",
            "Run that version, or restore a backup made before the upgrade",
        )
    return problem(
        "migrations",
        f"The database is at migration {at or '(none)'} and this version needs {head}",
        "Run `flask db upgrade` before web processes and workers start",
    )


def connections(settings: Settings) -> Finding:
    """What the processes may open together, against what the server allows."""
    with _connection() as connection:
        most, taken = connection.execute(_CONNECTIONS).one()
    with Redis.from_url(settings.redis_database(1), socket_timeout=2, socket_connect_timeout=2) as redis:
        workers = {name for names in workers_by_queue(redis).values() for name in names}
    # Beside the workers: one web process, beat and the stream.
    processes = len(workers) + 3
    each = settings.database_pool_size + OVERFLOW
    counted = f"{taken} of {most} connections are open; {processes} processes may open {each} each"
    if taken > most * SHARE_IN_USE:
        return problem(
            "connections", counted, "Raise max_connections of PostgreSQL, or lower DATABASE_POOL_SIZE"
        )
    if processes * each > most:
        return warning(
            "connections",
            f"{counted}: more than there are",
            "Lower DATABASE_POOL_SIZE, raise max_connections, or put PgBouncer between",
        )
    return ok("connections", counted)


def clock(_: Settings) -> Finding:
    """This machine's clock against the database's, by which leases run."""
    with _connection() as connection:
        connection.execute(text("SELECT 1"))
        asked = time.time()
        there = float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0)
        answered = time.time()
    return skew("PostgreSQL", there, asked, answered)


def skew(name: str, there: float, asked: float, answered: float) -> Finding:
    """How far a clock that said ``there`` is from ours; the way there and back counts for nobody."""
    apart = max(0.0, abs(there - (asked + answered) / 2) - (answered - asked) / 2)
    sentence = f"This machine's clock and that of {name} are {apart:.3f} s apart"
    if apart < SKEW_WARNING_SECONDS:
        return ok("clock", sentence)
    remedy = "Let all machines follow the same time servers (chrony, systemd-timesyncd)"
    if apart < SKEW_PROBLEM_SECONDS:
        return warning("clock", sentence, remedy)
    return problem("clock", f"{sentence}: candles count as closed too early or too late", remedy)


@contextmanager
def _connection() -> Iterator[Connection]:
    """One connection that does not wait for a pool, nor for a database that is away."""
    url = current_app.config["SQLALCHEMY_DATABASE_URI"]
    arguments = {"connect_timeout": 3, "application_name": "crypto-predict doctor"}
    engine = create_engine(url, poolclass=NullPool, connect_args=arguments)
    with engine.connect() as connection:
        yield connection


CHECKS: dict[str, Check] = {"database": database, "connections": connections, "clock of the database": clock}
