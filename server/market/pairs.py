"""What two series have in common: closes at the times at which both have a candle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from server.extensions import db
from server.market.packed import opens_of
from server.market.store import require_series

# Both sides are bounded, or one of them would be read from its beginning.
_COMMON = text("""
    SELECT string_agg(timestamptz_send(timestamp) || float8send(close) || float8send(other),
                      ''::bytea ORDER BY timestamp)
    FROM (SELECT timestamp, one.close, two.close AS other
          FROM candles AS one JOIN candles AS two USING (interval, timestamp)
          WHERE one.ticker = :ticker AND two.ticker = :other AND interval = :interval
            AND one.timestamp >= coalesce(:start, '-infinity'::timestamptz)
            AND two.timestamp >= coalesce(:start, '-infinity'::timestamptz)
            AND one.timestamp < coalesce(:end, 'infinity'::timestamptz)
            AND two.timestamp < coalesce(:end, 'infinity'::timestamptz)
          ORDER BY timestamp LIMIT :limit) AS common
""")
# The last ones before a time: the same rows, chosen from the newest.
_LAST_COMMON = text(_COMMON.text.replace("ORDER BY timestamp LIMIT", "ORDER BY timestamp DESC LIMIT"))
_PACKED = np.dtype([("timestamp", ">i8"), ("close", ">f8"), ("other", ">f8")])


@dataclass(frozen=True, slots=True)
class CommonCloses:
    """Closes of two series at their common opens (seconds, UTC), oldest first; columns ``(rows,)``."""

    timestamp: NDArray[np.int64]
    close: NDArray[np.float64]
    other: NDArray[np.float64]


def common_closes(
    ticker: str, other: str, interval: str, start: datetime | None, end: datetime | None, limit: int
) -> CommonCloses:
    """At most ``limit`` common candles with ``start <= open < end``, oldest first.

    The first ones after ``start`` when it is given, otherwise the last ones before ``end``.
    Raises :class:`NotFound` when nothing at all is stored of either series.
    """
    asked = {
        "ticker": ticker, "other": other, "interval": interval, "start": start, "end": end, "limit": limit,
    }  # fmt: skip
    with db.engine.connect() as connection:
        packed = connection.execute(_LAST_COMMON if start is None else _COMMON, asked).scalar()
    rows = np.frombuffer(packed or b"", dtype=_PACKED)
    if not len(rows):
        for each in (ticker, other):
            require_series(each, interval)
    return CommonCloses(
        opens_of(rows["timestamp"]), rows["close"].astype(np.float64), rows["other"].astype(np.float64)
    )
