"""Probes: each one asks the thing itself, with a time limit, side by side with the others.

What lies above this domain (the artifact store) is registered by the application factory.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as ProbeTimeout
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import structlog
from flask import Flask, current_app
from kombu.exceptions import KombuError
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from server.config import Settings
from server.errors import ServerError, Unavailable
from server.extensions import celery

PROBE_SECONDS = 2.0
WORKER_SILENCE_SECONDS = 15.0
WORKERS_KEY = "crypto_predict:workers"
QUEUES = ("default", "training", "prediction", "market")
# What a thing that is down raises; anything else is a defect of the probe and must be seen as such.
_DOWN = (SQLAlchemyError, RedisError, KombuError, OSError, ServerError)
_log = structlog.get_logger(__name__)

Check = Callable[[], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Probe:
    """One question. ``check`` returns what it learned, or raises when the thing is down."""

    name: str
    check: Check
    critical: bool


def register_probe(app: Flask, name: str, check: Check, *, critical: bool) -> None:
    """Ask ``check`` in ``/health/ready``; when ``critical``, the server is not ready without it.

    ``check`` raises a :class:`ServerError`, ``OSError``, SQLAlchemy, Redis or broker error when down.
    """
    _probes(app)[name] = Probe(name, check, critical)


def register_detail(app: Flask, name: str, look: Callable[[], Any]) -> None:
    """Show ``look()`` as ``name`` in ``/health/detailed``; null when it raises what a probe may raise."""
    app.extensions.setdefault("health_details", {})[name] = look


def details() -> dict[str, Any]:
    """What the domains show besides their probes."""
    return {name: _look(name, look) for name, look in current_app.extensions["health_details"].items()}


def register_own_probes(app: Flask) -> None:
    """Database, cache, broker and workers."""
    settings: Settings = app.config["SETTINGS"]
    engine = _probe_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    redis = _redis(settings.redis_database(1))
    register_probe(app, "database", lambda: _ask_database(engine), critical=True)
    register_probe(app, "cache", lambda: _ask_cache(redis), critical=True)
    register_probe(app, "broker", _ask_broker, critical=True)
    # Without a worker the server still shows, records and queues: it is degraded, not down.
    register_probe(app, "worker", lambda: _ask_workers(redis), critical=False)


def examine(*names: str) -> dict[str, Any]:
    """Ask the named probes (default: all) side by side; see ``HealthSchema`` for the answer."""
    probes = _probes(current_app)
    asked = [probes[name] for name in names or probes]
    pool = ThreadPoolExecutor(max_workers=len(asked), thread_name_prefix="probe")
    started = time.perf_counter()
    futures = [(probe, pool.submit(_timed, probe)) for probe in asked]
    # A probe that hangs must not hold up the answer: its own time limits end it later.
    pool.shutdown(wait=False)
    checks = {probe.name: _result(probe, future, started) for probe, future in futures}
    return {"status": _summary(checks), "timestamp": now(), "checks": checks}


def now() -> str:
    """The present time: ISO 8601, UTC, with ``Z``."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def beat_worker(redis_url: str, name: str, queues: Iterable[str]) -> None:
    """Say that the worker ``name`` lives and takes from ``queues``.

    Call it at least every ``WORKER_SILENCE_SECONDS / 3``. The time is the Redis server's, so that the
    clocks of several machines need not agree. Raises ``redis.exceptions.RedisError`` when Redis is down.
    """
    with _redis(redis_url) as redis:
        time_there = _redis_now(redis)
        pipeline = redis.pipeline()
        pipeline.zadd(WORKERS_KEY, dict.fromkeys(_members(name, queues), time_there))
        pipeline.zremrangebyscore(WORKERS_KEY, "-inf", time_there - WORKER_SILENCE_SECONDS)
        pipeline.expire(WORKERS_KEY, int(WORKER_SILENCE_SECONDS))
        pipeline.execute()


def forget_worker(redis_url: str, name: str, queues: Iterable[str]) -> None:
    """Say that the worker ``name`` stopped, so that it need not be waited for."""
    with _redis(redis_url) as redis:
        redis.zrem(WORKERS_KEY, *_members(name, queues))


