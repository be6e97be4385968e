"""Training active models anew, with the candles that came since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import DateTime, cast, exists, func, select, tuple_
from sqlalchemy.orm import Session

from server.config import Settings
from server.extensions import db
from server.market import store
from server.realtime.publisher import Publisher
from server.registry.tables import ACTIVE, Model
from server.training import sessions
from server.training.ranges import resolve
from server.training.sessions import Enqueue
from server.training.tables import TrainingSession

log = structlog.get_logger(__name__)


def due(series: Sequence[tuple[str, str]]) -> Sequence[str]:
    """The ids of the active models of these series (ticker and interval)."""
    query = select(Model.id).where(Model.status == ACTIVE, tuple_(Model.ticker, Model.interval).in_(series))
    with db.engine.connect() as connection:
        return connection.scalars(query.order_by(Model.ticker, Model.interval, Model.model_type)).all()


def overlooked() -> list[tuple[str, str]]:
    """Active models that drift and for which no training was started since: their ids, and why they drift.

    The message that a model drifts is sent once, and lost when the broker is away. Compared by UTC days:
    a training of the same day is the one that the message would have started.
    """
    since = func.date_trunc("day", cast(Model.drift["since"].astext, DateTime(timezone=True)), "UTC")
    started = exists().where(
        TrainingSession.params["retrain_of"].astext == Model.id, TrainingSession.created_at >= since
    )
    drifting = select(Model.id, Model.drift["reason"].astext).where(
        Model.status == ACTIVE, Model.drift.is_not(None), ~started
    )
    with db.engine.connect() as connection:
        return [(model_id, reason) for model_id, reason in connection.execute(drifting.order_by(Model.id))]


def retrain(
    model_id: str,
    reason: str,
    settings: Settings,
    publisher: Publisher,
    enqueue: Enqueue,
    now: datetime | None = None,
) -> TrainingSession | None:
    """Start a training with the specification of an active model, from its first candle to the newest.

    Once a UTC day a model at most, for whatever reasons: later calls return the first one's session.
    None when there is nothing to train for: the model is not active (any more), or no candle is newer
    than its own. Raises :class:`TooManyRequests` when no slot is free, :class:`InvalidInput` when too
    few of the model's candles are stored.
    """
    with Session(db.engine) as reading:
        model = reading.get(Model, model_id)
    if model is None or model.status != ACTIVE:
        log.info("retraining.not_active", model_id=model_id, reason=reason)
        return None
    if not _has_newer_candles(model):
        log.info("retraining.no_newer_candles", model_id=model_id, reason=reason)
        return None
    request = {**resolve(_body(model)), "retrain_of": model_id, "retrain_reason": reason}
    key = f"retrain:{model_id}:{(now or datetime.now(UTC)).date()}"
    session = sessions.start(request, settings, publisher, enqueue, key)
    log.info("retraining.session", model_id=model_id, session_id=session.id, reason=reason)
    return session


def _has_newer_candles(model: Model) -> bool:
    stored = store.series_version(model.ticker, model.interval)
    return stored is not None and stored[1] > model.trained_until


def _body(model: Model) -> dict[str, Any]:
    """What a caller would send; without an end, so that a retry later in the day asks for the same."""
    return {**model.spec, "start_date": datetime.fromisoformat(model.data["start"]), "end_date": None}
