"""Which stored candles the sessions need that have not ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from server.extensions import db
from server.training.tables import TrainingSession


def first_candle(ticker: str, interval: str) -> datetime | None:
    """The first open that a waiting or running session reads; None: there is no such session."""
    starts = select(func.min(TrainingSession.params["start_date"].astext)).where(
        TrainingSession.ticker == ticker,
        TrainingSession.interval == interval,
        TrainingSession.finished_at.is_(None),
    )
    start = db.session.scalar(starts)
    return None if start is None else datetime.fromisoformat(start)
