"""Rows of trained models, of which one was active when, and of the width of their intervals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.extensions import db

CANDIDATE, ACTIVE, ARCHIVED = "candidate", "active", "archived"
STATUSES = (CANDIDATE, ACTIVE, ARCHIVED)


class Model(db.Model):  # type: ignore[name-defined]
    """One trained model. Models of the same ticker, interval and type are of one *kind*.

    ``skill`` is that of the test part (1 - rmse / rmse of naive), kept beside the whole report for
    sorting. ``comparison`` is what was measured against the model that was active when this one was
    registered; ``reason`` says in words why it has its status. ``fault`` is set while its artifact
    cannot be served, ``drift`` while its live figures are out of band.
    """

    __tablename__ = "models"
    __table_args__ = (
        UniqueConstraint("ticker", "interval", "model_type", "version"),
        Index(
            "ix_models_active",
            "ticker",
            "interval",
            "model_type",
            unique=True,
            postgresql_where=text("status = 'active'"),
        ),
        Index("ix_models_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    ticker: Mapped[str] = mapped_column(Text)
    interval: Mapped[str] = mapped_column(Text)
    model_type: Mapped[str] = mapped_column(Text)
    version: Mapped[int]
    status: Mapped[str] = mapped_column(Text, default=CANDIDATE)
    reason: Mapped[str] = mapped_column(Text)

    lookback: Mapped[int]
    horizon: Mapped[int]
    spec: Mapped[dict[str, Any]] = mapped_column(JSONB)
    metrics: Mapped[dict[str, Any]] = mapped_column(JSONB)
    baseline: Mapped[dict[str, Any]] = mapped_column(JSONB)
    skill: Mapped[float | None]
    comparison: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    trained_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    files: Mapped[dict[str, Any]] = mapped_column(JSONB)
    size_bytes: Mapped[int] = mapped_column(BigInteger)

    fault: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    drift: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    activated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Activation(db.Model):  # type: ignore[name-defined]
    """One change of the active model of a kind. Rows are appended, never changed, and outlive models."""

    __tablename__ = "model_activations"
    __table_args__ = (Index("ix_model_activations_kind", "ticker", "interval", "model_type", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    ticker: Mapped[str] = mapped_column(Text)
    interval: Mapped[str] = mapped_column(Text)
    model_type: Mapped[str] = mapped_column(Text)
    model_id: Mapped[str] = mapped_column(Text)
    previous_model_id: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    activated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class IntervalWidth(db.Model):  # type: ignore[name-defined]
    """How much wider or narrower than calibrated a model's intervals are from ``origin`` on.

    ``factors_80`` and ``factors_95`` have one factor a step. One row a candle and served model, so
    that a forecast from an earlier candle uses what was known then.
    """

    __tablename__ = "model_interval_widths"

    model_id: Mapped[str] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), primary_key=True)
    origin: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    factors_80: Mapped[list[float]] = mapped_column(ARRAY(Double))
    factors_95: Mapped[list[float]] = mapped_column(ARRAY(Double))
