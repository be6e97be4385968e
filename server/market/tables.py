"""The candle table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Double, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from server.extensions import db

SOUND_PRICES = "low > 0 AND low <= least(open, close) AND high >= greatest(open, close) AND high < 'Infinity'"
"""PostgreSQL sorts NaN above infinity, so a finite high keeps NaN out of all four prices."""


class CandleRow(db.Model):  # type: ignore[name-defined]
    """One closed candle. ``timestamp`` is its open; ``source`` says where the numbers came from.

    The primary key is the order in which series are read: no other index is kept.
    """

    __tablename__ = "candles"
    __table_args__ = (
        CheckConstraint(SOUND_PRICES, name="sound_prices"),
        CheckConstraint("volume >= 0 AND volume < 'Infinity'", name="sound_volume"),
    )

    ticker: Mapped[str] = mapped_column(Text, primary_key=True)
    interval: Mapped[str] = mapped_column(Text, primary_key=True)
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    open: Mapped[float] = mapped_column(Double)
    high: Mapped[float] = mapped_column(Double)
    low: Mapped[float] = mapped_column(Double)
    close: Mapped[float] = mapped_column(Double)
    volume: Mapped[float] = mapped_column(Double)
    source: Mapped[str] = mapped_column(Text)


class SeriesVersion(db.Model):  # type: ignore[name-defined]
    """How often the candles of a series were changed, and what they are: range, number and sources.

    ``version`` rises in the transaction that changes candles: what was computed from a version is
    right as long as the version stands.
    """

    __tablename__ = "series_versions"

    ticker: Mapped[str] = mapped_column(Text, primary_key=True)
    interval: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    oldest: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    newest: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    rows: Mapped[int] = mapped_column(BigInteger)
    sources: Mapped[list[str]] = mapped_column(ARRAY(Text))


class FollowedSeries(db.Model):  # type: ignore[name-defined]
    """A series that is kept up to date and forecast on each closed candle."""

    __tablename__ = "followed_series"

    ticker: Mapped[str] = mapped_column(Text, primary_key=True)
    interval: Mapped[str] = mapped_column(Text, primary_key=True)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
