"""Jobs on a series: one at a time for each, run by one worker at a time, by a lease.

Every change is a row first and then a message with the whole state: a client that missed one has it
all with the next. All times are the database's.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import CursorResult, Select, and_, delete, func, literal, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.elements import ColumnElement

from server.errors import Conflict, NotFound, ServerError
from server.extensions import db
from server.market.candles import require_interval, require_ticker
from server.market.moments import iso
from server.market.tables import CANCELLED, IN_PROGRESS, PENDING, MarketJob
from server.realtime.publisher import Publisher
from server.realtime.rooms import MARKET_JOB, market_room

ACTIVE = (PENDING, IN_PROGRESS)
UNCLAIMED_SECONDS = 60.0
"""A waiting job that nobody claimed for so long is sent to the queue again."""
KEPT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs, and how clients are told of them. Called within an application context."""

    publisher: Publisher
    lease_seconds: float = 120.0

    def start(self, kind: str, ticker: str, interval: str, params: Mapping[str, Any]) -> MarketJob:
        """A new waiting job. Raises :class:`Conflict` while another one of the series is active."""
        require_ticker(ticker)
        require_interval(interval)
        job = MarketJob(
            id=uuid.uuid4().hex, kind=kind, ticker=ticker, interval=interval, params=dict(params), last_seq=1
        )
        db.session.add(job)
        try:
            db.session.flush()
        except IntegrityError as error:
            db.session.rollback()
            raise _busy(ticker, interval) from error
        db.session.refresh(job)
        return self._told(job)

    def claim(self, job_id: str, owner: str) -> MarketJob | None:
        """The job, now run by ``owner``; None when it has ended, is not due, or somebody else runs it."""
        free = or_(MarketJob.status == PENDING, MarketJob.leased_until < _now())
        due = and_(MarketJob.status.in_(ACTIVE), MarketJob.due_at <= _now(), free)
        return self._change(
            job_id,
            due,
            status=IN_PROGRESS,
            owner=owner,
            leased_until=self._lease(),
            started_at=func.coalesce(MarketJob.started_at, _now()),
            attempts=MarketJob.attempts + 1,
        )

    def advance(self, job_id: str, owner: str, percentage: float, counts: Mapping[str, Any]) -> bool:
        """Note how far the job is and renew the lease; whether ``owner`` is to go on."""
        job = self._change(
            job_id,
            _owned(owner),
            percentage=percentage,
            counts=dict(counts),
            leased_until=self._lease(),
            attempts=1,
        )
        return job is not None and not job.cancel_requested

    def end(
        self, job_id: str, owner: str, status: str, error: ServerError | None = None, **told: Any
    ) -> MarketJob | None:
        """Note the end; None when ``owner`` does not run it any more. ``told``: further columns."""
        return self._change(
            job_id,
            _owned(owner),
            status=status,
            error=None if error is None else _told_error(error),
            finished_at=_now(),
            owner=None,
            leased_until=None,
            **told,
        )

    def hand_back(
        self, job_id: str, owner: str, seconds: float = 0.0, error: ServerError | None = None, **told: Any
    ) -> MarketJob | None:
        """Let another worker, or a later attempt, go on after ``seconds``. ``told``: further columns."""
        return self._change(
            job_id,
            _owned(owner),
            status=PENDING,
            error=None if error is None else _told_error(error),
            owner=None,
            leased_until=None,
            due_at=_later(seconds),
            **told,
        )

    def cancel(self, job_id: str) -> MarketJob:
        """Ask a running job to end, or end a waiting one. Raises :class:`Conflict` when it has ended."""
        waiting = self._change(
            job_id, MarketJob.status == PENDING, status=CANCELLED, finished_at=_now(), cancel_requested=True
        )
        asked = waiting or self._change(job_id, MarketJob.status == IN_PROGRESS, cancel_requested=True)
        if asked is not None:
            return asked
        job = get(job_id)
        raise Conflict(
            f"The job {job_id} has ended already: {job.status}",
            error_code="job_ended",
            job_id=job_id,
            status=job.status,
        )

    def _change(self, job_id: str, condition: ColumnElement[bool], **values: Any) -> MarketJob | None:
        statement = (
            update(MarketJob)
            .where(MarketJob.id == job_id, condition)
            .values(last_seq=MarketJob.last_seq + 1, **values)
            .returning(MarketJob)
            .execution_options(populate_existing=True, synchronize_session=False)
        )
        job = db.session.scalars(statement).one_or_none()
        if job is None:
            db.session.rollback()
            return None
        return self._told(job)

    def _told(self, job: MarketJob) -> MarketJob:
        # Bound to no session: whoever looks at it while the job runs, for minutes, opens no transaction.
        db.session.expunge(job)
        db.session.commit()
        self.publisher.publish(market_room(job.ticker, job.interval), MARKET_JOB, payload(job))
        return job

    def _lease(self) -> ColumnElement[Any]:
        return _later(self.lease_seconds)


