"""How fresh and how whole the followed series are, for ``/metrics``."""

from __future__ import annotations

import time

from sqlalchemy import select

from server.extensions import db
from server.market import follows
from server.market.candles import require_interval
from server.market.tables import SeriesVersion
from server.observability.metrics import (
    SERIES_AGE,
    SERIES_CANDLES,
    SERIES_INTERVAL,
    SERIES_MISSING,
    ByLabels,
)


def gauges() -> dict[str, ByLabels]:
    """Gauge to series to value. A series of which nothing is stored has 0 candles and no age.

    Reads the rows that say what is stored, never the candles.
    """
    values: dict[str, dict[tuple[str, ...], float]] = {
        name: {} for name in (SERIES_AGE, SERIES_INTERVAL, SERIES_CANDLES, SERIES_MISSING)
    }
    with db.engine.connect() as connection:
        stored = {(row.ticker, row.interval): row for row in connection.execute(select(SeriesVersion))}
    now = time.time()
    for pair in follows.followed():
        step = require_interval(pair[1])
        values[SERIES_INTERVAL][pair] = step
        series = stored.get(pair)
        values[SERIES_CANDLES][pair] = 0.0 if series is None else series.rows
        if series is not None:
            oldest, newest = series.oldest.timestamp(), series.newest.timestamp()
            values[SERIES_AGE][pair] = now - newest - step
            values[SERIES_MISSING][pair] = (newest - oldest) // step + 1 - series.rows
    return dict(values)
