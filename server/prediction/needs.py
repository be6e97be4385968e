"""Which stored candles the forecasts need that are not scored yet."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from server.extensions import db
from server.market.candles import require_interval
from server.market.tables import SeriesVersion
from server.prediction.tables import Prediction

ROWS_BEFORE = 1_000
"""Candles kept before an unscored forecast's origin: more than any window and its features read."""


HOPELESS_AFTER = timedelta(days=90)
"""A candle that no exchange sent so long after the next ones fell into an outage: it will not come."""


def first_candle(ticker: str, interval: str) -> datetime | None:
    """The first open that a forecast reads or waits for; None: of the series none can be scored any more."""
    newest = select(SeriesVersion.newest).filter_by(ticker=ticker, interval=interval).scalar_subquery()
    origins = select(func.min(Prediction.origin)).where(
        Prediction.ticker == ticker,
        Prediction.interval == interval,
        Prediction.settled_steps < Prediction.horizon,
        # One that waits for a candle inside an outage would hold all that follows it for ever.
        Prediction.origin > newest - HOPELESS_AFTER,
    )
    origin: datetime | None = db.session.scalar(origins)
    return None if origin is None else origin - timedelta(seconds=ROWS_BEFORE * require_interval(interval))