def get(job_id: str) -> MarketJob:
    """The job. Raises :class:`NotFound`."""
    job = db.session.get(MarketJob, job_id, populate_existing=True)
    if job is None:
        raise NotFound(f"There is no market job {job_id}", job_id=job_id)
    return job


def listing(
    ticker: str | None = None, interval: str | None = None, status: str | None = None, limit: int = 100
) -> list[MarketJob]:
    """The last jobs, newest first; None: of any."""
    query: Select[tuple[MarketJob]] = select(MarketJob)
    for name, value in {"ticker": ticker, "interval": interval, "status": status}.items():
        if value is not None:
            query = query.filter_by(**{name: value})
    ordered = query.order_by(MarketJob.created_at.desc(), MarketJob.id).limit(limit)
    return list(db.session.scalars(ordered.execution_options(populate_existing=True)))


def active(ticker: str, interval: str) -> MarketJob | None:
    """The job of the series that waits or runs."""
    query = select(MarketJob).where(
        MarketJob.ticker == ticker, MarketJob.interval == interval, MarketJob.status.in_(ACTIVE)
    )
    return db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def lost() -> list[str]:
    """Jobs that nobody runs though they are due: their worker died, or their message was lost."""
    unclaimed = and_(MarketJob.status == PENDING, MarketJob.due_at < _later(-UNCLAIMED_SECONDS))
    orphaned = and_(MarketJob.status == IN_PROGRESS, MarketJob.leased_until < _now())
    return list(db.session.scalars(select(MarketJob.id).where(or_(unclaimed, orphaned))))


def seconds_until_due(job_id: str) -> float:
    """How long a waiting job is to wait still."""
    seconds = func.extract("epoch", MarketJob.due_at - _now())
    return max(0.0, float(db.session.scalar(select(seconds).where(MarketJob.id == job_id)) or 0.0))


def prune() -> int:
    """Forget jobs that ended long ago; how many."""
    old = delete(MarketJob).where(MarketJob.finished_at < _later(-KEPT_DAYS * 86_400))
    deleted: CursorResult[Any] = db.session.execute(old)  # type: ignore[assignment]
    db.session.commit()
    return deleted.rowcount


def payload(job: MarketJob) -> dict[str, Any]:
    """A job as clients see it."""
    return {
        "job_id": job.id,
        "kind": job.kind,
        "ticker": job.ticker,
        "interval": job.interval,
        "params": job.params,
        "status": job.status,
        "percentage": job.percentage,
        "counts": job.counts,
        "error": job.error,
        "cancel_requested": job.cancel_requested,
        "last_seq": job.last_seq,
        "created_at": iso(job.created_at),
        "started_at": iso(job.started_at),
        "finished_at": iso(job.finished_at),
    }


def _owned(owner: str) -> ColumnElement[bool]:
    return and_(MarketJob.status == IN_PROGRESS, MarketJob.owner == owner)


def _now() -> ColumnElement[Any]:
    # Not now(): that is the beginning of the transaction.
    return func.clock_timestamp()


def _later(seconds: float) -> ColumnElement[Any]:
    return _now() + literal(timedelta(seconds=seconds))


def _told_error(error: ServerError) -> dict[str, Any]:
    return {"error_code": error.code, "message": error.message, "details": error.details}


def _busy(ticker: str, interval: str) -> Conflict:
    running = active(ticker, interval)
    return Conflict(
        f"A job on {ticker} {interval} is active already; wait for its end or cancel it",
        error_code="job_active",
        job_id=None if running is None else running.id,
        ticker=ticker,
        interval=interval,
    )
