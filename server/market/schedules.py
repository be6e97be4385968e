"""What is done again and again: when, and how the last run of each ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert

from server.errors import Conflict, NotFound, ServerError
from server.extensions import db
from server.market.backfilling import Backfills
from server.market.courtesy.breaker import CourtesyUnknown
from server.market.moments import iso
from server.market.tables import COMPLETED, FAILED, IN_PROGRESS, ScheduleRun
from server.market.upkeep import (
    Work,
    audit_series,
    clean_up,
    discover_coins,
    extend_history,
    extend_sample,
    refresh_prices,
)

LOST_AFTER = timedelta(minutes=10)
"""A run that has not ended by then may have died with its worker; two at a time do no harm."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """``when`` in words, ``crontab`` as Celery takes it (UTC; empty: only when asked for)."""

    name: str
    does: str
    when: str
    work: Work
    crontab: Mapping[str, str] = field(default_factory=dict)


SCHEDULES = {
    each.name: each
    for each in (
        Schedule(
            "prices",
            "Ask for the last prices of followed tickers",
            "every 5 minutes",
            refresh_prices,
            {"minute": "*/5"},
        ),
        # A little after the hour: by then exchanges have the candle that just ended.
        Schedule(
            "history",
            "Bring the candles of followed series up to now",
            "hourly, at minute 1",
            extend_history,
            {"minute": "1"},
        ),
        Schedule(
            "gaps",
            "Repair the gaps of followed series, and check all stored candles",
            "daily, 01:30 UTC",
            audit_series,
            {"hour": "1", "minute": "30"},
        ),
        Schedule(
            "discovery",
            "Ask which coins there are, and where they are traded",
            "daily, 02:00 UTC",
            discover_coins,
            {"hour": "2", "minute": "0"},
        ),
        Schedule(
            "cleanup",
            "Delete old candles of fine intervals that nobody needs",
            "weekly, Sunday 03:00 UTC",
            clean_up,
            {"day_of_week": "sun", "hour": "3", "minute": "0"},
        ),
        Schedule(
            "sample",
            "Bring the shipped series up to now",
            "when `make run` starts, unless MARKET_BACKFILL_ON_START is false",
            extend_sample,
        ),
    )
}


def require(name: str) -> Schedule:
    """The schedule of this name. Raises :class:`NotFound`, naming those there are."""
    if name not in SCHEDULES:
        known = list(SCHEDULES)
        raise NotFound(f"There is no schedule {name!r}; there are {', '.join(known)}", name=name, known=known)
    return SCHEDULES[name]


def run(name: str, backfills: Backfills, owner: str) -> dict[str, Any]:
    """Do what the schedule does, and note how it ended; the noted run.

    Raises :class:`Conflict` while it runs already.
    """
    schedule = require(name)
    _begin(name)
    try:
        result = schedule.work(backfills, owner)
    except (ServerError, RedisError) as error:
        failure = CourtesyUnknown(error) if isinstance(error, RedisError) else error
        told = {"error_code": failure.code, "message": failure.message, "details": failure.details}
        return _end(name, status=FAILED, error=told)
    return _end(name, status=COMPLETED, result=result)


def listing() -> list[dict[str, Any]]:
    """Every schedule with its last run."""
    rows = db.session.scalars(select(ScheduleRun).execution_options(populate_existing=True))
    runs = {row.name: row for row in rows}
    return [
        {
            "name": each.name,
            "does": each.does,
            "when": each.when,
            "last_run": _shown(runs[each.name]) if each.name in runs else None,
        }
        for each in SCHEDULES.values()
    ]


def _begin(name: str) -> None:
    now = func.clock_timestamp()
    begun = insert(ScheduleRun).values(name=name, status=IN_PROGRESS, started_at=now)
    free = or_(ScheduleRun.status != IN_PROGRESS, ScheduleRun.started_at < now - LOST_AFTER)
    again = {"status": IN_PROGRESS, "started_at": now, "finished_at": None, "result": None, "error": None}
    statement = begun.on_conflict_do_update(index_elements=["name"], set_=again, where=free)
    begins = db.session.scalar(statement.returning(ScheduleRun.name))
    db.session.commit()
    if begins is None:
        raise Conflict(f"The schedule {name} runs already", error_code="schedule_runs", name=name)


def _end(name: str, **told: Any) -> dict[str, Any]:
    row = db.session.get_one(ScheduleRun, name, populate_existing=True)
    for column, value in {**told, "finished_at": func.clock_timestamp()}.items():
        setattr(row, column, value)
    db.session.commit()
    return _shown(row)


def _shown(row: ScheduleRun) -> dict[str, Any]:
    return {
        "status": row.status,
        "started_at": iso(row.started_at),
        "finished_at": iso(row.finished_at),
        "result": row.result,
        "error": row.error,
    }
