"""Rows of forecasts, of their steps and of what happened to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Double, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.extensions import db


class Prediction(db.Model):  # type: ignore[name-defined]
    """One forecast. ``origin`` is the open of the last candle that it saw.

    ``trigger`` is ``request`` or ``schedule``. ``live`` says that the origin was the newest stored
    candle and lay behind the model's own data: only such forecasts count as live performance.
    Names of models are plain text: a forecast outlives the model that made it. ``last_seq`` numbers
    the events of the request's own room.
    """

    __tablename__ = "predictions"
    __table_args__ = (
        Index("ix_predictions_series", "ticker", "interval", "origin"),
        Index("ix_predictions_model", "model_id", "origin"),
        Index("ix_predictions_created_at", "created_at"),
        Index("ix_predictions_open", "ticker", "interval", postgresql_where=text("settled_steps < horizon")),
    )

    request_id: Mapped[str] = mapped_column(Text, primary_key=True)
    ticker: Mapped[str] = mapped_column(Text)
    interval: Mapped[str] = mapped_column(Text)
    model_id: Mapped[str] = mapped_column(Text)
    model_type: Mapped[str] = mapped_column(Text)
    model_version: Mapped[int]
    trigger: Mapped[str] = mapped_column(Text)
    live: Mapped[bool]
    origin: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    origin_close: Mapped[float] = mapped_column(Double)
    horizon: Mapped[int]
    settled_steps: Mapped[int] = mapped_column(default=0, server_default="0")
    requested: Mapped[dict[str, Any]] = mapped_column(JSONB)
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    last_seq: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class PredictionStep(db.Model):  # type: ignore[name-defined]
    """One step of a forecast; prices in quote currency.

    ``target_time`` is the open of the candle whose close is forecast. ``actual`` is that close and
    ``error`` is ``price - actual``; both are null until the candle is stored.
    """

    __tablename__ = "prediction_steps"

    request_id: Mapped[str] = mapped_column(
        ForeignKey("predictions.request_id", ondelete="CASCADE"), primary_key=True
    )
    step: Mapped[int] = mapped_column(primary_key=True)
    target_time: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    price: Mapped[float] = mapped_column(Double)
    lower_80: Mapped[float] = mapped_column(Double)
    upper_80: Mapped[float] = mapped_column(Double)
    lower_95: Mapped[float] = mapped_column(Double)
    upper_95: Mapped[float] = mapped_column(Double)
    confidence: Mapped[float | None] = mapped_column(Double)
    naive_price: Mapped[float] = mapped_column(Double)
    actual: Mapped[float | None] = mapped_column(Double)
    error: Mapped[float | None] = mapped_column(Double)


class PredictionLog(db.Model):  # type: ignore[name-defined]
    """The last number given out in the room of a ticker and interval."""

    __tablename__ = "prediction_logs"

    ticker: Mapped[str] = mapped_column(Text, primary_key=True)
    interval: Mapped[str] = mapped_column(Text, primary_key=True)
    last_seq: Mapped[int] = mapped_column(BigInteger)


class PredictionEvent(db.Model):  # type: ignore[name-defined]
    """One event, numbered twice: ``seq`` in the room of its series, ``request_seq`` in that of its request.

    An event that concerns no single forecast (a model that cannot be served, one that drifts) has no
    request. Rows are appended, never changed.
    """

    __tablename__ = "prediction_events"
    __table_args__ = (
        Index(
            "ix_prediction_events_request",
            "request_id",
            "request_seq",
            unique=True,
            postgresql_where=text("request_id IS NOT NULL"),
        ),
    )

    ticker: Mapped[str] = mapped_column(Text, primary_key=True)
    interval: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    request_id: Mapped[str | None] = mapped_column(Text)
    request_seq: Mapped[int | None]
    type: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
