"""Forecasts at rest: written whole by one statement, read one by one or in pages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from server.errors import NotFound
from server.extensions import db
from server.market.candles import INTERVAL_SECONDS, iso_time
from server.market.moments import iso
from server.prediction.choice import Chosen, Wanted
from server.prediction.database import Database
from server.prediction.predict import BOUNDS, Forecast
from server.prediction.tables import Prediction, PredictionEvent, PredictionStep

# Forecasts, steps, numbers and events in one statement that is its own transaction: the row that
# numbers a series' events is locked inside the database alone, never across a round trip. Ordered, so
# that two processes that are given the same ids wait for each other and not in a circle.
_INSERT = """
    WITH asked AS (
        SELECT * FROM unnest(
            CAST(%(request_id)s AS text[]), CAST(%(model_id)s AS text[]), CAST(%(model_type)s AS text[]),
            CAST(%(model_version)s AS int[]), CAST(%(trigger)s AS text[]), CAST(%(live)s AS boolean[]),
            CAST(%(origin)s AS float8[]), CAST(%(origin_close)s AS float8[]), CAST(%(horizon)s AS int[]),
            CAST(%(requested)s AS text[]), CAST(%(warnings)s AS text[]),
            CAST(%(created_at)s AS timestamptz[]), CAST(%(data)s AS text[])
        ) WITH ORDINALITY AS asked (
            request_id, model_id, model_type, model_version, trigger, live, origin, origin_close, horizon,
            requested, warnings, created_at, data, place)
    ), made AS (
        INSERT INTO predictions (request_id, ticker, interval, model_id, model_type, model_version, trigger,
                                 live, origin, origin_close, horizon, requested, warnings, last_seq,
                                 created_at)
        SELECT request_id, %(ticker)s, %(interval)s, model_id, model_type, model_version, trigger, live,
               to_timestamp(origin), origin_close, horizon, CAST(requested AS jsonb),
               CAST(warnings AS jsonb), 1, created_at
        FROM asked ORDER BY request_id
        ON CONFLICT (request_id) DO NOTHING
        RETURNING request_id
    ), steps AS (
        INSERT INTO prediction_steps (request_id, step, target_time, price, lower_80, upper_80, lower_95,
                                      upper_95, confidence, naive_price)
        SELECT request_id, step, to_timestamp(origin + step * %(seconds)s), price, lower_80, upper_80,
               lower_95, upper_95, confidence, origin_close
        FROM made JOIN asked USING (request_id) JOIN unnest(
            CAST(%(place)s AS int[]), CAST(%(step)s AS int[]), CAST(%(price)s AS float8[]),
            CAST(%(lower_80)s AS float8[]), CAST(%(upper_80)s AS float8[]), CAST(%(lower_95)s AS float8[]),
            CAST(%(upper_95)s AS float8[]), CAST(%(confidence)s AS float8[])
        ) AS path (place, step, price, lower_80, upper_80, lower_95, upper_95, confidence) USING (place)
    ), numbered AS (
        INSERT INTO prediction_logs AS known (ticker, interval, last_seq)
        SELECT %(ticker)s, %(interval)s, count(*) FROM made HAVING count(*) > 0
        ON CONFLICT (ticker, interval) DO UPDATE SET last_seq = known.last_seq + excluded.last_seq
        RETURNING last_seq
    )
    INSERT INTO prediction_events (ticker, interval, seq, request_id, request_seq, type, timestamp, data)
    SELECT %(ticker)s, %(interval)s,
           last_seq - count(*) OVER () + row_number() OVER (ORDER BY place), request_id, 1, 'predicted',
           created_at, CAST(data AS jsonb)
    FROM made JOIN asked USING (request_id), numbered
    RETURNING request_id, seq
"""


@dataclass(frozen=True, slots=True)
class Record:
    """A forecast with all that is stored beside it; ``data`` is that of its ``predicted`` event, as JSON."""

    request_id: str
    wanted: Wanted
    chosen: Chosen
    made: Forecast
    warnings: Sequence[Mapping[str, Any]]
    trigger: str
    live: bool
    created_at: datetime
    data: str = ""

    def columns(self) -> dict[str, Any]:
        """The forecast's own row."""
        return {
            "request_id": self.request_id,
            "model_id": self.chosen.model_id,
            "model_type": self.chosen.model_type,
            "model_version": self.chosen.version,
            "trigger": self.trigger,
            "live": self.live,
            "origin": self.made.origin,
            "origin_close": self.made.close,
            "horizon": self.made.steps,
            "requested": json.dumps(self.wanted.plain()),
            "warnings": json.dumps(self.warnings),
            "created_at": self.created_at,
            "data": self.data,
        }


def insert(records: Sequence[Record], database: Database) -> list[int | None]:
    """Store forecasts of one ticker and interval, and their ``predicted`` events, committed.

    Answers each event's number in the series' room, in order. None where there is a forecast of that
    request id already: of such a record nothing is written.
    """
    by_id: dict[str, Record] = {}
    for record in records:
        by_id.setdefault(record.request_id, record)
    written = _insert(list(by_id.values()), database)
    # Of two with the same id the first was stored.
    return [
        written.get(record.request_id) if by_id[record.request_id] is record else None for record in records
    ]


