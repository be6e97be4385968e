"""Closed candles of many series in one transaction: live ones all end in the same instant.

What such a candle usually is, a new one, is written for all series at once; one that is stored otherwise is
replaced by itself. A series that somebody else writes is left for later: a long import must not hold up
the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from server.extensions import db
from server.market.candles import COLUMNS, Candles, require_interval
from server.market.changes import SeriesChange, lock_series
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
    """New or different candles of one series: the opens of the first and the last (UTC)."""

    pair: Pair
    first: datetime
    last: datetime

    def joined(self, other: Arrival | None) -> Arrival:
        """This one and another one of the same series, as one."""
        if other is None:
            return self
        return Arrival(self.pair, min(self.first, other.first), max(self.last, other.last))


@dataclass(frozen=True, slots=True)
class Burst:
    """What was stored, and the series of which nothing was: somebody else writes them."""

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
        known = [part for part in taken if inserted.get(part.pair, 0) < len(part.candles)]
        # In the same transaction: if it failed by itself, nobody would be told of what is new.
        replaced = [found for part in known if (found := _replace(connection, part)) is not None]
    arrivals = {
        (row.ticker, row.interval): Arrival(
            (row.ticker, row.interval), row.first.astimezone(UTC), row.last.astimezone(UTC)
        )
        for row in rows
    }
    arrivals |= {each.pair: each.joined(arrivals.get(each.pair)) for each in replaced}
    return Burst(list(arrivals.values()), {part.pair for part in parts} - free)


def flag_arrival(arrival: Arrival) -> None:
    """Flag what stands out among new candles, and among those that they are the past of."""
    first, last = (int(moment.timestamp()) for moment in (arrival.first, arrival.last))
    with db.engine.begin() as connection:
        # Under the series' lock, as whoever writes candles flags them.
        lock_series(connection, *arrival.pair)
        flag_outliers(connection, *arrival.pair, first, last)


def _lock(connection: Connection, pairs: Sequence[Pair]) -> set[Pair]:
    tickers, intervals = (list(names) for names in zip(*pairs, strict=True))
    rows = connection.execute(_LOCK, {"ticker": tickers, "interval": intervals})
    return {(row.ticker, row.interval) for row in rows}


def _replace(connection: Connection, part: Part) -> Arrival | None:
    """Replace what is stored otherwise; None when it is all the same."""
    change = SeriesChange(connection, *part.pair, part.source)
    change.write(part.candles)
    change.bump()
    if change.first is None or change.last is None:
        return None
    return Arrival(part.pair, change.first, change.last)


def _columns(parts: Sequence[Part]) -> Mapping[str, list[object]]:
    columns: dict[str, list[object]] = {name: [] for name in ("ticker", "interval", "source", *COLUMNS)}
    for part in parts:
        for name, value in zip(("ticker", "interval", "source"), (*part.pair, part.source), strict=True):
            columns[name] += [value] * len(part.candles)
        for name in COLUMNS:
            columns[name] += getattr(part.candles, name).tolist()
    return columns
