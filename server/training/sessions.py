"""Sessions from the outside: start, look at, cancel, prune.

Everything here is one transaction and one publish. What must happen elsewhere (a message on the
queue) is a callable handed in, called after the commit.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, and_, delete, func, select, text

from server.config import Settings
from server.errors import Conflict, InvalidInput, TooManyRequests
from server.extensions import db
from server.market.moments import iso
from server.observability.metrics import (
    TRAINING_ACTIVE_SESSIONS,
    TRAINING_PROGRESS_AGE,
    TRAINING_QUEUE_DEPTH,
)
from server.realtime.publisher import Publisher
from server.realtime.rooms import training_room
from server.training import log as session_log
from server.training.events import ACTIVE, ENDED, IN_PROGRESS, PENDING, NewEvent
from server.training.lease import RELEASED
from server.training.ordering import NEWEST_FIRST, ordering
from server.training.tables import TrainingEvent, TrainingSession

Enqueue = Callable[[str], None]

# One advisory lock makes "count the slots, then take one" atomic across all web processes.
SLOTS_LOCK = 7_270_431
RETRY_AFTER_SECONDS = 30


def start(
    request: dict[str, Any],
    settings: Settings,
    publisher: Publisher,
    enqueue: Enqueue,
    idempotency_key: str | None = None,
) -> TrainingSession:
    """Create a PENDING session with its ``queued`` event, commit, publish, then enqueue it.

    ``request`` is a loaded ``StartTraining`` with ``start`` and ``end`` resolved to the stored
    candles' range. The same ``idempotency_key`` with the same request returns the session that it
    made before; with another request it raises :class:`Conflict`. Raises :class:`TooManyRequests`
    when ``MAX_TRAINING_SESSIONS`` sessions wait or run.
    """
    db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SLOTS_LOCK})
    existing = _made_before(idempotency_key, request)
    if existing is not None:
        db.session.rollback()
        return existing
    _take_slot(settings.max_training_sessions)
    session = _new_session(request, idempotency_key)
    db.session.add(session)
    db.session.flush()
    payload = session_log.write(session, NewEvent("queued", {"queue_position": queue_position(session)}))
    session_log.commit(session, payload, publisher)
    # Not session.id: read anew after the commit, it would keep a connection for as long as the broker takes.
    enqueue(payload["session_id"])
    return session


def _made_before(idempotency_key: str | None, request: dict[str, Any]) -> TrainingSession | None:
    if idempotency_key is None:
        return None
    found = select(TrainingSession).where(TrainingSession.idempotency_key == idempotency_key)
    session: TrainingSession | None = db.session.scalar(found)
    if session is not None and session.params["requested"] != request["requested"]:
        db.session.rollback()
        raise Conflict(
            "This Idempotency-Key was used for another training; send a new key with new parameters",
            error_code="idempotency_key_reused",
            field="Idempotency-Key",
            value=idempotency_key,
        )
    return session


def _take_slot(max_sessions: int) -> None:
    count = count_active()
    if count >= max_sessions:
        db.session.rollback()
        raise TooManyRequests(
            f"{count} of {max_sessions} training sessions wait or run; wait for one to end or cancel one",
            error_code="no_training_slot",
            retry_after=RETRY_AFTER_SECONDS,
            count=count,
            max_sessions=max_sessions,
        )


def _new_session(request: dict[str, Any], idempotency_key: str | None) -> TrainingSession:
    params = {name: value for name, value in request.items() if name not in ("start", "end")}
    params["start_date"], params["end_date"] = iso(request["start"]), iso(request["end"])
    if params.get("seed") is None:
        params["seed"] = secrets.randbelow(2**31)
    return TrainingSession(
        id=uuid.uuid4().hex,
        ticker=request["ticker"],
        interval=request["interval"],
        model_type=request["model_type"],
        params=params,
        status=PENDING,
        epoch=0,
        total_epochs=request["epochs"],
        progress=0.0,
        attempt=0,
        crashes=0,
        last_seq=0,
        created_at=datetime.now(UTC),
        enqueued_at=datetime.now(UTC),
        idempotency_key=idempotency_key,
    )


def get(session_id: str) -> TrainingSession:
    """The session. Raises :class:`NotFound`."""
    session: TrainingSession | None = db.session.get(TrainingSession, session_id, populate_existing=True)
    if session is None:
        raise session_log.unknown_session(session_id)
    return session


def waits(session_id: str) -> bool:
    """Whether the session is there and still waits for a worker."""
    query = select(TrainingSession.status).where(TrainingSession.id == session_id)
    return db.session.scalar(query) == PENDING


def cancel(session_id: str, publisher: Publisher) -> TrainingSession:
    """End a waiting or running session as CANCELLED, at once.

    Clearing the lease in the same transaction is what stops the work: the worker's next event or
    renewal is refused, and it leaves. Raises :class:`Conflict` when the session has ended.
    """
    session = session_log.locked(session_id)
    if session.status in ENDED:
        status = session.status
        db.session.rollback()
        raise Conflict(
            f"Session {session_id} has already ended ({status}); there is nothing to cancel",
            error_code="session_ended",
            status=status,
        )
    payload = session_log.write(session, NewEvent("cancelled", {"epoch": session.epoch}), **RELEASED)
    session_log.commit(session, payload, publisher)
    return session


def count_active() -> int:
    """Sessions that hold a slot: waiting or running."""
    query = select(func.count()).select_from(TrainingSession).where(TrainingSession.status.in_(ACTIVE))
    return int(db.session.scalar(query) or 0)


def gauges() -> dict[str, float]:
    """How many sessions wait and run now, and the longest silence of one that runs, by name of the gauge."""
    query = select(TrainingSession.status, func.count().label("sessions")).where(
        TrainingSession.status.in_(ACTIVE)
    )
    with db.engine.connect() as connection:
        rows = connection.execute(query.group_by(TrainingSession.status)).all()
    counts = {row.status: row.sessions for row in rows}
    return {
        TRAINING_QUEUE_DEPTH: float(counts.get(PENDING, 0)),
        TRAINING_ACTIVE_SESSIONS: float(counts.get(IN_PROGRESS, 0)),
        TRAINING_PROGRESS_AGE: longest_silence(),
    }


def longest_silence() -> float:
    """Seconds since the last event of the running session that has had none for longest; 0 when none runs."""
    last_event = and_(
        TrainingEvent.session_id == TrainingSession.id, TrainingEvent.seq == TrainingSession.last_seq
    )
    query = select(func.min(TrainingEvent.timestamp)).join(TrainingSession, last_event)
    with db.engine.connect() as connection:
        oldest = connection.scalar(query.where(TrainingSession.status == IN_PROGRESS))
    return 0.0 if oldest is None else max(0.0, (datetime.now(UTC) - oldest).total_seconds())


def running() -> Sequence[TrainingSession]:
    """Sessions that wait or run, oldest first."""
    query = select(TrainingSession).where(TrainingSession.status.in_(ACTIVE))
    return db.session.scalars(query.order_by(TrainingSession.created_at)).all()


def history(
    filters: dict[str, Any], page: int, page_size: int, sort: str = NEWEST_FIRST
) -> tuple[Sequence[TrainingSession], int]:
    """One page of sessions in the order of ``sort`` (see ``ordering.py``), and how many match in all."""
    query = select(TrainingSession).filter_by(**filters)
    total = db.session.scalar(select(func.count()).select_from(query.subquery()))
    ordered = query.order_by(*ordering(sort))
    rows = db.session.scalars(ordered.limit(page_size).offset((page - 1) * page_size)).all()
    return rows, int(total or 0)


def queue_position(session: TrainingSession) -> int | None:
    """How many waiting sessions come up to and including this one; ``None`` once it is claimed."""
    if session.status != PENDING:
        return None
    before = select(func.count()).where(
        TrainingSession.status == PENDING, TrainingSession.created_at <= session.created_at
    )
    return max(1, int(db.session.scalar(before) or 0))


def snapshot(session: TrainingSession) -> dict[str, Any]:
    """A session as clients see it: the body of the status call and of ``joined_training``."""
    return {
        "session_id": session.id,
        "room": training_room(session.id),
        "ticker": session.ticker,
        "interval": session.interval,
        "model_type": session.model_type,
        "status": session.status,
        "stage": session.stage,
        "progress": {
            "percentage": session.progress,
            "epoch": session.epoch,
            "total_epochs": session.total_epochs,
            "eta_seconds": session.eta_seconds,
        },
        "queue_position": queue_position(session),
        "attempt": session.attempt,
        "params": {name: value for name, value in session.params.items() if name != "requested"},
        "metrics": session.metrics,
        "baseline": session.baseline,
        "model_id": session.model_id,
        "error": session.error,
        "last_seq": session.last_seq,
        "created_at": iso(session.created_at),
        "started_at": iso(session.started_at),
        "finished_at": iso(session.finished_at),
    }


def prunable(older_than_days: int, keep: int) -> Sequence[str]:
    """Ended sessions older than this many days, apart from the ``keep`` newest ended ones."""
    if older_than_days < 0 or keep < 0:
        raise InvalidInput("older_than_days and keep must not be negative", field="older_than_days")
    ended = select(TrainingSession.id).where(TrainingSession.status.in_(ENDED))
    kept = ended.order_by(TrainingSession.finished_at.desc()).limit(keep)
    limit = datetime.now(UTC) - timedelta(days=older_than_days)
    return db.session.scalars(
        ended.where(TrainingSession.finished_at <= limit, TrainingSession.id.not_in(kept))
    ).all()


def prune(session_ids: Sequence[str]) -> int:
    """Delete these ended sessions with their events; the number deleted. Models stay."""
    deleted: CursorResult[Any] = db.session.execute(  # type: ignore[assignment]
        delete(TrainingSession).where(TrainingSession.id.in_(session_ids), TrainingSession.status.in_(ENDED))
    )
    db.session.commit()
    return deleted.rowcount