def _insert(records: Sequence[Record], database: Database) -> dict[str, int]:
    """The numbers of those that were stored, by request id."""
    wanted = records[0].wanted
    rows = [record.columns() for record in records]
    values: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    values |= {"ticker": wanted.ticker, "interval": wanted.interval}
    values["seconds"] = INTERVAL_SECONDS[wanted.interval]
    made = [record.made for record in records]
    values["place"] = _literal([place for place, each in enumerate(made, 1) for _ in range(each.steps)])
    values["step"] = _literal([step for each in made for step in range(1, each.steps + 1)])
    for name in ("price", "confidence"):
        values[name] = _literal([value for each in made for value in getattr(each, name).tolist()])
    for name in BOUNDS:
        values[name] = _literal([value for each in made for value in getattr(each.bounds, name).tolist()])
    return {row.request_id: row.seq for row in database.rows(_INSERT, values)}


class FirstAnswer(NamedTuple):
    """A request, the ``data`` of its first event, and the last number of its own room."""

    requested: dict[str, Any]
    data: dict[str, Any]
    last_seq: int


def first_answer(request_id: str) -> FirstAnswer:
    """What was asked and answered when this forecast was made."""
    query = (
        select(Prediction.requested, PredictionEvent.data, Prediction.last_seq)
        .join(PredictionEvent, Prediction.request_id == PredictionEvent.request_id)
        .where(Prediction.request_id == request_id, PredictionEvent.request_seq == 1)
    )
    with db.engine.connect() as connection:
        return FirstAnswer(*connection.execute(query).one())


def get(request_id: str) -> dict[str, Any]:
    """The stored forecast with what came true of it. Raises :class:`NotFound`."""
    row: Prediction | None = db.session.get(Prediction, request_id, populate_existing=True)
    if row is None:
        raise NotFound(
            f"There is no forecast {request_id!r}; GET /api/v1/predictions lists those that exist",
            field="request_id",
            value=request_id,
        )
    query = select(PredictionStep).filter_by(request_id=request_id).order_by(PredictionStep.step)
    steps = db.session.scalars(query.execution_options(populate_existing=True)).all()
    return {
        **summary(row),
        "predictions": [_step(step) for step in steps],
        "baseline": [
            {
                "step": step.step,
                "timestamp": _open(step.target_time),
                "predicted_price": step.naive_price,
            }
            for step in steps
        ],
    }


def page(filters: Mapping[str, Any], page: int, page_size: int) -> tuple[list[dict[str, Any]], int]:
    """One page of stored forecasts without their steps, newest first, and how many match in all.

    ``filters``: columns by value, and ``settled`` (all steps or not all), ``start`` and ``end`` (origins
    with ``start <= origin <= end``).
    """
    query = _matching(dict(filters))
    total = db.session.scalar(select(func.count()).select_from(query.subquery()))
    newest_first = query.order_by(Prediction.created_at.desc(), Prediction.request_id)
    rows = db.session.scalars(newest_first.limit(page_size).offset((page - 1) * page_size))
    return [summary(row) for row in rows], int(total or 0)


def summary(row: Prediction) -> dict[str, Any]:
    """A stored forecast without its steps."""
    return {
        "request_id": row.request_id,
        "model_id": row.model_id,
        "model_type": row.model_type,
        "model_version": row.model_version,
        "ticker": row.ticker,
        "interval": row.interval,
        "origin": {"timestamp": _open(row.origin), "close": row.origin_close},
        "generated_at": iso(row.created_at),
        "trigger": row.trigger,
        "live": row.live,
        "horizon": row.horizon,
        "settled_steps": row.settled_steps,
        "warnings": row.warnings,
        "last_seq": row.last_seq,
    }


def _matching(filters: dict[str, Any]) -> Select[Any]:
    settled, start, end = (filters.pop(name, None) for name in ("settled", "start", "end"))
    query = select(Prediction).filter_by(**filters)
    if settled is not None:
        is_settled = Prediction.settled_steps >= Prediction.horizon
        query = query.where(is_settled if settled else ~is_settled)
    if start is not None:
        query = query.where(Prediction.origin >= start)
    if end is not None:
        query = query.where(Prediction.origin <= end)
    return query


def _step(step: PredictionStep) -> dict[str, Any]:
    return {
        "step": step.step,
        "timestamp": _open(step.target_time),
        "predicted_price": step.price,
        **{name: getattr(step, name) for name in BOUNDS},
        "confidence_score": step.confidence,
        "actual": step.actual,
        "error": step.error,
    }


def _open(moment: datetime) -> str:
    return iso_time(int(moment.astimezone(UTC).timestamp()))


def _literal(values: Sequence[float]) -> str:
    """An array literal; ``repr`` is the shortest text that reads back as the same double."""
    return "{" + ",".join("NULL" if value != value else repr(value) for value in values) + "}"
