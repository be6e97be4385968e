"""The log of a session: append, commit, publish, in that order and nowhere else.

An event is a database row first. The room is the fast path: what a client saw is in the log, and
what is in the log reaches every client, by the room or by reading the log after its last ``seq``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any

import structlog
from sqlalchemy import select

from server.errors import NotFound
from server.extensions import db
from server.forecasters.contract import MODEL_TYPES
from server.market.moments import iso
from server.observability.metrics import TRAINING_SESSIONS
from server.realtime.publisher import Publisher
from server.realtime.rooms import ERROR_UPDATE, TRAINING_UPDATE, training_room
from server.training.events import ENDED, NewEvent, plain
from server.training.tables import TrainingEvent, TrainingSession
from server.training.transitions import apply

log = structlog.get_logger(__name__)

# Counters begin with 0: a first failure must be seen to raise one.
for _ended in product(MODEL_TYPES, sorted(ENDED)):
    TRAINING_SESSIONS.labels(*_ended)


class LeaseLost(Exception):
    """The writer no longer holds the session's lease: it was cancelled or given to another worker."""


def append(
    session_id: str,
    event: NewEvent,
    publisher: Publisher,
    *,
    held_by: str | None = None,
    **columns: Any,
) -> dict[str, Any]:
    """Append ``event``, commit, publish; the payload as it was stored.

    The session's row is locked while the event is numbered, so ``seq`` has no hole and no repeat
    however many processes write. A worker passes its lease's token as
    ``held_by`` and is refused with
    :class:`LeaseLost` when the lease is no longer its own. ``columns`` are written to the session
    in the same transaction. Raises :class:`NotFound`, and :class:`Conflict` when the session's
    status does not allow the event.
    """
    session = locked(session_id) if held_by is None else held(session_id, held_by)
    payload = write(session, event, **columns)
    commit(session, payload, publisher)
    return payload


def held(session_id: str, token: str) -> TrainingSession:
    """The session's row, locked, for the worker whose lease has ``token``. Raises :class:`LeaseLost`."""
    session = locked(session_id)
    if session.lease_token != token:
        db.session.rollback()
        raise LeaseLost(session_id)
    return session


def locked(session_id: str) -> TrainingSession:
    """The session's row, locked until the transaction ends. Raises :class:`NotFound`."""
    session: TrainingSession | None = db.session.get(
        TrainingSession, session_id, with_for_update=True, populate_existing=True
    )
    if session is None:
        raise unknown_session(session_id)
    return session


def unknown_session(session_id: str) -> NotFound:
    """The error for a session id that does not exist."""
    return NotFound(
        f"There is no training session {session_id!r}; GET /api/v1/train lists those that exist",
        field="session_id",
        value=session_id,
    )


def write(session: TrainingSession, event: NewEvent, **columns: Any) -> dict[str, Any]:
    """Number ``event`` and apply it to the locked ``session``; the caller commits and publishes."""
    now = datetime.now(UTC)
    session.take(apply(session.state(), event, now))
    for name, value in columns.items():
        setattr(session, name, value)
    session.last_seq += 1
    row = TrainingEvent(
        session_id=session.id,
        seq=session.last_seq,
        type=event.type,
        stage=session.stage,
        progress=session.progress,
        timestamp=now,
        data=plain(event.data),
    )
    db.session.add(row)
    return payload_of(row)


def commit(session: TrainingSession, payload: dict[str, Any], publisher: Publisher) -> None:
    """Make what was written durable, then tell the room; a failure goes out as ``error_update`` too."""
    model_type, status = session.model_type, session.status
    db.session.commit()
    log.info("training.event", session_id=payload["session_id"], seq=payload["seq"], type=payload["type"])
    if status in ENDED:
        TRAINING_SESSIONS.labels(model_type=model_type, status=status).inc()
    room = training_room(payload["session_id"])
    publisher.publish(room, TRAINING_UPDATE, payload)
    if payload["type"] == "failed":
        failure = {name: payload["data"].get(name) for name in ("error_code", "message", "details")}
        publisher.publish(room, ERROR_UPDATE, {"session_id": payload["session_id"], **failure})


def payload_of(event: TrainingEvent) -> dict[str, Any]:
    """The one shape in which an event leaves the server."""
    return {
        "session_id": event.session_id,
        "seq": event.seq,
        "type": event.type,
        "stage": event.stage,
        "progress": event.progress,
        "timestamp": iso(event.timestamp),
        "data": event.data,
    }


def read(
    session_id: str, after: int = 0, until: int | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """The events with ``after < seq <= until`` in order, at most ``limit``."""
    query = select(TrainingEvent).where(TrainingEvent.session_id == session_id, TrainingEvent.seq > after)
    if until is not None:
        query = query.where(TrainingEvent.seq <= until)
    events = db.session.scalars(query.order_by(TrainingEvent.seq).limit(limit))
    return [payload_of(event) for event in events]


def last_seqs(session_ids: list[str]) -> dict[str, int]:
    """The last ``seq`` of each of these sessions."""
    query = select(TrainingSession.id, TrainingSession.last_seq).where(TrainingSession.id.in_(session_ids))
    return {row.id: row.last_seq for row in db.session.execute(query)}
