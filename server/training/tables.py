"""Rows of sessions and of their events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.extensions import db
from server.training.events import PENDING
from server.training.transitions import State

STATE_FIELDS = tuple(State.__dataclass_fields__)


class TrainingSession(db.Model):  # type: ignore[name-defined]
    """One requested training, from ``queued`` to its end."""

    __tablename__ = "training_sessions"
    __table_args__ = (
        Index("ix_training_sessions_active", "created_at", postgresql_where=text("finished_at IS NULL")),
        Index("ix_training_sessions_ticker_interval", "ticker", "interval"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    ticker: Mapped[str] = mapped_column(Text)
    interval: Mapped[str] = mapped_column(Text)
    model_type: Mapped[str] = mapped_column(Text)
    params: Mapped[dict[str, Any]] = mapped_column(JSONB)

    status: Mapped[str] = mapped_column(Text, default=PENDING)
    stage: Mapped[str | None] = mapped_column(Text)
    epoch: Mapped[int] = mapped_column(default=0)
    total_epochs: Mapped[int]
    progress: Mapped[float] = mapped_column(default=0.0)
    attempt: Mapped[int] = mapped_column(default=0)
    crashes: Mapped[int] = mapped_column(default=0)
    eta_seconds: Mapped[float | None]
    last_seq: Mapped[int] = mapped_column(default=0)

    metrics: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    baseline: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    model_id: Mapped[str | None] = mapped_column(Text)
    data_fingerprint: Mapped[str | None] = mapped_column(Text)
    idempotency_key: Mapped[str | None] = mapped_column(Text, unique=True)

    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    enqueued_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    lease_token: Mapped[str | None] = mapped_column(Text)
    lease_owner: Mapped[str | None] = mapped_column(Text)
    lease_expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    def state(self) -> State:
        """The part of the row that events change."""
        return State(**{name: getattr(self, name) for name in STATE_FIELDS})

    def take(self, state: State) -> None:
        """Write a decided state back to the row."""
        for name in STATE_FIELDS:
            setattr(self, name, getattr(state, name))


class TrainingEvent(db.Model):  # type: ignore[name-defined]
    """One numbered event of one session. Rows are appended, never changed."""

    __tablename__ = "training_events"

    session_id: Mapped[str] = mapped_column(
        ForeignKey("training_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    stage: Mapped[str | None] = mapped_column(Text)
    progress: Mapped[float]
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
