"""Forecasts and candles written by hand: what is scored, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import func, select

from server.extensions import db
from server.market import store
from server.market.candles import Candles
from server.prediction.tables import Prediction, PredictionEvent, PredictionStep

TICKER, INTERVAL = "BTC-USD", "1h"
START = datetime(2024, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def candles_of(closes: Sequence[float], start: datetime = START) -> Candles:
    """One hourly candle a close, the first one opening at ``start``."""
    close = np.array(closes, dtype=np.float64)
    seconds = int(start.timestamp()) + 3600 * np.arange(len(close))
    return Candles(seconds.astype(np.int64), close, close, close, close, np.ones(len(close)))


def store_closes(closes: Sequence[float], start: datetime = START, ticker: str = TICKER) -> None:
    store.upsert(ticker, INTERVAL, "by hand", candles_of(closes, start))


def store_forecast(
    request_id: str,
    prices: Sequence[float],
    origin: datetime = START,
    close: float = 100.0,
    half_width: float = 0.1,
    **changes: Any,
) -> None:
    """A forecast of ``prices``; 80 % bounds are ``half_width`` of the price away, 95 % ones twice that."""
    row = {
        "request_id": request_id,
        "ticker": TICKER,
        "interval": INTERVAL,
        "model_id": "a" * 32,
        "model_type": "CNN",
        "model_version": 1,
        "trigger": "request",
        "live": True,
        "origin": origin,
        "origin_close": close,
        "horizon": len(prices),
        "requested": {},
        "warnings": [],
        **changes,
    }
    db.session.add(Prediction(**row))
    db.session.flush()
    db.session.add_all(
        PredictionStep(
            request_id=request_id,
            step=step,
            target_time=origin + step * HOUR,
            price=price,
            lower_80=price * (1 - half_width),
            upper_80=price * (1 + half_width),
            lower_95=price * (1 - 2 * half_width),
            upper_95=price * (1 + 2 * half_width),
            naive_price=close,
        )
        for step, price in enumerate(prices, start=1)
    )
    db.session.commit()


def store_rising(forecasts: int, offset: float, start: datetime = START, **changes: Any) -> datetime:
    """Forecasts of the next close, off by the share ``offset``, while it rises by 1 %; the last open."""
    closes = [100.0 * 1.01**row for row in range(forecasts + 1)]
    for row in range(forecasts):
        price = closes[row + 1] * (1 + offset)
        opened = start + row * HOUR
        store_forecast(f"rising-{opened:%m%d%H}", [price], opened, closes[row], half_width=0.05, **changes)
    store_closes(closes, start)
    return start + forecasts * HOUR


def scores(request_id: str) -> dict[int, tuple[float | None, float | None]]:
    """Step to actual and error."""
    query = select(PredictionStep).filter_by(request_id=request_id).order_by(PredictionStep.step)
    rows = db.session.scalars(query.execution_options(populate_existing=True))
    return {row.step: (row.actual, row.error) for row in rows}


def settled_steps(request_id: str) -> int:
    return db.session.scalar(select(Prediction.settled_steps).filter_by(request_id=request_id))


def events() -> list[PredictionEvent]:
    """Every stored event, in order."""
    return list(db.session.scalars(select(PredictionEvent).order_by(PredictionEvent.seq)))


def count_events() -> int:
    return db.session.scalar(select(func.count()).select_from(PredictionEvent))
