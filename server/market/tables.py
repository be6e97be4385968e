"""The candle table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, Double, Text
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
