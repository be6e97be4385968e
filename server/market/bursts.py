"""Closed candles of many series in one transaction: live ones all end in the same instant.

What such a candle usually is, a new one, is written here; one that is stored already goes the way of
:mod:`server.market.store`. A series that somebody else writes is left for later: a long import must not
hold up the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from server.extensions import db
from server.market import store
from server.market.candles import COLUMNS, Candles, require_interval
from server.market.changes import SeriesChange
from server.market.flagging import flag_outliers
from server.market.follows import Pair
from server.market.soundness import require_sound

_LOCK = text("""
    SELECT ticker, interval
    FROM unnest(CAST(:ticker AS text[]), CAST(:interval AS text[])) AS each (ticker, interval)
    WHERE pg_try_advisory_xact_lock(hashtext('candles'), hashtext(ticker || ' ' || interval))
""")
_INSERT = text("""
    WITH inserted AS (
        INSERT INTO candles (ticker, interval, source, timestamp, open, high, low, close, volume)
        SELECT ticker, interval, source, to_timestamp(t), o, h, l, c, v
        FROM unnest(CAST(:ticker AS text[]), CAST(:interval AS text[]), CAST(:source AS text[]),
                    CAST(:timestamp AS float8[]), CAST(:open AS float8[]), CAST(:high AS float8[]),
                    CAST(:low AS float8[]), CAST(:close AS float8[]), CAST(:volume AS float8[]))
             AS sent (ticker, interval, source, t, o, h, l, c, v)
        ON CONFLICT (ticker, interval, timestamp) DO NOTHING
        RETURNING ticker, interval, source, timestamp
    ), raised AS (
        INSERT INTO series_versions AS known (ticker, interval, version, oldest, newest, rows, sources)
        SELECT ticker, interval, 1, min(timestamp), max(timestamp), count(*),
               array_agg(DISTINCT source ORDER BY source)
        FROM inserted GROUP BY ticker, interval
        ON CONFLICT (ticker, interval) DO UPDATE
        SET version = known.version + 1,
            oldest = least(known.oldest, excluded.oldest),
            newest = greatest(known.newest, excluded.newest),
            rows = known.rows + excluded.rows,
            sources = ARRAY(
                SELECT DISTINCT each FROM unnest(known.sources || excluded.sources) AS each ORDER BY each)
    )
    SELECT ticker, interval, min(timestamp) AS first, max(timestamp) AS last, count(*) AS rows
    FROM inserted GROUP BY ticker, interval
""")


@dataclass(frozen=True, slots=True)
class Part:
    """Candles of one series, oldest first, and the source that their rows are marked with."""

    pair: Pair
    source: str
    candles: Candles


@dataclass(frozen=True, slots=True)
class Arrival:
    """New candles of one series: the opens of the first and the last (UTC)."""

    pair: Pair
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Burst:
    """What was stored as new, and the series of which nothing was: somebody else writes them."""

    arrivals: list[Arrival]
    busy: set[Pair]


def store_burst(parts: Sequence[Part]) -> Burst:
    """Store candles of different series, all of those that can be in one transaction.

    Of the ``arrivals`` nobody was told: send ``candles_stored`` for each of them, and flag what stands out
    among them (:func:`flag_arrival`). Raises :class:`UnsoundCandles` before anything is stored.
    """
    for part in parts:
        require_sound(part.candles, require_interval(part.pair[1]))
    with db.engine.begin() as connection:
        free = _lock(connection, [part.pair for part in parts])
        taken = [part for part in parts if part.pair in free]
        rows = connection.execute(_INSERT, _columns(taken)).all() if taken else []
    inserted = {(row.ticker, row.interval): row.rows for row in rows}
    for part in taken:
        if inserted.get(part.pair, 0) < len(part.candles):
            store.upsert(*part.pair, part.source, part.candles)
    arrivals = [
        Arrival((row.ticker, row.interval), row.first.astimezone(UTC), row.last.astimezone(UTC))
        for row in rows
    ]
    return Burst(arrivals, {part.pair for part in parts} - free)


def flag_arrival(arrival: Arrival) -> None:
    """Flag what stands out among new candles, and among those that they are the past of."""
    first, last = (int(moment.timestamp()) for moment in (arrival.first, arrival.last))
    with db.engine.begin() as connection:
        # Under the series' lock, as whoever writes candles flags them.
        SeriesChange(connection, *arrival.pair, source="")
        flag_outliers(connection, *arrival.pair, first, last)


def _lock(connection: Connection, pairs: Sequence[Pair]) -> set[Pair]:
    tickers, intervals = (list(names) for names in zip(*pairs, strict=True))
    rows = connection.execute(_LOCK, {"ticker": tickers, "interval": intervals})
    return {(row.ticker, row.interval) for row in rows}


def _columns(parts: Sequence[Part]) -> Mapping[str, list[object]]:
    columns: dict[str, list[object]] = {name: [] for name in ("ticker", "interval", "source", *COLUMNS)}
    for part in parts:
        for name, value in zip(("ticker", "interval", "source"), (*part.pair, part.source), strict=True):
            columns[name] += [value] * len(part.candles)
        for name in COLUMNS:
            columns[name] += getattr(part.candles, name).tolist()
    return columns
