"""Active models by their live figures: shown as gauges, and watched for drift.

The period ends with the newest candle of the series, not now: a series that is replayed or late is
judged by the same rule.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.config import Settings
from server.extensions import db
from server.forecasters.conformal import LEVELS
from server.market import store
from server.market.moments import iso
from server.observability.metrics import LIVE_COVERAGE, LIVE_OUTCOMES, LIVE_SKILL, MODEL_DRIFTING
from server.prediction import log as prediction_log
from server.prediction import performance
from server.prediction.drift import SHOWN, Band, Verdict, decide
from server.prediction.performance import Figures
from server.realtime.publisher import Publisher
from server.registry import models
from server.registry.tables import ACTIVE, Model

log = structlog.get_logger(__name__)

GAUGE_SECONDS: Final = 30.0
"""How long figures are shown before they are looked up again, however often somebody scrapes."""

Retrain = Callable[[str, str], None]
"""Takes a model's id and the reason for training its successor."""


def active_models(ticker: str | None = None, interval: str | None = None) -> Sequence[Model]:
    """The active models, of one series or of all, by kind; as they are now, bound to no session."""
    query = select(Model).filter_by(status=ACTIVE)
    if ticker is not None:
        query = query.filter_by(ticker=ticker, interval=interval)
    with Session(db.engine) as session:
        return session.scalars(query.order_by(Model.ticker, Model.interval, Model.model_type)).all()


def figures_of(ticker: str, interval: str, model_ids: Iterable[str], days: float) -> dict[str, Figures]:
    """Live figures over the last ``days`` of a series, by model; models without an outcome are left out."""
    version = store.series_version(ticker, interval)
    if version is None:
        return {}
    start = version[1] - timedelta(days=days)
    filters = {"ticker": ticker, "interval": interval, "model_ids": list(model_ids), "start": start}
    return {figures["model_id"]: figures for figures in performance.report(filters, ["model"])}


def watch(ticker: str, interval: str, settings: Settings, publisher: Publisher, retrain: Retrain) -> None:
    """Judge the active models of a series: flag those that drift, take the flag from those that are back.

    Each change has one ``drifted`` event. With ``AUTO_RETRAIN``, ``retrain`` is called for a model that
    was newly flagged.
    """
    active = active_models(ticker, interval)
    found = figures_of(ticker, interval, [model.id for model in active], settings.drift_window_days)
    for model in active:
        figures = found.get(model.id)
        verdict = decide(figures, Band.of(settings), drifting=model.drift is not None)
        if figures is None or verdict is None or not (verdict.drifting or model.drift):
            continue
        began = _note(model, verdict, figures, publisher)
        if began and settings.auto_retrain:
            retrain(model.id, f"drift: {verdict.reason}")


def _note(model: Model, verdict: Verdict, figures: Figures, publisher: Publisher) -> bool:
    """Store the verdict; True when the model begins to drift with it."""
    since = (model.drift or {}).get("since") or iso(datetime.now(UTC))
    drift = {"since": since, "reason": verdict.reason, "figures": {name: figures[name] for name in SHOWN}}
    event = {"model_id": model.id, "model_type": model.model_type, "version": model.version, **drift}
    series = (model.ticker, model.interval)
    if not models.flag_drift(model.id, drift if verdict.drifting else None):
        db.session.commit()
        return False
    log.warning("model.drift", model_id=model.id, drifting=verdict.drifting, reason=verdict.reason)
    prediction_log.append(*series, "drifted", {**event, "recovered": not verdict.drifting}, publisher)
    return verdict.drifting


class LiveGauges:
    """Live skill and coverage of the active models, and which of them drift, as ``/metrics`` shows them."""

    def __init__(self, days: float) -> None:
        self._days = days
        self._read_at = -GAUGE_SECONDS
        self._values: dict[str, dict[tuple[str, ...], float]] = {}

    def read(self) -> Mapping[str, Mapping[tuple[str, ...], float]]:
        """Gauge to labels to value; at most :data:`GAUGE_SECONDS` old."""
        if time.monotonic() - self._read_at >= GAUGE_SECONDS:
            self._values = self._looked_up()
            self._read_at = time.monotonic()
        return self._values

    def _looked_up(self) -> dict[str, dict[tuple[str, ...], float]]:
        values: dict[str, dict[tuple[str, ...], float]] = {
            LIVE_SKILL: {},
            LIVE_COVERAGE: {},
            LIVE_OUTCOMES: {},
            MODEL_DRIFTING: {},
        }
        by_series: dict[tuple[str, str], list[Model]] = {}
        for model in active_models():
            by_series.setdefault((model.ticker, model.interval), []).append(model)
        for series, active in by_series.items():
            figures = figures_of(*series, [model.id for model in active], self._days)
            for model in active:
                _add(values, (*series, model.model_type), model, figures.get(model.id))
        return values


def _add(
    values: dict[str, dict[tuple[str, ...], float]],
    kind: tuple[str, ...],
    model: Model,
    figures: Mapping[str, Any] | None,
) -> None:
    values[MODEL_DRIFTING][kind] = float(model.drift is not None)
    values[LIVE_OUTCOMES][kind] = 0.0 if figures is None else figures["rows"]
    if figures is None:
        return
    if figures["skill"] is not None:
        values[LIVE_SKILL][kind] = figures["skill"]
    for level in LEVELS:
        values[LIVE_COVERAGE][*kind, str(level)] = figures[f"coverage_{level}"]