def workers_by_queue(redis: Redis) -> dict[str, list[str]]:
    """The names of the workers that were heard of lately, for each queue; those of none are empty.

    Raises ``redis.exceptions.RedisError`` when Redis is down.
    """
    oldest = _redis_now(redis) - WORKER_SILENCE_SECONDS
    members = [cast(bytes, each).decode() for each in redis.zrangebyscore(WORKERS_KEY, oldest, "+inf")]
    by_queue: dict[str, list[str]] = {queue: [] for queue in QUEUES}
    for queue, name in (member.split(" ", 1) for member in sorted(members)):
        by_queue.setdefault(queue, []).append(name)
    return by_queue


def _members(name: str, queues: Iterable[str]) -> list[str]:
    return [f"{queue} {name}" for queue in queues]


def _probes(app: Flask) -> dict[str, Probe]:
    return cast("dict[str, Probe]", app.extensions.setdefault("probes", {}))


def _look(name: str, look: Callable[[], Any]) -> Any:
    try:
        return look()
    except _DOWN as failure:
        _log.warning("health detail left out", detail=name, reason=str(failure))
        return None


def _timed(probe: Probe) -> tuple[Mapping[str, Any], float]:
    started = time.perf_counter()
    details = probe.check() or {}
    return details, _milliseconds(started)


def _result(probe: Probe, future: Future[tuple[Mapping[str, Any], float]], started: float) -> dict[str, Any]:
    remaining = max(0.0, PROBE_SECONDS - (time.perf_counter() - started))
    check = {"status": "ok", "critical": probe.critical, "error": None}
    try:
        details, latency_ms = future.result(timeout=remaining)
    except ProbeTimeout:
        error = f"no answer within {PROBE_SECONDS:g} seconds"
        _log.warning("probe got no answer", probe=probe.name)
    except _DOWN as failure:
        error = _reason(failure)
        _log.warning("probe found it down", probe=probe.name, reason=str(failure))
    else:
        return {**check, "latency_ms": latency_ms, "details": dict(details)}
    return {**check, "status": "down", "error": error, "latency_ms": _milliseconds(started), "details": {}}


def _summary(checks: Mapping[str, Mapping[str, Any]]) -> str:
    down = [check for check in checks.values() if check["status"] == "down"]
    if any(check["critical"] for check in down):
        return "down"
    return "degraded" if down else "ok"


def _reason(failure: BaseException) -> str:
    """What an outsider may know: what is down, not how it is reached (that is in the log)."""
    return failure.message if isinstance(failure, ServerError) else type(failure).__name__


def _ask_database(engine: Engine) -> Mapping[str, Any]:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        return {"server_version": connection.execute(text("SHOW server_version")).scalar_one()}


def _ask_cache(redis: Redis) -> None:
    redis.ping()


def _ask_broker() -> None:
    with celery.connection_for_write(connect_timeout=PROBE_SECONDS) as connection:
        connection.ensure_connection(max_retries=1, interval_start=0.1, timeout=PROBE_SECONDS)


def _ask_workers(redis: Redis) -> Mapping[str, Any]:
    by_queue = workers_by_queue(redis)
    idle = [queue for queue in QUEUES if not by_queue[queue]]
    if idle:
        raise Unavailable(f"No live worker takes from the queue {' or '.join(idle)}", queues=idle)
    return {"workers": by_queue}


def _probe_engine(url: str) -> Engine:
    """Connections of the probe's own: a pool that others exhausted does not mean a database that is down."""
    return create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            "connect_timeout": int(PROBE_SECONDS),
            "options": f"-c statement_timeout={int(PROBE_SECONDS * 1000)}",
            "application_name": "crypto-predict probe",
        },
    )


def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_connect_timeout=PROBE_SECONDS, socket_timeout=PROBE_SECONDS)


def _redis_now(redis: Redis) -> float:
    seconds, microseconds = redis.time()
    return seconds + microseconds / 1e6


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)
