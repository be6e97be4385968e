"""Which model answers a request, and all that is stored about it and its series: one statement.

The row is read for every forecast, so a model that was activated a moment ago, by whatever process,
is the one that answers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import select

from server.errors import InvalidInput, NotFound, ServerError
from server.extensions import db
from server.forecasters.adaptive import Factors
from server.market import store
from server.market.candles import iso_time
from server.prediction.database import Database
from server.registry.tables import ACTIVE, Model


@dataclass(frozen=True, slots=True)
class Wanted:
    """A forecast as it was asked for. ``horizon`` None: the model's own. ``as_of`` None: from now."""

    ticker: str
    interval: str
    horizon: int | None = None
    model_id: str | None = None
    model_type: str | None = None
    as_of: datetime | None = None
    request_id: str | None = None

    def plain(self) -> dict[str, Any]:
        """What makes two requests the same, as JSON can hold it."""
        return {
            "ticker": self.ticker,
            "interval": self.interval,
            "horizon": self.horizon,
            "model_id": self.model_id,
            "model_type": self.model_type,
            "as_of": None if self.as_of is None else iso_time(int(self.as_of.timestamp())),
        }


@dataclass(frozen=True, slots=True)
class Chosen:
    """The model, its series, and the factors ``(levels, horizon)`` on its interval widths at the origin.

    ``origin`` and ``newest`` are opens of candles in seconds. ``fault``: whether the model's row says
    that it could not be served.
    """

    model_id: str
    model_type: str
    version: int
    status: str
    horizon: int
    trained_until: datetime
    skill: float | None
    coverage_80: float | None
    coverage_95: float | None
    drift: dict[str, Any] | None
    fault: bool
    series_version: int
    origin: int
    newest: int
    factors: Factors | None


_READ = """
    SELECT asked.request_id AS repeated, series.version AS series_version, series.newest, seen.origin,
           model.id, model.ticker, model.interval, model.model_type, model.version, model.status,
           model.horizon, model.trained_until, model.skill, model.drift, model.fault IS NOT NULL AS fault,
           CAST(model.metrics #>> '{{overall,coverage_80}}' AS float8) AS coverage_80,
           CAST(model.metrics #>> '{{overall,coverage_95}}' AS float8) AS coverage_95,
           width.factors_80, width.factors_95
    FROM (SELECT) AS one
    LEFT JOIN predictions AS asked ON asked.request_id = %(request_id)s
    LEFT JOIN series_versions AS series ON series.ticker = %(ticker)s AND series.interval = %(interval)s
    LEFT JOIN LATERAL ({origin}) AS seen ON true
    LEFT JOIN LATERAL ({model}) AS model ON true
    LEFT JOIN LATERAL (
        SELECT factors_80, factors_95 FROM model_interval_widths
        WHERE model_id = model.id AND origin <= seen.origin ORDER BY origin DESC LIMIT 1
    ) AS width ON true
"""
_NEWEST = "SELECT series.newest AS origin"
_AS_OF = """
    SELECT timestamp AS origin FROM candles
    WHERE ticker = %(ticker)s AND interval = %(interval)s AND timestamp <= %(as_of)s
    ORDER BY timestamp DESC LIMIT 1
"""
_BY_ID = "SELECT * FROM models WHERE id = %(model_id)s"
_ACTIVE = "SELECT * FROM models WHERE ticker = %(ticker)s AND interval = %(interval)s AND status = 'active'"
_OF_TYPE = f"{_ACTIVE} AND model_type = %(model_type)s"
_BEST = f"""
    {_ACTIVE} ORDER BY horizon >= %(horizon)s DESC, skill DESC NULLS LAST, created_at DESC LIMIT 1
"""
_STATEMENTS = {
    (origin, model): _READ.format(origin=origin, model=model)
    for origin in (_NEWEST, _AS_OF)
    for model in (_BY_ID, _OF_TYPE, _BEST)
}


def choose(wanted: Wanted, database: Database) -> Chosen | None:
    """The model that answers ``wanted``: the one named, the active one of its type, or the best active one.

    The best is the one with the largest skill on its test part among those whose horizon reaches far
    enough. None when a forecast of this request id exists. Raises :class:`NotFound` for a series without
    candles or models, :class:`InvalidInput` for a model of another series, a horizon beyond the model, or
    a time before the first candle.
    """
    row = _read(wanted, database)
    if row.repeated is not None:
        return None
    if not _can_answer(wanted, row):
        raise _refusal(wanted, row)
    return Chosen(
        model_id=row.id,
        model_type=row.model_type,
        version=row.version,
        status=row.status,
        horizon=row.horizon,
        trained_until=row.trained_until,
        skill=row.skill,
        coverage_80=row.coverage_80,
        coverage_95=row.coverage_95,
        drift=None if row.drift is None else json.loads(row.drift),
        fault=row.fault,
        series_version=row.series_version,
        origin=int(row.origin.timestamp()),
        newest=int(row.newest.timestamp()),
        factors=_factors(row),
    )


