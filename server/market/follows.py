"""Followed series: kept up to date, forecast on each closed candle, trained anew at night.

A series is followed because someone said so, which is a row, or because the setting ``FOLLOW`` names it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import CursorResult, delete, select
from sqlalchemy.dialects.postgresql import insert

from server.config import InvalidSettings, Settings
from server.errors import Conflict, InvalidInput, NotFound
from server.extensions import db
from server.market.candles import require_interval, require_ticker
from server.market.tables import FollowedSeries, SeriesVersion

Pair = tuple[str, str]
"""Ticker and interval."""


@dataclass(frozen=True, slots=True)
class Followed:
    """One followed series.

    ``since`` is None when only the setting names it, ``newest`` (an open) when nothing of it is stored.
    """

    ticker: str
    interval: str
    by_setting: bool
    since: datetime | None
    newest: datetime | None


def pairs_of(entries: Iterable[str]) -> set[Pair]:
    """The series that the setting ``FOLLOW`` names. Raises :class:`InvalidSettings` when one cannot be."""
    return {_pair(entry) for entry in entries}


def followed() -> list[Pair]:
    """Every followed series, in order."""
    return sorted(_since().keys() | _by_setting())


def listing() -> list[Followed]:
    """Every followed series, in order, with why and since when."""
    since, by_setting = _since(), _by_setting()
    versions = select(SeriesVersion.ticker, SeriesVersion.interval, SeriesVersion.newest)
    with db.engine.connect() as connection:
        newest = {(row.ticker, row.interval): row.newest for row in connection.execute(versions)}
    return [
        Followed(*pair, pair in by_setting, since.get(pair), newest.get(pair))
        for pair in sorted(since.keys() | by_setting)
    ]


def follow(ticker: str, interval: str) -> None:
    """Follow a series from now on; following it again changes nothing. It may have no candle yet."""
    require_ticker(ticker)
    require_interval(interval)
    row = insert(FollowedSeries).values(ticker=ticker, interval=interval)
    db.session.execute(row.on_conflict_do_nothing())
    db.session.commit()


def unfollow(ticker: str, interval: str) -> None:
    """Follow a series no longer.

    Raises :class:`Conflict` when the setting names it, :class:`NotFound` when it is not followed.
    """
    require_ticker(ticker)
    require_interval(interval)
    if (ticker, interval) in _by_setting():
        raise Conflict(
            f"{ticker} {interval} is followed by the setting FOLLOW; take it out there and start anew",
            error_code="followed_by_setting",
            setting="FOLLOW",
            ticker=ticker,
            interval=interval,
        )
    query = delete(FollowedSeries).filter_by(ticker=ticker, interval=interval)
    deleted: CursorResult[Any] = db.session.execute(query)  # type: ignore[assignment]
    db.session.commit()
    if not deleted.rowcount:
        known = [" ".join(pair) for pair in followed()]
        raise NotFound(
            f"{ticker} {interval} is not followed; followed: {', '.join(known) or 'none'}",
            ticker=ticker,
            interval=interval,
            followed=known,
        )


def _since() -> dict[Pair, datetime]:
    query = select(FollowedSeries.ticker, FollowedSeries.interval, FollowedSeries.since)
    with db.engine.connect() as connection:
        return {(row.ticker, row.interval): row.since for row in connection.execute(query)}


def _by_setting() -> set[Pair]:
    settings: Settings = current_app.config["SETTINGS"]
    return pairs_of(settings.follow)


def _pair(entry: str) -> Pair:
    try:
        ticker, interval = entry.split()
        require_ticker(ticker)
        require_interval(interval)
    except ValueError as error:
        raise _unusable(entry, "write TICKER INTERVAL, such as BTC-USD 1h") from error
    except InvalidInput as error:
        raise _unusable(entry, error.message) from error
    return ticker, interval


def _unusable(entry: str, remedy: str) -> InvalidSettings:
    return InvalidSettings(
        f"Settings that cannot be used: FOLLOW names {entry!r}: {remedy}", variables=["FOLLOW"]
    )
