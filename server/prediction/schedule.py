"""The forecast of every followed series from its newest candle, once per active model.

Only the newest candle is forecast from: however many candles arrive at once, what a forecast would have
been in between is not made up afterwards.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import select

from server.errors import ServerError
from server.extensions import db
from server.market import follows, store
from server.market.follows import Pair
from server.market.moments import iso
from server.prediction.live import active_models
from server.prediction.tables import Prediction

log = structlog.get_logger(__name__)

_NAMES: Final = uuid.UUID("6f0d3b62-3c0f-5b0e-9a37-0c9a0f6b4d11")

Make = Callable[[dict[str, Any]], Any]
"""Makes, stores and publishes one forecast; the same ``request_id`` again makes no second one."""


def request_id_of(model_id: str, origin: datetime) -> str:
    """The id of the scheduled forecast of a model from a candle: always the same."""
    return uuid.uuid5(_NAMES, f"{model_id} {iso(origin)}").hex


def wanted(ticker: str, interval: str) -> list[dict[str, Any]]:
    """The requests for the forecasts from the newest candle that are not made yet, one a model."""
    version = store.series_version(ticker, interval)
    if version is None:
        return []
    origin = version[1]
    requests = {
        request_id_of(model.id, origin): {
            "ticker": ticker,
            "interval": interval,
            "model_id": model.id,
            "horizon": model.horizon,
            "as_of": origin,
        }
        for model in active_models(ticker, interval)
    }
    query = select(Prediction.request_id).where(Prediction.request_id.in_(requests))
    with db.engine.connect() as connection:
        made = set(connection.scalars(query))
    return [{**requests[each], "request_id": each} for each in requests if each not in made]


def forecast(ticker: str, interval: str, make: Make) -> int:
    """Make the forecasts that :func:`wanted` names, if the series is followed; how many were made.

    A model that cannot forecast is logged, and the others go on.
    """
    if (ticker, interval) not in follows.followed():
        return 0
    return sum(_made(request, make) for request in wanted(ticker, interval))


def overdue() -> list[Pair]:
    """The followed series with a forecast that is not made yet."""
    return [pair for pair in follows.followed() if wanted(*pair)]


def _made(request: dict[str, Any], make: Make) -> bool:
    try:
        make(request)
    except ServerError as error:
        db.session.rollback()
        log.warning(
            "schedule.no_forecast",
            model_id=request["model_id"],
            ticker=request["ticker"],
            interval=request["interval"],
            error_code=error.code,
            error=error.message,
        )
        return False
    return True
