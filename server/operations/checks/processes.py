"""Whether somebody takes the tasks, and whether beat sends them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from redis import Redis
from sqlalchemy import select

from server.config import Settings
from server.extensions import db
from server.market.tables import ScheduleRun
from server.observability.health import workers_by_queue
from server.operations.findings import Check, Finding, ok, problem, warning

SCHEDULE, EVERY = "prices", timedelta(minutes=5)
"""What beat sends most often among what is noted."""


def workers(settings: Settings) -> Iterator[Finding]:
    """A live worker for each queue."""
    with Redis.from_url(settings.redis_database(1), socket_timeout=3, socket_connect_timeout=3) as redis:
        by_queue = workers_by_queue(redis)
    for queue, names in by_queue.items():
        if names:
            yield ok("workers", f"{queue}: {', '.join(names)}")
        else:
            yield problem(
                "workers",
                f"No live worker takes from the queue {queue}",
                f"Start one: celery -A server.worker:celery worker -Q {queue}; if one runs, see its log",
            )


def beat(_: Settings) -> Finding:
    """When beat's most frequent schedule last began."""
    with db.engine.connect() as connection:
        began = connection.scalar(select(ScheduleRun.started_at).where(ScheduleRun.name == SCHEDULE))
    if began is None:
        return warning(
            "beat",
            f"The schedule {SCHEDULE} has never run; it does so every {EVERY.seconds // 60} minutes",
            "If it stays so, start beat (celery -A server.worker:celery beat) and a worker of market tasks",
        )
    silent = datetime.now(UTC) - began
    sentence = f"The schedule {SCHEDULE} last began {silent.total_seconds() / 60:.0f} minutes ago"
    if silent < 2 * EVERY + timedelta(minutes=1):
        return ok("beat", sentence)
    return problem(
        "beat",
        f"{sentence}: lost runs are not picked up, forecasts not caught up",
        "Start beat (exactly one), and a worker for the queue market",
    )


CHECKS: dict[str, Check] = {"workers": workers, "beat": beat}
