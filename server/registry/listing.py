"""Models as they are shown: chosen, sorted by any of their metrics, never without their baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select

from server.errors import InvalidInput
from server.extensions import db
from server.market.moments import iso
from server.observability.metrics import MODELS
from server.registry.tables import STATUSES, Activation, Model

METRICS: Final = (
    "mae",
    "rmse",
    "mape",
    "r2",
    "r2_return",
    "mase",
    "directional_accuracy",
    "directional_rows",
    "skill",
    "dm_p_value",
    "coverage_80",
    "mean_width_80",
    "interval_score_80",
    "interval_skill_80",
    "coverage_95",
    "mean_width_95",
    "interval_score_95",
    "interval_skill_95",
)
"""Numbers of a test report by which models can be sorted (see ``forecasters/metrics.py``)."""

COLUMNS: Final = (
    "created_at",
    "activated_at",
    "trained_until",
    "version",
    "lookback",
    "horizon",
    "size_bytes",
)
"""Further columns by which models can be sorted."""

NEWEST_FIRST: Final = "-created_at"


def page(filters: Mapping[str, Any], sort: str, page: int, page_size: int) -> tuple[Sequence[Model], int]:
    """One page of models and how many match in all.

    ``sort`` is a name of :data:`METRICS` or :data:`COLUMNS`, smallest first, or with ``-`` before it
    largest first; models without that number come last either way. Raises :class:`InvalidInput`
    for another name.
    """
    query = select(Model).filter_by(**filters)
    total = db.session.scalar(select(func.count()).select_from(query.subquery()))
    key = _key(sort.removeprefix("-"))
    ordered = (key.desc() if sort.startswith("-") else key.asc()).nulls_last()
    rows = db.session.scalars(
        query.order_by(ordered, Model.created_at.desc(), Model.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    return rows.all(), int(total or 0)


def _key(name: str) -> ColumnElement[Any]:
    if name in METRICS:
        number: ColumnElement[Any] = Model.metrics["overall", name].as_float()
        return number
    if name in COLUMNS:
        column: ColumnElement[Any] = getattr(Model, name)
        return column
    known = sorted((*METRICS, *COLUMNS))
    raise InvalidInput(
        f"Models cannot be sorted by {name!r}: choose one of {', '.join(known)}, with - before it for the "
        "largest first",
        field="sort",
        value=name,
        known=known,
    )


def gauges() -> dict[str, dict[tuple[str, ...], float]]:
    """How many models are registered now, by status, under the name of their gauge."""
    query = select(Model.status, func.count().label("models")).group_by(Model.status)
    with db.engine.connect() as connection:
        counts = {row.status: float(row.models) for row in connection.execute(query)}
    return {MODELS: {(status,): counts.get(status, 0.0) for status in STATUSES}}


def summary(model: Model) -> dict[str, Any]:
    """A model without what each step and each file did: one entry of a list."""
    return {
        "model_id": model.id,
        "ticker": model.ticker,
        "interval": model.interval,
        "model_type": model.model_type,
        "version": model.version,
        "status": model.status,
        "reason": model.reason,
        "lookback": model.lookback,
        "horizon": model.horizon,
        "skill": model.skill,
        "metrics": _without_steps(model.metrics),
        "baseline": _without_steps(model.baseline),
        "comparison": model.comparison,
        "data": model.data,
        "trained_until": iso(model.trained_until),
        "size_bytes": model.size_bytes,
        "fault": model.fault,
        "drift": model.drift,
        "created_at": iso(model.created_at),
        "activated_at": iso(model.activated_at),
    }


def details(model: Model) -> dict[str, Any]:
    """Everything that is known of a model."""
    whole = {"spec": model.spec, "metrics": model.metrics, "baseline": model.baseline, "files": model.files}
    return {**summary(model), **whole}


def activation(row: Activation) -> dict[str, Any]:
    """One change of the active model of a kind."""
    return {
        "model_id": row.model_id,
        "previous_model_id": row.previous_model_id,
        "ticker": row.ticker,
        "interval": row.interval,
        "model_type": row.model_type,
        "reason": row.reason,
        "activated_at": iso(row.activated_at),
    }


def _without_steps(report: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in report.items() if name != "steps"}
