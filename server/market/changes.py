"""One transaction's changes to a series: candles in, and its version up by one.

The row of the version also says what is stored, so that a listing reads no candles. It is right
because candles are written here alone, by one writer of a series at a time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from server.market.candles import COLUMNS, Candles

WRITE_ROWS = 10_000
"""Candles sent a statement."""

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('candles'), hashtext(:series))")
# An update locks the row that it replaces, an insert finds none to lock: xmax tells them apart. What a
# comparison with another exchange said of a candle does not hold for the one that replaces it.
_UPSERT = text("""
    WITH changed AS (
        INSERT INTO candles (ticker, interval, timestamp, open, high, low, close, volume, source)
        SELECT :ticker, :interval, to_timestamp(t), o, h, l, c, v, :source
        FROM unnest(CAST(:timestamp AS float8[]), CAST(:open AS float8[]), CAST(:high AS float8[]),
                    CAST(:low AS float8[]), CAST(:close AS float8[]), CAST(:volume AS float8[]))
             AS sent (t, o, h, l, c, v)
        ON CONFLICT (ticker, interval, timestamp) DO UPDATE
        SET open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
            volume = excluded.volume, source = excluded.source
        WHERE (candles.open, candles.high, candles.low, candles.close, candles.volume, candles.source)
           IS DISTINCT FROM (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume,
                             excluded.source)
        RETURNING timestamp, xmax = 0 AS inserted
    ), compared AS (
        DELETE FROM candle_flags AS flag USING changed
        WHERE flag.ticker = :ticker AND flag.interval = :interval AND flag.kind = 'deviates'
          AND flag.timestamp = changed.timestamp AND NOT inserted
    )
    SELECT count(*) AS rows, count(*) FILTER (WHERE inserted) AS inserted,
           min(timestamp) AS first, max(timestamp) AS last
    FROM changed
""")
# A replaced candle may have been the last one of its source: only then are the sources looked up.
_BUMP = text("""
    INSERT INTO series_versions AS known (ticker, interval, version, oldest, newest, rows, sources)
    VALUES (:ticker, :interval, 1, :first, :last, :inserted, ARRAY[CAST(:source AS text)])
    ON CONFLICT (ticker, interval) DO UPDATE
    SET version = known.version + 1,
        oldest = least(known.oldest, excluded.oldest),
        newest = greatest(known.newest, excluded.newest),
        rows = known.rows + excluded.rows,
        sources = CASE
            WHEN known.sources = excluded.sources THEN known.sources
            WHEN :updated = 0 THEN ARRAY(
                SELECT DISTINCT each FROM unnest(known.sources || excluded.sources) AS each ORDER BY each)
            ELSE ARRAY(
                SELECT DISTINCT source FROM candles
                WHERE ticker = :ticker AND interval = :interval ORDER BY source)
        END
""")

_DELETE = text("""
    WITH gone AS (
        DELETE FROM candles WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM candles
            WHERE ticker = :ticker AND interval = :interval AND timestamp < :before
              AND timestamp < (SELECT newest FROM series_versions
                               WHERE ticker = :ticker AND interval = :interval)
            ORDER BY timestamp LIMIT :limit))
        RETURNING timestamp
    ), unflagged AS (
        DELETE FROM candle_flags USING gone
        WHERE ticker = :ticker AND interval = :interval AND candle_flags.timestamp = gone.timestamp
    )
    SELECT count(*) FROM gone
""")
_SHRINK = text("""
    WITH present AS (
        SELECT min(timestamp) AS oldest, array_agg(DISTINCT source ORDER BY source) AS sources FROM candles
        WHERE ticker = :ticker AND interval = :interval
    )
    UPDATE series_versions AS known
    SET version = known.version + 1, rows = known.rows - :deleted, oldest = present.oldest,
        sources = present.sources
    FROM present WHERE known.ticker = :ticker AND known.interval = :interval
""")


def lock_series(connection: Connection, ticker: str, interval: str) -> None:
    """Wait until nobody else writes the series, and let nobody until the transaction ends."""
    connection.execute(_LOCK, {"series": f"{ticker} {interval}"})


class SeriesChange:
    """The changes of one transaction, ``connection``'s, to one series, under the series' lock.

    ``first`` and ``last`` are the opens of the candles that are new or different now; None while
    there are none.
    """

    def __init__(self, connection: Connection, ticker: str, interval: str, source: str) -> None:
        self._connection = connection
        self._series = {"ticker": ticker, "interval": interval, "source": source}
        self._inserted = self._updated = 0
        self.first: datetime | None = None
        self.last: datetime | None = None
        lock_series(connection, ticker, interval)

    def write(self, candles: Candles) -> int:
        """Insert or replace candles; how many rows are new or different."""
        parts = (candles[row : row + WRITE_ROWS] for row in range(0, len(candles), WRITE_ROWS))
        return sum(self._upsert(part) for part in parts)

    def bump(self) -> None:
        """Count the version up, unless nothing was changed; once, when all is written."""
        if self.first is not None:
            counts = {"inserted": self._inserted, "updated": self._updated}
            self._connection.execute(
                _BUMP, {**self._series, **counts, "first": self.first, "last": self.last}
            )

    def delete_before(self, moment: datetime, limit: int) -> int:
        """Delete the oldest candles before ``moment``, at most ``limit`` of them, and count the version up.

        How many went; the newest candle of a series stays.
        """
        asked = {**self._series, "before": moment, "limit": limit}
        deleted = int(self._connection.execute(_DELETE, asked).scalar_one())
        if deleted:
            self._connection.execute(_SHRINK, {**self._series, "deleted": deleted})
        return deleted

    def _upsert(self, candles: Candles) -> int:
        done = self._connection.execute(_UPSERT, {**self._series, **_literals(candles)}).one()
        self._inserted += done.inserted
        self._updated += done.rows - done.inserted
        if done.rows:
            self._widen(done)
        return int(done.rows)

    def _widen(self, done: Row[Any]) -> None:
        first, last = done.first.astimezone(UTC), done.last.astimezone(UTC)
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)


def _literals(candles: Candles) -> dict[str, str]:
    """Array literals by column; ``repr`` is the shortest text that reads back as the same double."""
    return {name: "{" + ",".join(map(repr, getattr(candles, name).tolist())) + "}" for name in COLUMNS}
