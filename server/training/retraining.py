"""Training active models anew, with the candles that came since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import select, tuple_

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
    return db.session.scalars(query.order_by(Model.ticker, Model.interval, Model.model_type)).all()


def retrain(
    model_id: str, reason: str, settings: Settings, publisher: Publisher, enqueue: Enqueue
) -> TrainingSession | None:
    """Start a training with the specification of an active model, from its first candle to the newest.

    Once a UTC day a model at most, for whatever reasons: later calls return the first one's session.
    None when there is nothing to train for: the model is not active (any more), or no candle is newer
    than its own. Raises :class:`TooManyRequests` when no slot is free, :class:`InvalidInput` when too
    few of the model's candles are stored.
    """
    model: Model | None = db.session.get(Model, model_id, populate_existing=True)
    if model is None or model.status != ACTIVE:
        log.info("retraining.not_active", model_id=model_id, reason=reason)
        return None
    if not _has_newer_candles(model):
        log.info("retraining.no_newer_candles", model_id=model_id, reason=reason)
        return None
    request = {**resolve(_body(model)), "retrain_of": model_id, "retrain_reason": reason}
    key = f"retrain:{model_id}:{datetime.now(UTC).date()}"
    session = sessions.start(request, settings, publisher, enqueue, key)
    log.info("retraining.session", model_id=model_id, session_id=session.id, reason=reason)
    return session


def _has_newer_candles(model: Model) -> bool:
    stored = store.series_version(model.ticker, model.interval)
    return stored is not None and stored[1] > model.trained_until


def _body(model: Model) -> dict[str, Any]:
    """What a caller would send; without an end, so that a retry later in the day asks for the same."""
    return {**model.spec, "start_date": datetime.fromisoformat(model.data["start"]), "end_date": None}
