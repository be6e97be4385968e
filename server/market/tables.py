"""The tables of the market domain."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Double, Index, Integer, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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


PENDING, IN_PROGRESS, COMPLETED = "PENDING", "IN_PROGRESS", "COMPLETED"
FAILED, CANCELLED = "FAILED", "CANCELLED"
JOB_STATUSES = (PENDING, IN_PROGRESS, COMPLETED, FAILED, CANCELLED)
ACTIVE_JOB = f"status IN ('{PENDING}', '{IN_PROGRESS}')"


class MarketJob(db.Model):  # type: ignore[name-defined]
    """One job on a series, such as a backfill; at most one is active for a series at a time.

    ``last_seq`` rises with every change that clients are told of. ``owner`` runs it until
    ``leased_until``, by the database's clock; ``due_at`` is when a waiting one may begin.
    """

    __tablename__ = "market_jobs"
    __table_args__ = (
        Index("uq_market_jobs_active", "ticker", "interval", unique=True, postgresql_where=text(ACTIVE_JOB)),
        Index("ix_market_jobs_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    ticker: Mapped[str] = mapped_column(Text)
    interval: Mapped[str] = mapped_column(Text)
    params: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(Text, server_default=PENDING)
    percentage: Mapped[float] = mapped_column(Double, server_default="0")
    counts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    cancel_requested: Mapped[bool] = mapped_column(server_default="false")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    owner: Mapped[str | None] = mapped_column(Text)
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    last_seq: Mapped[int] = mapped_column(Integer, server_default="0")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ScheduleRun(db.Model):  # type: ignore[name-defined]
    """The last run of one schedule: ``status`` is IN_PROGRESS, COMPLETED or FAILED."""

    __tablename__ = "schedule_runs"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    status: Mapped[str] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class LastPrice(db.Model):  # type: ignore[name-defined]
    """The last known price of a ticker; ``timestamp`` is the source's own time."""

    __tablename__ = "last_prices"

    ticker: Mapped[str] = mapped_column(Text, primary_key=True)
    price: Mapped[float] = mapped_column(Double)
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    source: Mapped[str] = mapped_column(Text)


class CandleFlag(db.Model):  # type: ignore[name-defined]
    """Something that a stored candle should be looked at for; ``value`` says how much, by ``kind``."""

    __tablename__ = "candle_flags"

    ticker: Mapped[str] = mapped_column(Text, primary_key=True)
    interval: Mapped[str] = mapped_column(Text, primary_key=True)
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[float] = mapped_column(Double)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    flagged_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class SeriesQuality(db.Model):  # type: ignore[name-defined]
    """The last audit of a series, and the last comparison with a second exchange; null before the first.

    ``judged`` is false while candles that were stored before there were flags wait for their audit.
    """

    __tablename__ = "series_quality"

    ticker: Mapped[str] = mapped_column(Text, primary_key=True)
    interval: Mapped[str] = mapped_column(Text, primary_key=True)
    audit: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    comparison: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    judged: Mapped[bool] = mapped_column(server_default="true")


class Coin(db.Model):  # type: ignore[name-defined]
    """One coin of the market list; amounts in USD, ``updated_at`` when it was last in the list.

    ``sources`` are the configured exchanges that trade ``ticker``, which is null where none does. The
    rank is null for a coin that is no longer among those asked for.
    """

    __tablename__ = "coins"
    __table_args__ = (Index("ix_coins_market_cap_rank", "market_cap_rank"),)

    coin_id: Mapped[str] = mapped_column(Text, primary_key=True)
    symbol: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    market_cap_rank: Mapped[int | None] = mapped_column(Integer)
    market_cap: Mapped[float | None] = mapped_column(Double)
    price: Mapped[float | None] = mapped_column(Double)
    volume_24h: Mapped[float | None] = mapped_column(Double)
    ticker: Mapped[str | None] = mapped_column(Text)
    sources: Mapped[list[str]] = mapped_column(ARRAY(Text))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
