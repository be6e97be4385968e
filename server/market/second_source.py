"""Stored candles beside what a second exchange says: how far apart they are, and which are flagged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from server.config import Settings
from server.extensions import db
from server.market.candles import iso_time, joined, require_interval
from server.market.changes import lock_series
from server.market.flagging import DEVIATES, Flags, replace_flags
from server.market.pairs import CommonCloses
from server.market.quality import keep_comparison
from server.market.sources.contract import Source
from server.market.sources.order import Sources
from server.market.sources.symbols import FLAT

# Of the newest candles those that another exchange sent; where nothing was traded nothing is compared.
_NEWEST = text("""
    SELECT extract(epoch FROM timestamp)::bigint AS open, close
    FROM (SELECT * FROM candles WHERE ticker = :ticker AND interval = :interval
          ORDER BY timestamp DESC LIMIT :limit) AS newest
    WHERE split_part(source, ':', 1) <> :second AND right(source, length(:flat)) <> :flat
    ORDER BY timestamp
""")

Closes = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Opens (seconds, UTC) and closes, both ``(rows,)``."""


def compare(ticker: str, interval: str, sources: Sources, settings: Settings) -> dict[str, Any] | None:
    """Compare the newest stored closes with those of the second exchange; what came of it is kept.

    None when no second exchange is configured, or what is stored came from it, or it has none of the
    candles: then nothing was measured and nothing is changed. Raises a :class:`SourceError` or one of
    ``NOT_OFFERED``.
    """
    name = sources.second(ticker)
    if name is None:
        return None
    newest = (ticker, interval, name, settings.market_compared_candles)
    with db.engine.connect() as connection:
        opens, _ = _stored(connection, *newest)
    if not len(opens):
        return None
    other, mark = _fetched(sources.of(name), ticker, interval, opens)
    with db.engine.begin() as connection:
        lock_series(connection, ticker, interval)
        # Read again: a candle may have been replaced while the exchange was asked.
        stored = _stored(connection, *newest)
        common, mine, theirs = np.intersect1d(stored[0], other[0], return_indices=True)
        if not len(common):
            return None
        closes = CommonCloses(common, stored[1][mine], other[1][theirs])
        return _keep(connection, ticker, interval, mark, closes, settings.market_tolerance)


def _stored(connection: Connection, ticker: str, interval: str, second: str, limit: int) -> Closes:
    asked = {"ticker": ticker, "interval": interval, "second": second, "limit": limit, "flat": FLAT}
    rows = connection.execute(_NEWEST, asked).all()
    return np.array([row.open for row in rows], np.int64), np.array([row.close for row in rows], np.float64)


def _fetched(source: Source, ticker: str, interval: str, opens: NDArray[np.int64]) -> tuple[Closes, str]:
    """The second exchange's candles of the same range, and what rows of them would be marked with."""
    following: int | None = int(opens[0])
    until = int(opens[-1]) + require_interval(interval)
    parts, mark = [], source.name
    while following is not None:
        page = source.fetch_candles(ticker, interval, following, until)
        parts.append(page.candles)
        mark, following = page.source, page.next_since
    whole = joined(parts)
    return (whole.timestamp, whole.close), mark


def _keep(
    connection: Connection, ticker: str, interval: str, mark: str, common: CommonCloses, tolerance: float
) -> dict[str, Any]:
    opens, close, other = common.timestamp, common.close, common.other
    difference = np.abs(close - other) / other
    flags: Flags = {
        (int(opens[row]), DEVIATES): (
            float(difference[row]),
            {"source": mark, "close": float(close[row]), "other_close": float(other[row])},
        )
        for row in np.flatnonzero(difference > tolerance)
    }
    first, last = int(opens[0]), int(opens[-1])
    comparison = {
        "compared_at": iso_time(int(datetime.now(UTC).timestamp())),
        "source": mark,
        "candles": len(opens),
        "first": iso_time(first),
        "last": iso_time(last),
        "median": float(np.median(difference)),
        "largest": float(difference.max()),
        "tolerance": tolerance,
        "beyond": len(flags),
    }
    replace_flags(connection, ticker, interval, [DEVIATES], first, last + 1, flags)
    keep_comparison(connection, ticker, interval, comparison)
    return comparison
