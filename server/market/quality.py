"""How good a stored series is: what is there, what is missing, what stands out, and how fresh it is.

What was not measured is null, never zero.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.extensions import db
from server.market import store
from server.market.candles import iso_time, require_interval
from server.market.changes import lock_series
from server.market.flagging import DEVIATES, FLAG_KINDS, flag_outliers
from server.market.sources.symbols import FLAT
from server.market.stored_gaps import gaps_between, stored_runs
from server.market.tables import SeriesQuality, SeriesVersion

LISTED = 20
"""Flags that a report lists; all of them are counted."""

_SHARES = text("""
    SELECT source, count(*) AS rows FROM candles
    WHERE ticker = :ticker AND interval = :interval
    GROUP BY source ORDER BY count(*) DESC, source
""")
_COUNTS = text("""
    SELECT kind, count(*) AS flags FROM candle_flags
    WHERE ticker = :ticker AND interval = :interval GROUP BY kind
""")
_FLAGGED = text("""
    SELECT count(*), max(flagged_at) FROM candle_flags WHERE ticker = :ticker AND interval = :interval
""")
_NEWEST_FLAGS = text("""
    SELECT timestamp, kind, value, detail, flagged_at FROM candle_flags
    WHERE ticker = :ticker AND interval = :interval
    ORDER BY timestamp DESC, kind LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Content:
    """What a series holds: ``flat`` candles stand for times without trades; ``sources`` by their rows."""

    rows: int
    gaps: int
    missing: int
    flat: int
    sources: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Freshness:
    """``newest`` is an open, ``closed`` when that candle ended; ``overdue`` candles ended since then."""

    newest: str
    closed: str
    overdue: int


def content(connection: Connection, ticker: str, interval: str) -> Content:
    """What is stored of a series, counted."""
    runs = stored_runs(connection, ticker, interval)
    gaps = gaps_between(runs, require_interval(interval))
    rows = sum(run.rows for run in runs)
    shares = _shares(connection, ticker, interval, rows)
    return Content(
        rows=rows,
        gaps=len(gaps),
        missing=sum(gap.candles for gap in gaps),
        flat=sum(of_source for source, of_source in shares if source.endswith(FLAT)),
        sources=[
            {"source": source, "rows": of_source, "share": of_source / rows} for source, of_source in shares
        ],
    )


def freshness(newest: datetime, interval: str, now: float) -> Freshness:
    """How old a series is whose newest candle opened at ``newest``; ``now`` in seconds since the epoch."""
    step, opened = require_interval(interval), int(newest.timestamp())
    return Freshness(iso_time(opened), iso_time(opened + step), max(0, int((now - opened - step) // step)))


def state(ticker: str, interval: str) -> tuple[Any, ...]:
    """What a report is made of: equal as long as the report is the same.

    Raises :class:`NotFound` when nothing of the series is stored.
    """
    stored = store.require_state(ticker, interval)
    known, overdue = _known(ticker, interval), freshness(stored[-1], interval, time.time()).overdue
    # Flags of live candles come after the version that the candles raised.
    with db.engine.connect() as connection:
        flags = connection.execute(_FLAGGED, {"ticker": ticker, "interval": interval}).one()
    return *stored, overdue, known.audit, known.comparison, *flags


def report(ticker: str, interval: str) -> dict[str, Any]:
    """The quality of a series as plain JSON values. Raises :class:`NotFound` when nothing is stored."""
    _, newest_open = store.require_version(ticker, interval)
    series, known = {"ticker": ticker, "interval": interval}, _known(ticker, interval)
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        found = content(connection, ticker, interval)
        counts = {row.kind: row.flags for row in connection.execute(_COUNTS, series)}
        newest = connection.execute(_NEWEST_FLAGS, {**series, "limit": LISTED}).all()
    return {
        **series,
        **asdict(found),
        "freshness": asdict(freshness(newest_open, interval, time.time())),
        "flags": {
            "counts": {
                kind: counts.get(kind, 0) if _looked_for(kind, known) else None for kind in FLAG_KINDS
            },
            "newest": [_flag(row) for row in newest],
        },
        "audit": known.audit,
        "comparison": known.comparison,
    }


def audit(ticker: str, interval: str) -> dict[str, Any]:
    """Judge all candles of a series anew and count what it holds; the result is kept, and returned.

    Raises :class:`NotFound` when nothing of it is stored.
    """
    store.require_version(ticker, interval)
    with db.engine.begin() as connection:
        lock_series(connection, ticker, interval)
        series = select(SeriesVersion.oldest, SeriesVersion.newest).filter_by(
            ticker=ticker, interval=interval
        )
        first, last = (int(moment.timestamp()) for moment in connection.execute(series).one())
        flag_outliers(connection, ticker, interval, first, last)
        found = content(connection, ticker, interval)
        counts = {
            row.kind: row.flags
            for row in connection.execute(_COUNTS, {"ticker": ticker, "interval": interval})
        }
        result = {
            "audited_at": iso_time(int(datetime.now(UTC).timestamp())),
            "rows": found.rows,
            "gaps": found.gaps,
            "missing": found.missing,
            "flat": found.flat,
            "flags": sum(counts.values()),
        }
        _keep(connection, ticker, interval, audit=result, judged=True)
    return result


def keep_comparison(connection: Connection, ticker: str, interval: str, comparison: dict[str, Any]) -> None:
    """Keep what a comparison with a second exchange found."""
    _keep(connection, ticker, interval, comparison=comparison)


def _shares(connection: Connection, ticker: str, interval: str, rows: int) -> list[tuple[str, int]]:
    """Each source with its candles, the largest first; of ``rows`` that are all of one it is known."""
    series = {"ticker": ticker, "interval": interval}
    (sources,) = connection.execute(select(SeriesVersion.sources).filter_by(**series)).one()
    if len(sources) == 1:
        return [(sources[0], rows)]
    return [(row.source, row.rows) for row in connection.execute(_SHARES, series)]


def _keep(connection: Connection, ticker: str, interval: str, **found: Any) -> None:
    row = insert(SeriesQuality).values(ticker=ticker, interval=interval, **found)
    connection.execute(row.on_conflict_do_update(index_elements=["ticker", "interval"], set_=found))


def _known(ticker: str, interval: str) -> SeriesQuality:
    query = select(SeriesQuality).filter_by(ticker=ticker, interval=interval)
    with Session(db.engine) as session:
        row = session.scalar(query)
    return row or SeriesQuality(ticker=ticker, interval=interval, audit=None, comparison=None, judged=True)


def _looked_for(kind: str, known: SeriesQuality) -> bool:
    """Whether the number of such flags is known: nobody may have compared the series or judged it yet."""
    return known.comparison is not None if kind == DEVIATES else known.judged


def _flag(row: Row[Any]) -> dict[str, Any]:
    return {
        "timestamp": iso_time(int(row.timestamp.timestamp())),
        "kind": row.kind,
        "meaning": FLAG_KINDS[row.kind],
        "value": row.value,
        "detail": row.detail,
        "flagged_at": iso_time(int(row.flagged_at.timestamp())),
    }
