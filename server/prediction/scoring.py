"""Forecasts beside what happened: actual and error of every step whose candle is stored.

A step is scored from a stored candle or not at all; a candle that is missing leaves its step open. A
candle that was corrected corrects the scores made from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, TextClause, text

from server.extensions import db
from server.market.candles import INTERVAL_SECONDS, require_interval
from server.market.moments import iso
from server.prediction import log as prediction_log
from server.prediction.predict import LONGEST_HORIZON
from server.realtime.publisher import Publisher

PREDICTIONS_AT_A_TIME: Final = 500
"""Forecasts scored in one transaction: the rows of their rooms are locked until it ends."""

RECENT_CANDLES: Final = 100
"""How far back a sweep looks for candles that were corrected and whose message was lost."""

Scored = tuple[str, str | None, dict[str, Any]]
"""Type, request and data of one event."""

# Held until the commit: of two that settle a series at once, the second finds the first one's scores.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('scores'), hashtext(:series))")

# LIMIT keeps each step's candle a look-up by key: joined, a table not analysed yet is read whole each time.
_DUE = text("""
    SELECT p.request_id, p.origin
    FROM predictions AS p
    WHERE p.ticker = :ticker AND p.interval = :interval
      AND p.origin >= :earliest AND p.origin < :last
      AND (p.origin, p.request_id) > (:origin, :request_id)
      AND EXISTS (
          SELECT FROM prediction_steps AS s CROSS JOIN LATERAL (
              SELECT close FROM candles
              WHERE ticker = p.ticker AND interval = p.interval AND timestamp = s.target_time LIMIT 1) AS c
          WHERE s.request_id = p.request_id AND s.target_time BETWEEN :first AND :last
            AND s.actual IS DISTINCT FROM c.close)
    ORDER BY p.origin, p.request_id
    LIMIT :limit
""")

_FIND = text("""
    SELECT p.model_id, p.origin, p.horizon, s.*, c.close
    FROM predictions AS p
    JOIN prediction_steps AS s ON s.request_id = p.request_id
    CROSS JOIN LATERAL (
        SELECT close FROM candles
        WHERE ticker = p.ticker AND interval = p.interval AND timestamp = s.target_time LIMIT 1) AS c
    WHERE p.request_id = ANY(:request_ids) AND s.target_time BETWEEN :first AND :last
      AND s.actual IS DISTINCT FROM c.close
    ORDER BY p.origin, p.request_id, s.step
    FOR NO KEY UPDATE OF p
""")

_SCORE = text("""
    UPDATE prediction_steps AS s
    SET actual = found.close, error = s.price - found.close
    FROM unnest(CAST(:request_ids AS text[]), CAST(:steps AS int[]), CAST(:closes AS float8[]))
         AS found (request_id, step, close)
    WHERE s.request_id = found.request_id AND s.step = found.step
""")

_COUNT = text("""
    UPDATE predictions AS p
    SET settled_steps = p.settled_steps + counted.new
    FROM unnest(CAST(:request_ids AS text[]), CAST(:new AS int[])) AS counted (request_id, new)
    WHERE p.request_id = counted.request_id
    RETURNING p.request_id, p.settled_steps
""")

# Forecasts of one origin and length need the same candles: those are looked up once for all of them.
_OPEN = text("""
    WITH open AS (
        SELECT ticker, interval, origin, horizon, min(settled_steps) AS settled_steps
        FROM predictions
        WHERE settled_steps < horizon
        GROUP BY ticker, interval, origin, horizon
    ), due AS (
        SELECT open.ticker, open.interval, stored.first, stored.last
        FROM open
        JOIN unnest(CAST(:intervals AS text[]), CAST(:seconds AS int[])) AS known (interval, seconds)
          ON known.interval = open.interval
        CROSS JOIN LATERAL (
            SELECT count(*) AS candles, min(c.timestamp) AS first, max(c.timestamp) AS last
            FROM generate_series(1, open.horizon) AS step CROSS JOIN LATERAL (
                SELECT timestamp FROM candles
                WHERE ticker = open.ticker AND interval = open.interval
                  AND timestamp = open.origin + make_interval(secs => step * known.seconds) LIMIT 1) AS c
        ) AS stored
        WHERE open.settled_steps < stored.candles
    )
    SELECT ticker, interval, min(first) AS first, max(last) AS last
    FROM due GROUP BY ticker, interval ORDER BY ticker, interval
