"""Old candles of fine intervals, deleted where nobody needs them any more.

Only what an exchange sent, and a configured one can send again, goes; and only from the old end of a
series, so that cleaning never makes a gap. Other domains say what they need: nothing from there on goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from flask import Flask, current_app
from sqlalchemy import Connection, text

from server.config import Settings
from server.extensions import db
from server.market import store
from server.market.candles import iso_time
from server.market.changes import SeriesChange
from server.market.flagging import flag_outliers

BATCH_ROWS = 50_000
"""Candles deleted a transaction: writers of the series wait for no more."""

Need = Callable[[str, str], datetime | None]
"""The first open of a series (ticker, interval) that is needed; None: none is."""

_FIRST_KEPT = text("""
    SELECT min(timestamp) FROM candles
    WHERE ticker = :ticker AND interval = :interval AND timestamp < :before
      AND split_part(source, ':', 1) <> ALL(:exchanges)
""")
_ROWS = text("""
    SELECT count(*) FROM candles WHERE ticker = :ticker AND interval = :interval AND timestamp < :before
""")
_OLDEST = text("SELECT oldest FROM series_versions WHERE ticker = :ticker AND interval = :interval")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What may go of a series: ``rows`` candles before ``before``; ``held_by`` says what keeps more of it."""

    ticker: str
    interval: str
    keep_days: int
    before: datetime
    held_by: str | None
    rows: int

    def payload(self) -> dict[str, Any]:
        """The plan as plain JSON values."""
        return {
            "ticker": self.ticker,
            "interval": self.interval,
            "keep_days": self.keep_days,
            "before": iso_time(int(self.before.timestamp())),
            "held_by": self.held_by,
            "rows": self.rows,
        }


def register_need(app: Flask, name: str, need: Need) -> None:
    """Ask ``need`` before candles go; ``name`` is what holds them, in words."""
    app.extensions.setdefault("candle_needs", {})[name] = need


def keep_days(settings: Settings) -> dict[str, int]:
    """Days that are kept, by interval, of those that are cleaned at all."""
    days = {
        "1m": settings.market_keep_days_1m,
        "5m": settings.market_keep_days_5m,
        "15m": settings.market_keep_days_15m,
    }
    return {interval: kept for interval, kept in days.items() if kept}


def plans(settings: Settings, exchanges: tuple[str, ...]) -> Iterator[Plan]:
    """What may go, of each series of a fine interval; ``exchanges`` are those that can send it again."""
    days = keep_days(settings)
    for series in store.list_series():
        if series.interval in days:
            yield _plan(series, days[series.interval], exchanges)


def clean(settings: Settings, exchanges: tuple[str, ...]) -> list[tuple[Plan, int]]:
    """Delete what may go; each plan with how many candles went."""
    done = []
    for plan in plans(settings, exchanges):
        deleted = _delete(plan, exchanges) if plan.rows else 0
        if deleted:
            _log.info("candles deleted", ticker=plan.ticker, interval=plan.interval, candles=deleted)
        done.append((plan, deleted))
    return done


def _plan(series: store.Series, days: int, exchanges: tuple[str, ...]) -> Plan:
    # From its newest candle on, not from now: a series that ended years ago was fetched for a reason.
    wished = datetime.fromtimestamp(series.last, UTC) - timedelta(days=days)
    named = {"ticker": series.ticker, "interval": series.interval}
    with db.engine.connect() as connection:
        before, held_by = _held(connection, series.ticker, series.interval, wished, exchanges)
        rows = connection.execute(_ROWS, {**named, "before": before}).scalar_one()
    return Plan(**named, keep_days=days, before=before, held_by=held_by, rows=rows)


def _held(
    connection: Connection, ticker: str, interval: str, wished: datetime, exchanges: tuple[str, ...]
) -> tuple[datetime, str | None]:
    """Before when candles may go, ``wished`` at the latest, and what keeps more of them."""
    asked = {"ticker": ticker, "interval": interval, "before": wished, "exchanges": list(exchanges)}
    needs: dict[str, datetime | None] = {
        "candles that no configured exchange sent": connection.execute(_FIRST_KEPT, asked).scalar()
    }
    for name, need in current_app.extensions.get("candle_needs", {}).items():
        needs[name] = need(ticker, interval)
    before, held_by = wished, None
    for name, moment in needs.items():
        if moment is not None and moment < before:
            before, held_by = moment, name
    return before, held_by


def _delete(plan: Plan, exchanges: tuple[str, ...]) -> int:
    total, deleted = 0, BATCH_ROWS
    while deleted == BATCH_ROWS:
        with db.engine.begin() as connection:
            change = SeriesChange(connection, plan.ticker, plan.interval, "")
            # Asked again, now that nobody writes: an import may have ended, a training begun since.
            before, _ = _held(connection, plan.ticker, plan.interval, plan.before, exchanges)
            deleted = change.delete_before(before, BATCH_ROWS)
            series = {"ticker": plan.ticker, "interval": plan.interval}
            oldest = int(connection.execute(_OLDEST, series).scalar_one().timestamp())
            # The first ones that are left lost their past.
            flag_outliers(connection, plan.ticker, plan.interval, oldest, oldest)
        total += deleted
    return total
