"""Interval widths of served models, brought up to the newest candle.

One row a candle and model says how wide the intervals of a forecast from that candle are. Rows follow
from outcomes known at their candle's close; they are appended and never rewritten, so that a forecast
from an earlier candle uses what was known then. Going on from stored rows gives the rows that walking
the whole series at once would have given.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from server.extensions import db
from server.features.build import build_features, cumulative_targets, log_returns, two_speed_volatility
from server.forecasters.adaptive import Distances, Factors, Widths, calibrated, scaled_distances, walk
from server.forecasters.contract import Rows
from server.forecasters.serving import HISTORY_ROWS, OnnxForecaster
from server.market import store
from server.market.candles import COLUMNS, Candles, require_interval
from server.registry.tables import IntervalWidth, Model

CANDLES_AT_A_TIME: Final = 5_000
"""Candles walked and stored in one transaction: a model that was away for years catches up in parts."""


def bring_up_to_date(forecaster: OnnxForecaster, at_a_time: int = CANDLES_AT_A_TIME) -> int:
    """Store the widths of every candle behind the last stored row; how many rows are new.

    A model without rows begins, as it was calibrated, at its first unseen origin. Ends early when the
    model was deleted meanwhile. Raises :class:`NotFound` when no candle of its series is stored,
    :class:`ModelUnusable` when it does not answer with numbers.
    """
    added = 0
    while True:
        known = stored(forecaster.model_id, forecaster.horizon)
        following = _begun(forecaster) if known is None else _following(forecaster, known, at_a_time)
        if len(following.timestamp) == 0 or not _store(forecaster.model_id, following):
            return added
        added += len(following.timestamp)


def extended(forecaster: OnnxForecaster, candles: Candles, factors: Factors, start: int) -> Widths:
    """Widths of the candles behind row ``start + len(factors)``.

    ``factors`` ``(rows, levels, horizon)`` are those in force from row ``start`` on: of ``horizon`` rows,
    or of as many as there are. ``HISTORY_ROWS`` candles before ``start`` make the forecasts equal those
    of the whole series.
    """
    found = walk(_distances(forecaster, candles, start), forecaster.conformal, factors)
    return Widths(candles.timestamp[start + len(factors) :], found[len(factors) :])


def stored(model_id: str, rows: int) -> Widths | None:
    """The newest ``rows`` stored widths of a model, oldest first; None when there are none."""
    columns = (IntervalWidth.origin, IntervalWidth.factors_80, IntervalWidth.factors_95)
    newest_first = select(*columns).filter_by(model_id=model_id).order_by(IntervalWidth.origin.desc())
    with db.engine.connect() as connection:
        found = connection.execute(newest_first.limit(rows)).all()[::-1]
    if not found:
        return None
    origins = np.array([row.origin.timestamp() for row in found]).astype(np.int64)
    return Widths(origins, np.array([row[1:] for row in found], dtype=np.float32))


def _begun(forecaster: OnnxForecaster) -> Widths:
    """The first row of a model that has none."""
    unseen = _moment(forecaster.unseen_from)
    first = store.query_candles(forecaster.ticker, forecaster.interval, unseen, None, 1)
    return Widths(first.timestamp, calibrated(len(first), forecaster.horizon))


def _following(forecaster: OnnxForecaster, known: Widths, at_a_time: int) -> Widths:
    """Widths of the next candles behind the known ones."""
    series, behind = (forecaster.ticker, forecaster.interval), _moment(int(known.timestamp[-1]) + 1)
    new = store.query_candles(*series, behind, None, at_a_time)
    if len(new) == 0:
        return Widths(new.timestamp, known.factors[:0])
    past = store.query_candles(*series, None, behind, HISTORY_ROWS + forecaster.horizon)
    start = max(len(past) - forecaster.horizon, int(np.searchsorted(past.timestamp, known.timestamp[0])))
    return extended(forecaster, _joined(past, new), _in_force(known, past.timestamp[start:]), start)


def _in_force(known: Widths, timestamp: Rows) -> Factors:
    """The factors at each candle: those of its own row, or of the last one before it.

    A candle that was stored late, between others, has no row.
    """
    return known.factors[np.searchsorted(known.timestamp, timestamp, side="right") - 1]


def _distances(forecaster: OnnxForecaster, candles: Candles, start: int) -> Distances:
    """Scaled distances of the rows from ``start`` on; NaN where there is no forecast or no outcome."""
    distances = np.full((len(candles) - start, forecaster.horizon), np.nan, dtype=np.float32)
    features = build_features(candles)
    interval_seconds = require_interval(forecaster.interval)
    first = max(start, features.first_row + forecaster.lookback - 1)
    origins = _with_whole_windows(first, candles.timestamp, forecaster.lookback, interval_seconds)
    if len(origins):
        distances[origins - start] = scaled_distances(
            _outcomes(candles, forecaster.horizon, interval_seconds)[origins],
            forecaster.predict(features.values, origins),
            two_speed_volatility(log_returns(candles.close))[origins],
            forecaster.conformal,
        )
    return distances


def _with_whole_windows(first: int, timestamp: Rows, lookback: int, interval_seconds: int) -> Rows:
    """Rows from ``first`` on whose window spans no missing candle, as in training."""
    rows = np.arange(first, len(timestamp))
    span = timestamp[rows] - timestamp[rows - lookback + 1]
    whole: Rows = rows[span == (lookback - 1) * interval_seconds]
    return whole


def _outcomes(candles: Candles, horizon: int, interval_seconds: int) -> NDArray[np.float32]:
    """What the forecasts are about, ``(rows, horizon)``; NaN where it is not known or a candle is missing."""
    outcomes = cumulative_targets(candles.close, horizon)
    for step in range(1, horizon + 1):
        missing = candles.timestamp[step:] - candles.timestamp[:-step] != step * interval_seconds
        outcomes[:-step, step - 1][missing] = np.nan
    return outcomes


def _joined(past: Candles, new: Candles) -> Candles:
    return Candles(*(np.concatenate([getattr(past, name), getattr(new, name)]) for name in COLUMNS))


def _store(model_id: str, widths: Widths) -> bool:
    """Add rows in one transaction; False when there is no such model any more."""
    columns = zip(widths.timestamp, widths.factors[:, 0].tolist(), widths.factors[:, 1].tolist(), strict=True)
    rows = [
        {"model_id": model_id, "origin": _moment(int(origin)), "factors_80": at_80, "factors_95": at_95}
        for origin, at_80, at_95 in columns
    ]
    with db.engine.begin() as connection:
        held = select(Model.id).filter_by(id=model_id).with_for_update(read=True, key_share=True)
        if connection.scalar(held) is None:
            return False
        # Who walks the same model at the same time finds the same rows.
        connection.execute(insert(IntervalWidth).on_conflict_do_nothing(), rows)
    return True


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
