"""Which stored candles the models need."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from server.extensions import db
from server.registry.tables import Model


def first_candle(ticker: str, interval: str) -> datetime | None:
    """The first open that a model of the series was made from; None: there is no model.

    It is needed to train the model anew, and to compare another one with it on the same rows.
    """
    starts = select(func.min(Model.data["start"].astext)).filter_by(ticker=ticker, interval=interval)
    start = db.session.scalar(starts)
    return None if start is None else datetime.fromisoformat(start)
