"""Sessions as workers hold and lose them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from server.extensions import db
from server.training import lease, log
from server.training.tables import TrainingSession
from tests.training.recording import RecordingPublisher


def claimed(session: TrainingSession, publisher: RecordingPublisher, seconds: float = 60) -> lease.Lease:
    """The lease of a worker that took the session."""
    held = lease.claim(session.id, "here:1", seconds, publisher)
    assert held is not None
    return held


def expire(session_id: str) -> None:
    """The worker has not renewed its lease for a minute."""
    past = datetime.now(UTC) - timedelta(minutes=1)
    db.session.execute(
        update(TrainingSession).where(TrainingSession.id == session_id).values(lease_expires_at=past)
    )
    db.session.commit()


def types_of(session_id: str) -> list[str]:
    """The types of the session's events, in order."""
    return [event["type"] for event in log.read(session_id)]
