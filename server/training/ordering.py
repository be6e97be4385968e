"""In which order sessions are listed."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, extract

from server.training.tables import TrainingSession

NEWEST_FIRST: Final = "-created_at"

_KEYS: Final[dict[str, ColumnElement[Any]]] = {
    "created_at": TrainingSession.created_at.expression,
    "status": TrainingSession.status.expression,
    "ticker": TrainingSession.ticker.expression,
    "model_type": TrainingSession.model_type.expression,
    "skill": TrainingSession.metrics["overall", "skill"].as_float(),
    "seconds": extract("epoch", TrainingSession.finished_at - TrainingSession.started_at),
}

SORTS: Final = tuple(sign + name for name in _KEYS for sign in ("", "-"))
"""Columns by which sessions can be sorted, smallest first; with ``-`` before it largest first."""


def ordering(sort: str) -> tuple[ColumnElement[Any], ...]:
    """What to order by for one of :data:`SORTS`; sessions without that value come last either way."""
    key = _KEYS[sort.removeprefix("-")]
    ordered = (key.desc() if sort.startswith("-") else key.asc()).nulls_last()
    return ordered, TrainingSession.created_at.desc(), TrainingSession.id.expression
