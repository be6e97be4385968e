"""Stored candles: one way in, one way out, both the same in every async mode.

Columns travel as arrays, not as rows: writing sends six array literals a statement, reading gets
packed binary columns in pages, so memory follows the numbers and no row becomes Python objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, exists, select, text

from server.errors import InvalidInput, NotFound
from server.extensions import db
from server.market.arrivals import candles_stored
from server.market.candles import Candles, require_interval, require_ticker
from server.market.changes import SeriesChange
from server.market.flagging import flag_outliers
from server.market.packed import LAST_PAGE, PAGE, opens_of, read_page, read_pages, unpacked
from server.market.resampling import Resampled, resample, resampling_ratio
from server.market.soundness import require_sound
from server.market.tables import CandleRow, SeriesVersion

RESAMPLED_ROWS = 500_000
"""Most stored candles one resampled answer is made of."""

Write = Callable[[Candles], int]

_EXTENT = text("""
    WITH part AS NOT MATERIALIZED (
        SELECT timestamp FROM candles
        WHERE ticker = :ticker AND interval = :interval
          AND timestamp >= to_timestamp(:start) AND timestamp <= to_timestamp(:end)
    )
    SELECT (SELECT count(*) FROM (SELECT FROM part LIMIT :enough) AS counted) AS rows,
           (SELECT timestamp FROM part ORDER BY timestamp LIMIT 1) AS first,
           (SELECT timestamp FROM part ORDER BY timestamp DESC LIMIT 1) AS last
""")

_OPENS = text("""
    SELECT string_agg(timestamptz_send(timestamp), ''::bytea ORDER BY timestamp) FROM candles
    WHERE ticker = :ticker AND interval = :interval
      AND timestamp >= to_timestamp(:start) AND timestamp < to_timestamp(:end)
      AND split_part(source, ':', 1) <> :except_of
""")

_STATE = text("""
    SELECT version, xmin::text AS written, newest FROM series_versions
    WHERE ticker = :ticker AND interval = :interval
""")


@dataclass(frozen=True, slots=True)
class Series:
    """What is stored of one ticker and interval; ``first`` and ``last`` are opens (seconds, UTC)."""

    ticker: str
    interval: str
    first: int
    last: int
    rows: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extent:
    """The stored part of a range; ``first`` and ``last`` are None when ``rows`` is 0.

    ``rows`` is exact below the number that was said to be enough.
    """

    rows: int
    first: datetime | None
    last: datetime | None


@contextmanager
def writing(ticker: str, interval: str, source: str) -> Iterator[Write]:
    """One transaction for one series: all that ``write`` was given is stored, or nothing of it.

    ``write`` inserts or replaces candles and answers how many rows are new or changed; it raises
    :class:`UnsoundCandles` for what cannot be candles. Writers of the same series wait for each other,
    so two imports can neither mix nor deadlock. When something changed, the series' version rises and
    its outliers are flagged with it, and ``candles_stored`` is sent after the commit.
    """
    require_ticker(ticker)
    step = require_interval(interval)

    def write(candles: Candles) -> int:
        require_sound(candles, step)
        return change.write(candles)

    with db.engine.begin() as connection:
        change = SeriesChange(connection, ticker, interval, source)
        yield write
        change.bump()
        if change.first is not None and change.last is not None:
            first, last = (int(moment.timestamp()) for moment in (change.first, change.last))
            flag_outliers(connection, ticker, interval, first, last)
    if change.first is not None:
        candles_stored.send(None, ticker=ticker, interval=interval, first=change.first, last=change.last)


def upsert(ticker: str, interval: str, source: str, candles: Candles) -> int:
    """Insert or replace candles in one transaction; how many rows are new or changed."""
    with writing(ticker, interval, source) as write:
        return write(candles)


def load_candles(
    ticker: str, interval: str, start: datetime | None = None, end: datetime | None = None
) -> Candles:
    """All candles with ``start <= open < end`` (aware datetimes; None: no bound), oldest first.

    Raises :class:`NotFound`, naming the known tickers, when nothing at all is stored of the series.
    """
    require_series(ticker, interval)
    # One snapshot for all pages: an import that commits meanwhile is seen whole or not at all.
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        return unpacked(list(read_pages(connection, ticker, interval, *_bounds(start, end))))


def query_candles(
    ticker: str, interval: str, start: datetime | None, end: datetime | None, limit: int
) -> Candles:
    """At most ``limit`` candles with ``start <= open < end``, oldest first.

    The first ones after ``start`` when it is given, otherwise the last ones before ``end``.
    Raises :class:`NotFound` when nothing at all is stored of the series.
    """
    first, last = _bounds(start, end)
    statement, step = (LAST_PAGE, -1) if start is None else (PAGE, 1)
    with db.engine.connect() as connection:
        page = read_page(connection, statement, ticker, interval, first, last, limit)
    if not len(page):
        require_series(ticker, interval)
    return unpacked([page[::step]])


def query_resampled(
    ticker: str, interval: str, coarser: str, start: datetime | None, end: datetime | None, limit: int
) -> Resampled:
    """At most ``limit`` candles of a coarser interval, made of the stored ones of ``interval``.

    Reads ``limit`` coarse candles' worth of rows in the way of :func:`query_candles`; buckets that
    are incomplete, at the edges of the range too, are left out and counted. Raises
    :class:`InvalidInput` when that would read more than ``RESAMPLED_ROWS``.
    """
    ratio = resampling_ratio(interval, coarser)
    if limit * ratio > RESAMPLED_ROWS:
        raise InvalidInput(
            f"limit {limit} of {coarser} from {interval} would read {limit * ratio:,} candles; "
            f"ask for at most {RESAMPLED_ROWS // ratio} at a time",
            field="limit",
            value=limit,
        )
    # One bucket more: the range may begin or end inside a bucket.
    result = resample(query_candles(ticker, interval, start, end, (limit + 1) * ratio), interval, coarser)
    kept = slice(-limit, None) if start is None else slice(limit)
    return Resampled(result.candles[kept], result.incomplete)


def extent(ticker: str, interval: str, start: datetime | None, end: datetime | None, enough: int) -> Extent:
    """How many candles have ``start <= open <= end``, and which are the first and the last.

    Counts no further than ``enough``, so the answer takes as long for a million candles as for
    a thousand. Raises :class:`NotFound` when nothing at all is stored of the series.
    """
    require_series(ticker, interval)
    first, last = _bounds(start, end)
    asked = {"ticker": ticker, "interval": interval, "start": first, "end": last, "enough": enough}
    with db.engine.connect() as connection:
        row = connection.execute(_EXTENT, asked).one()
    return Extent(row.rows, row.first, row.last)


def list_series() -> list[Series]:
    """What is stored, by ticker and interval."""
    query = select(SeriesVersion).order_by(SeriesVersion.ticker, SeriesVersion.interval)
    with db.engine.connect() as connection:
        return [_series(row) for row in connection.execute(query)]


def series_version(ticker: str, interval: str) -> tuple[int, datetime] | None:
    """The series' version and the open of its newest candle; None when nothing of it is stored."""
    with db.engine.connect() as connection:
        stored = select(SeriesVersion.version, SeriesVersion.newest).where(
            SeriesVersion.ticker == ticker, SeriesVersion.interval == interval
        )
        row = connection.execute(stored).one_or_none()
    return None if row is None else (row.version, row.newest)


