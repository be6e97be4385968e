"""What forecasts were worth once the candles were there, beside the naive forecast on the same rows.

Units are those of a test report (``forecasters/metrics.py``): ``mae`` and ``rmse`` in quote currency,
``mape`` in percent of the price, widths and interval scores in cumulative log return, shares as fractions.
``None`` stands where a number is undefined. The database adds up; what follows from the sums is here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, func, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from server.extensions import db
from server.forecasters.conformal import LEVELS
from server.forecasters.significance import wilson_interval
from server.market.candles import INTERVAL_SECONDS
from server.market.moments import iso
from server.prediction.predict import LONGEST_HORIZON
from server.prediction.tables import Prediction, PredictionStep

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "model": ("model_id", "model_type", "model_version", "ticker", "interval"),
    "series": ("ticker", "interval"),
    "step": ("step",),
}
"""By what outcomes can be grouped, and the names that tell the groups apart."""

Filters = Mapping[str, Any]
Figures = dict[str, Any]


def report(filters: Filters, group_by: Iterable[str], include_hindcasts: bool = False) -> list[Figures]:
    """Figures of each group of outcomes, the groups in order; none without an outcome.

    ``filters``: ``model_id``, ``model_ids``, ``model_type``, ``ticker``, ``interval``, ``step``, and
    ``start`` and ``end`` of the period (``start <= target time < end``); those that are None do not count.
    Only live forecasts count unless ``include_hindcasts``.
    """
    names = list(dict.fromkeys(name for group in group_by for name in GROUPS[group]))
    outcomes = _outcomes(filters, include_hindcasts).subquery("outcomes")
    keys = [outcomes.c[name] for name in names]
    query = select(*keys, *_sums(outcomes)).group_by(*keys).order_by(*keys)
    with db.engine.connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(query)]
    # Without a key there is one group, also over nothing.
    return [{**{name: row[name] for name in names}, **_figures(row)} for row in rows if row["rows"]]


def _outcomes(filters: Filters, include_hindcasts: bool) -> Select[Any]:
    """One row per model, origin and step, however many asked for that forecast."""
    forecasts = _forecasts(filters, include_hindcasts).subquery("forecasts")
    steps = (column for column in PredictionStep.__table__.c if column.name != "request_id")
    query = (
        select(*forecasts.c, *steps)
        .join_from(forecasts, PredictionStep, PredictionStep.request_id == forecasts.c.request_id)
        .where(PredictionStep.actual.is_not(None))
    )
    if filters.get("step") is not None:
        query = query.where(PredictionStep.step == filters["step"])
    if filters.get("start") is not None:
        query = query.where(PredictionStep.target_time >= filters["start"])
    if filters.get("end") is not None:
        query = query.where(PredictionStep.target_time < filters["end"])
    return query


def _forecasts(filters: Filters, include_hindcasts: bool) -> Select[Any]:
    """The longest forecast of each model and origin: it has the steps of the shorter ones too."""
    names = ("request_id", "origin", "model_id", "model_type", "model_version", "ticker", "interval")
    query = select(*(getattr(Prediction, name) for name in names))
    query = query.ext(distinct_on(Prediction.model_id, Prediction.origin))
    for name in ("model_id", "model_type", "ticker", "interval"):
        if filters.get(name) is not None:
            query = query.where(getattr(Prediction, name) == filters[name])
    if filters.get("model_ids") is not None:
        query = query.where(Prediction.model_id.in_(filters["model_ids"]))
    if not include_hindcasts:
        query = query.where(Prediction.live)
    order = (Prediction.horizon.desc(), Prediction.live.desc(), Prediction.created_at, Prediction.request_id)
    return query.where(*_reaching(filters)).order_by(Prediction.model_id, Prediction.origin, *order)


def _reaching(filters: Filters) -> list[ColumnElement[bool]]:
    """Origins from which a step can fall into the period."""
    interval = filters.get("interval") or max(INTERVAL_SECONDS, key=lambda name: INTERVAL_SECONDS[name])
    conditions: list[ColumnElement[bool]] = []
    if filters.get("start") is not None:
        reach = timedelta(seconds=LONGEST_HORIZON * INTERVAL_SECONDS[interval])
        conditions.append(Prediction.origin >= filters["start"] - reach)
    if filters.get("end") is not None:
        conditions.append(Prediction.origin < filters["end"])
    return conditions


def _sums(outcomes: Subquery) -> list[ColumnElement[Any]]:
    """What all figures follow from, over the rows of a group."""
    of = outcomes.c
    error, naive_error = of.price - of.actual, of.naive_price - of.actual
    side = func.sign(of.price - of.naive_price) * func.sign(of.actual - of.naive_price)
    loss_difference = error * error - naive_error * naive_error
    sums = {
        "rows": func.count(),
        "origins": func.count(func.distinct(tuple_(of.ticker, of.interval, of.origin))),
        "tickers": func.count(func.distinct(of.ticker)),
        "longest": func.max(of.step),
        "first": func.min(of.target_time),
        "last": func.max(of.target_time),
        "abs_error": func.sum(func.abs(error)),
        "squared_error": func.sum(error * error),
        "relative_error": func.sum(func.abs(error) / of.actual),
        "naive_abs_error": func.sum(func.abs(naive_error)),
        "naive_squared_error": func.sum(naive_error * naive_error),
        "naive_relative_error": func.sum(func.abs(naive_error) / of.actual),
        "loss_difference": func.avg(loss_difference),
        "loss_variance": func.var_samp(loss_difference),
        "sided": func.count().filter(side != 0),
        "hits": func.count().filter(side > 0),
    }
    for level in LEVELS:
        sums.update(_interval_sums(level, of[f"lower_{level}"], of[f"upper_{level}"], of.actual))
    return [value.label(name) for name, value in sums.items()]


def _interval_sums(
    level: int, lower: ColumnElement[float], upper: ColumnElement[float], actual: ColumnElement[float]
) -> dict[str, ColumnElement[Any]]:
    """Coverage, width, and the Winkler score: width plus 2 / alpha times the distance outside."""
    width = func.ln(upper / lower)
    outside = func.greatest(func.ln(lower / actual), func.ln(actual / upper), 0.0)
    return {
        f"covered_{level}": func.count().filter(actual.between(lower, upper)),
        f"width_{level}": func.sum(width),
        f"score_{level}": func.sum(width + 2.0 / (1.0 - level / 100.0) * outside),
    }


def _figures(sums: Mapping[str, Any]) -> Figures:
    rows = sums["rows"]
    # Forecasts k steps ahead share k - 1 candles with their neighbours; rows of one origin move together.
    overlap = sums["longest"] * rows / sums["origins"]
    figures = {
        "rows": rows,
        "origins": sums["origins"],
        "effective_rows": rows / overlap,
        "first": iso(sums["first"]),
        "last": iso(sums["last"]),
        **_price_errors(sums),
        "mape": 100.0 * sums["relative_error"] / rows,
        "naive_mape": 100.0 * sums["naive_relative_error"] / rows,
        **_directional_accuracy(sums, overlap),
    }
    for level in LEVELS:
        coverage = sums[f"covered_{level}"] / rows
        figures[f"coverage_{level}"] = coverage
        figures[f"coverage_{level}_interval"] = _wilson(coverage, rows / overlap)
        figures[f"mean_width_{level}"] = sums[f"width_{level}"] / rows
        figures[f"interval_score_{level}"] = sums[f"score_{level}"] / rows
    return {name: _finite(value) for name, value in figures.items()}


def _price_errors(sums: Mapping[str, Any]) -> Figures:
    """Errors in quote currency; None over several tickers, whose prices are not of one size.

    ``excess_loss`` is how many standard errors the squared error lies above that of naive.
    """
    names = ("mae", "rmse", "naive_mae", "naive_rmse", "skill", "excess_loss")
    if sums["tickers"] > 1:
        return dict.fromkeys(names)
    rows = sums["rows"]
    rmse, naive_rmse = (math.sqrt(sums[f"{name}squared_error"] / rows) for name in ("", "naive_"))
    # Independent rows: as many as origins fit behind each other without an overlap.
    variance = (sums["loss_variance"] or 0.0) * sums["longest"] / sums["origins"]
    excess_loss = sums["loss_difference"] / math.sqrt(variance) if variance > 0 else None
    values = (
        sums["abs_error"] / rows,
        rmse,
        sums["naive_abs_error"] / rows,
        naive_rmse,
        1.0 - rmse / naive_rmse if naive_rmse > 0 else None,
        excess_loss,
    )
    return dict(zip(names, values, strict=True))


def _directional_accuracy(sums: Mapping[str, Any], overlap: float) -> Figures:
    """A forecast, or a price, that stays where it was takes no side and does not count."""
    sided = sums["sided"]
    accuracy = sums["hits"] / sided if sided else None
    return {
        "directional_accuracy": accuracy,
        "directional_accuracy_interval": None if accuracy is None else _wilson(accuracy, sided / overlap),
        "directional_rows": sided,
    }


def _wilson(share: float, trials: float) -> list[float] | None:
    interval = wilson_interval(share, trials)
    return None if interval is None else list(interval)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
