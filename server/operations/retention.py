"""What has been kept for long enough, by the RETENTION settings; by default everything is kept.

Never touched: candles (the market domain has settings of its own for them), active models, sessions that
have not ended, the history of activations, and what live figures of models are computed from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

import structlog
from sqlalchemy import CursorResult, Select, and_, delete, exists, func, or_, select, tuple_

from server.config import Settings
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.prediction.tables import Prediction, PredictionEvent, PredictionStep
from server.registry import retention as registry
from server.training import sessions

log = structlog.get_logger(__name__)

SESSIONS, FORECASTS, EVENTS, MODELS = "ended sessions", "forecasts", "events of forecasts", "models"
ROWS_AT_A_TIME: Final = 1_000
"""Rows deleted in one transaction: none of them holds others up for long."""
_NOT_LOADED: Final = {"synchronize_session": False}
_EVENT_KEY: Final = (PredictionEvent.ticker, PredictionEvent.interval, PredictionEvent.seq)


class Clearable(Protocol):
    """The checkpoints of one session."""

    def clear(self) -> None:
        """Forget them all."""
        ...


def due(settings: Settings) -> dict[str, int]:
    """How many of each would go now."""
    gone = {SESSIONS: len(_sessions(settings)), FORECASTS: 0, EVENTS: 0, MODELS: len(_models(settings))}
    if limit := _forecast_limit(settings):
        gone[FORECASTS] = int(db.session.scalar(_counted(_old_forecasts(limit))) or 0)
        gone[EVENTS] = int(db.session.scalar(_counted(_old_events(limit))) or 0)
    return gone


def tidy(
    settings: Settings, artifacts: ArtifactStore, checkpoints: Callable[[str], Clearable]
) -> dict[str, int]:
    """Delete what is due; how many of each went. A tidying that is cut off goes on the next time."""
    session_ids = _sessions(settings)
    for session_id in session_ids:
        checkpoints(session_id).clear()
    gone = {SESSIONS: sessions.prune(session_ids), FORECASTS: 0, EVENTS: 0}
    if limit := _forecast_limit(settings):
        gone[FORECASTS] = _delete(Prediction, Prediction.request_id, _old_forecasts(limit))
        gone[EVENTS] = _delete(PredictionEvent, tuple_(*_EVENT_KEY), _old_events(limit))
    # What a transaction of this session still holds must not keep the store waiting.
    model_ids = [model.id for model in _models(settings)]
    db.session.rollback()
    gone[MODELS] = registry.prune(model_ids, artifacts)
    log.info("retention.tidied", **{what.replace(" ", "_"): count for what, count in gone.items()})
    return gone


def rule_of(what: str, settings: Settings) -> str:
    """The setting behind it, in words."""
    name, value = {
        SESSIONS: ("RETENTION_SESSION_DAYS", settings.retention_session_days),
        FORECASTS: ("RETENTION_PREDICTION_DAYS", settings.retention_prediction_days),
        EVENTS: ("RETENTION_PREDICTION_DAYS", settings.retention_prediction_days),
        MODELS: ("RETENTION_MODELS_KEPT", settings.retention_models_kept),
    }[what]
    return f"{name}={value}" if value else f"{name}=0 keeps all"


def _sessions(settings: Settings) -> Sequence[str]:
    days = settings.retention_session_days
    return sessions.prunable(days, keep=0) if days else []


def _models(settings: Settings) -> Sequence[Any]:
    kept = settings.retention_models_kept
    return registry.prunable(kept) if kept else []


def _forecast_limit(settings: Settings) -> datetime | None:
    """Older than this may go: never what the live figures of a model are computed from."""
    if not settings.retention_prediction_days:
        return None
    days = max(settings.retention_prediction_days, settings.drift_window_days)
    return datetime.now(UTC) - timedelta(days=days)


def _old_forecasts(limit: datetime) -> Select[Any]:
    """Forecasts whose last step lies before ``limit``, whether its candle ever came or not."""
    later_step = exists().where(
        PredictionStep.request_id == Prediction.request_id, PredictionStep.target_time >= limit
    )
    return select(Prediction.request_id).where(Prediction.created_at < limit, ~later_step)


def _old_events(limit: datetime) -> Select[str, str, int]:
    """Events before ``limit`` whose forecast is gone or going, apart from the newest one of each series.

    A room that is joined shows the newest; its numbering goes on from a row of its own.
    """
    newest = select(
        PredictionEvent.ticker, PredictionEvent.interval, func.max(PredictionEvent.seq).label("seq")
    ).where(PredictionEvent.type == "predicted")
    last = newest.group_by(PredictionEvent.ticker, PredictionEvent.interval).subquery()
    kept_forecast = exists().where(
        Prediction.request_id == PredictionEvent.request_id,
        Prediction.request_id.not_in(_old_forecasts(limit)),
    )
    of_series = and_(last.c.ticker == PredictionEvent.ticker, last.c.interval == PredictionEvent.interval)
    return (
        select(*_EVENT_KEY)
        .outerjoin(last, of_series)
        .where(PredictionEvent.timestamp < limit, ~kept_forecast)
        .where(or_(last.c.seq.is_(None), PredictionEvent.seq != last.c.seq))
    )


def _counted(query: Select[*tuple[Any, ...]]) -> Select[Any]:
    return select(func.count()).select_from(query.subquery())


def _delete(table: type[Any], key: Any, old: Select[*tuple[Any, ...]]) -> int:
    """Delete the rows whose ``key`` is among ``old``, some at a time; how many went."""
    deleted = 0
    while True:
        some = delete(table).where(key.in_(old.limit(ROWS_AT_A_TIME)))
        result: CursorResult[Any] = db.session.execute(some, execution_options=_NOT_LOADED)  # type: ignore[assignment]
        db.session.commit()
        deleted += result.rowcount
        if result.rowcount < ROWS_AT_A_TIME:
            return deleted