def stored_opens(
    ticker: str, interval: str, since: int, until: int | None, except_of: str = ""
) -> NDArray[np.int64]:
    """Opens ``since <= open < until`` (seconds, UTC; None: no bound) of which a candle is stored, in order.

    Candles of the source ``except_of`` (an exchange, whatever stands behind its colon) are left out.
    """
    asked = {
        "ticker": ticker, "interval": interval, "start": float(since),
        "end": float("inf") if until is None else float(until), "except_of": except_of,
    }  # fmt: skip
    with db.engine.connect() as connection:
        packed = connection.execute(_OPENS, asked).scalar()
    return opens_of(np.frombuffer(packed or b"", dtype=">i8"))


def has_series(ticker: str, interval: str) -> bool:
    """Whether at least one candle of the series is stored."""
    with db.engine.connect() as connection:
        stored = exists().where(CandleRow.ticker == ticker, CandleRow.interval == interval)
        return bool(connection.scalar(select(stored)))


def require_series(ticker: str, interval: str) -> None:
    """Raises :class:`NotFound`, naming what is stored, unless the series has a candle."""
    require_ticker(ticker)
    require_interval(interval)
    if not has_series(ticker, interval):
        raise _not_stored(ticker, interval)


def require_version(ticker: str, interval: str) -> tuple[int, datetime]:
    """The series' version and the open of its newest candle. Raises :class:`NotFound` as above."""
    require_ticker(ticker)
    require_interval(interval)
    found = series_version(ticker, interval)
    if found is None:
        raise _not_stored(ticker, interval)
    return found


def require_state(ticker: str, interval: str) -> tuple[int, str, datetime]:
    """Equal as long as the candles of a series are the same. Raises :class:`NotFound` as above.

    Between the version and the open of the newest candle it names the transaction that raised the version:
    a restored database counts up from an older one, with other candles.
    """
    require_ticker(ticker)
    require_interval(interval)
    with db.engine.connect() as connection:
        row = connection.execute(_STATE, {"ticker": ticker, "interval": interval}).one_or_none()
    if row is None:
        raise _not_stored(ticker, interval)
    return row.version, row.written, row.newest


def _not_stored(ticker: str, interval: str) -> NotFound:
    known = [f"{series.ticker} {series.interval}" for series in list_series()]
    return NotFound(
        f"No candles of {ticker} {interval} are stored; known: {', '.join(known) or 'none'}",
        ticker=ticker,
        interval=interval,
        known=known,
    )


def _bounds(start: datetime | None, end: datetime | None) -> tuple[float, float]:
    return (
        float("-inf") if start is None else start.astimezone(UTC).timestamp(),
        float("inf") if end is None else end.astimezone(UTC).timestamp(),
    )


def _series(row: Row[Any]) -> Series:
    first, last = int(row.oldest.timestamp()), int(row.newest.timestamp())
    return Series(row.ticker, row.interval, first, last, row.rows, tuple(row.sources))