def _can_answer(wanted: Wanted, row: Any) -> bool:
    return (
        row.origin is not None
        and (row.ticker, row.interval) == (wanted.ticker, wanted.interval)
        and (wanted.horizon or 1) <= row.horizon
    )


def _refusal(wanted: Wanted, row: Any) -> ServerError:
    """Why not, asking for what the sentence needs."""
    if row.series_version is None:
        store.require_series(wanted.ticker, wanted.interval)
    if row.id is None:
        return _no_model(wanted)
    if (row.ticker, row.interval) != (wanted.ticker, wanted.interval):
        return _other_series(wanted, row)
    if wanted.horizon is not None and wanted.horizon > row.horizon:
        return _beyond_horizon(wanted, row)
    return _before_the_first_candle(wanted)


def _read(wanted: Wanted, database: Database) -> Any:
    origin = _NEWEST if wanted.as_of is None else _AS_OF
    model = _BY_ID if wanted.model_id else _OF_TYPE if wanted.model_type else _BEST
    asked = {
        "request_id": wanted.request_id,
        "ticker": wanted.ticker,
        "interval": wanted.interval,
        "as_of": wanted.as_of,
        "model_id": wanted.model_id,
        "model_type": wanted.model_type,
        "horizon": wanted.horizon or 1,
    }
    (row,) = database.rows(_STATEMENTS[origin, model], asked)
    return row


def _factors(row: Any) -> Factors | None:
    if row.factors_80 is None:
        return None
    return np.array([row.factors_80, row.factors_95], dtype=np.float32)


def _no_model(wanted: Wanted) -> NotFound:
    if wanted.model_id:
        return NotFound(
            f"There is no model {wanted.model_id!r}; GET /api/v1/models lists those that exist",
            error_code="no_model",
            field="model_id",
            value=wanted.model_id,
        )
    series = f"{wanted.ticker} {wanted.interval}"
    kind = f"{wanted.model_type} model" if wanted.model_type else "model"
    known = _models_of(wanted)
    return NotFound(
        f"There is no active {kind} of {series}; "
        f"{'there are: ' + ', '.join(known) if known else 'it has no models at all'}. Train one with "
        f'POST /api/v1/train {{"ticker": "{wanted.ticker}", "interval": "{wanted.interval}", '
        f'"model_type": "{wanted.model_type or "LSTM"}", "horizon": {wanted.horizon or 24}, "epochs": 20}}'
        + (", or activate one" if known else ""),
        error_code="no_model",
        ticker=wanted.ticker,
        interval=wanted.interval,
        model_type=wanted.model_type,
        known=known,
    )


def _models_of(wanted: Wanted, reach: int = 1) -> list[str]:
    """The newest models of the series that forecast ``reach`` candles in words, the active ones first."""
    query = select(Model.id, Model.model_type, Model.version, Model.status, Model.horizon).filter_by(
        ticker=wanted.ticker, interval=wanted.interval
    )
    newest = (
        query.where(Model.horizon >= reach)
        .order_by(Model.status != ACTIVE, Model.created_at.desc())
        .limit(10)
    )
    with db.engine.connect() as connection:
        rows: Sequence[Any] = connection.execute(newest).all()
    return [
        f"{row.model_type} version {row.version} ({row.status}, horizon {row.horizon}, {row.id})"
        for row in rows
    ]


def _other_series(wanted: Wanted, row: Any) -> InvalidInput:
    return InvalidInput(
        f"Model {row.id} forecasts {row.ticker} {row.interval}, not {wanted.ticker} {wanted.interval}: "
        "choose a model trained for it, or leave model_id out",
        error_code="model_of_another_series",
        field="model_id",
        value=row.id,
        ticker=row.ticker,
        interval=row.interval,
    )


def _beyond_horizon(wanted: Wanted, row: Any) -> InvalidInput:
    reaching = _models_of(wanted, reach=wanted.horizon or 1)
    remedy = (
        f"name one that reaches as far as model_id, or activate it: {', '.join(reaching)}"
        if reaching
        else "ask for fewer, or train a model with a longer horizon"
    )
    return InvalidInput(
        f"horizon={wanted.horizon} is beyond model {row.id}, a {row.model_type} that forecasts "
        f"{row.horizon} candles ahead: {remedy}",
        error_code="horizon_beyond_model",
        field="horizon",
        value=wanted.horizon,
        model_id=row.id,
        model_horizon=row.horizon,
    )


def _before_the_first_candle(wanted: Wanted) -> InvalidInput:
    first = next(
        iso_time(series.first)
        for series in store.list_series()
        if (series.ticker, series.interval) == (wanted.ticker, wanted.interval)
    )
    return InvalidInput(
        f"as_of lies before the first candle of {wanted.ticker} {wanted.interval}, {first}: "
        "choose a later time",
        error_code="too_few_candles",
        field="as_of",
        value=wanted.plain()["as_of"],
        first=first,
    )