""")

_CORRECTED = text("""
    SELECT p.ticker, p.interval, min(s.target_time) AS first, max(s.target_time) AS last
    FROM series_versions AS series
    JOIN unnest(CAST(:intervals AS text[]), CAST(:seconds AS int[])) AS known (interval, seconds)
      ON known.interval = series.interval
    JOIN predictions AS p ON p.ticker = series.ticker AND p.interval = series.interval
      AND p.origin >= series.newest - make_interval(secs => :candles * known.seconds)
    JOIN prediction_steps AS s ON s.request_id = p.request_id AND s.actual IS NOT NULL
    CROSS JOIN LATERAL (
        SELECT close FROM candles
        WHERE ticker = p.ticker AND interval = p.interval AND timestamp = s.target_time LIMIT 1) AS c
    WHERE s.actual <> c.close
    GROUP BY p.ticker, p.interval ORDER BY p.ticker, p.interval
""")


class Due(NamedTuple):
    """A series, and the opens of the first and the last stored candle that steps are to be scored by."""

    ticker: str
    interval: str
    first: datetime
    last: datetime


def due() -> list[Due]:
    """Every series with forecasts that could be scored further."""
    return _found(_OPEN)


def corrected() -> list[Due]:
    """Every series whose last scores were made from a candle that is stored otherwise now.

    Forecasts of the last ``RECENT_CANDLES`` are looked through: live candles are corrected soon or not at
    all. What a file corrects further back is told by its message alone.
    """
    return _found(_CORRECTED, candles=RECENT_CANDLES)


def settle(
    ticker: str,
    interval: str,
    first: datetime,
    last: datetime,
    publisher: Publisher,
    at_a_time: int = PREDICTIONS_AT_A_TIME,
) -> int:
    """Score the steps whose target is a stored candle from ``first`` to ``last`` (opens); how many.

    Each forecast that gained scores has one ``scored`` event with them, committed together with the
    scores, those of ``at_a_time`` forecasts in one transaction. What is scored already and still right is
    left alone, so a repetition does nothing.
    """
    reach = timedelta(seconds=LONGEST_HORIZON * require_interval(interval))
    asked = {
        "ticker": ticker,
        "interval": interval,
        "series": f"{ticker} {interval}",
        "first": first,
        "last": last,
        "earliest": first - reach,
        "limit": at_a_time,
    }
    return sum(_settled_parts(asked, publisher))


def _found(query: TextClause, **more: int) -> list[Due]:
    known = {"intervals": list(INTERVAL_SECONDS), "seconds": list(INTERVAL_SECONDS.values())}
    found = [Due(*row) for row in db.session.execute(query, {**known, **more})]
    db.session.rollback()
    return found


def _settled_parts(asked: dict[str, Any], publisher: Publisher) -> Iterator[int]:
    """Scores of one transaction after the other, in the order of origins."""
    after = {"origin": asked["earliest"], "request_id": ""}
    while True:
        db.session.execute(_LOCK, asked)
        predictions = db.session.execute(_DUE, {**asked, **after}).all()
        if not predictions:
            db.session.rollback()
            return
        request_ids = [row.request_id for row in predictions]
        found = db.session.execute(_FIND, {**asked, "request_ids": request_ids}).all()
        if found:
            events = _events(found, _scored(found))
            prediction_log.append_many(asked["ticker"], asked["interval"], events, publisher)
        yield len(found)
        after = predictions[-1]._asdict()


def _scored(found: Sequence[Row[Any]]) -> dict[str, int]:
    """Write what was found; how many steps of each of the forecasts are settled now."""
    columns = {
        "request_ids": [score.request_id for score in found],
        "steps": [score.step for score in found],
        "closes": [score.close for score in found],
    }
    db.session.execute(_SCORE, columns)
    new = dict.fromkeys(columns["request_ids"], 0)
    for score in found:
        new[score.request_id] += score.actual is None
    counted = db.session.execute(_COUNT, {"request_ids": list(new), "new": list(new.values())})
    return {row.request_id: row.settled_steps for row in counted}


def _events(found: Sequence[Row[Any]], settled_steps: Mapping[str, int]) -> list[Scored]:
    """One event a forecast, with the steps that are new or different."""
    return [
        ("scored", request_id, _data(list(scores), settled_steps[request_id]))
        for request_id, scores in groupby(found, key=lambda score: score.request_id)
    ]


def _data(scores: list[Row[Any]], settled_steps: int) -> dict[str, Any]:
    return {
        "model_id": scores[0].model_id,
        "origin": iso(scores[0].origin),
        "settled_steps": settled_steps,
        "horizon": scores[0].horizon,
        "steps": [_step(score) for score in scores],
    }


def _step(score: Row[Any]) -> dict[str, Any]:
    """One scored step; ``corrected`` says that an earlier score was replaced."""
    return {
        "step": score.step,
        "timestamp": iso(score.target_time),
        "predicted_price": score.price,
        "actual": score.close,
        "error": score.price - score.close,
        "naive_error": score.naive_price - score.close,
        "inside_80": score.lower_80 <= score.close <= score.upper_80,
        "inside_95": score.lower_95 <= score.close <= score.upper_95,
        "corrected": score.actual is not None,
    }
