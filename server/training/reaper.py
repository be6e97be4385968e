"""Picking up what was lost: runs whose worker died, and sessions whose message never arrived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, or_, select

from server.config import Settings
from server.extensions import db
from server.realtime.publisher import Publisher
from server.training import log as session_log
from server.training.events import IN_PROGRESS, PENDING
from server.training.lease import RELEASED
from server.training.sessions import Enqueue
from server.training.tables import TrainingSession
from server.training.transitions import lost_worker

log = structlog.get_logger(__name__)


def reap(settings: Settings, publisher: Publisher, enqueue: Enqueue) -> list[str]:
    """Pick up runs whose worker died and waiting runs whose message was lost; the ids acted on."""
    picked_up = [session_id for session_id in _expired() if _pick_up(session_id, settings, publisher)]
    waiting = _unclaimed(settings.requeue_seconds)
    for session_id in {*picked_up, *waiting}:
        enqueue(session_id)
    return [*picked_up, *waiting]


def _expired() -> Sequence[str]:
    query = select(TrainingSession.id).where(
        TrainingSession.status == IN_PROGRESS, TrainingSession.lease_expires_at < func.clock_timestamp()
    )
    ids = db.session.scalars(query).all()
    db.session.rollback()
    return ids


def _pick_up(session_id: str, settings: Settings, publisher: Publisher) -> bool:
    session: TrainingSession | None = db.session.scalar(
        select(TrainingSession)
        .where(
            TrainingSession.id == session_id,
            TrainingSession.status == IN_PROGRESS,
            TrainingSession.lease_expires_at < func.clock_timestamp(),
        )
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if session is None:
        db.session.rollback()
        return False
    log.warning("lease.expired", session_id=session_id, owner=session.lease_owner)
    event = lost_worker(session.state(), settings.training_max_attempts)
    columns: dict[str, Any] = {**RELEASED, "enqueued_at": datetime.now(UTC)}
    if event.type == "failed":
        columns["error"] = dict(event.data)
    payload = session_log.write(session, event, **columns)
    session_log.commit(session, payload, publisher)
    return event.type == "requeued"


def _unclaimed(seconds: float) -> list[str]:
    """Waiting sessions sent to the queue long ago, marked as sent again now."""
    now = datetime.now(UTC)
    query = (
        select(TrainingSession)
        .where(
            TrainingSession.status == PENDING,
            or_(
                TrainingSession.enqueued_at.is_(None),
                TrainingSession.enqueued_at < now - timedelta(seconds=seconds),
            ),
        )
        .with_for_update(skip_locked=True)
    )
    sessions = db.session.scalars(query).all()
    for session in sessions:
        session.enqueued_at = now
    ids = [session.id for session in sessions]
    db.session.commit()
    return ids
