"""The stored events of prediction rooms: two kinds of room over one table, each with its own numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from server.extensions import db
from server.prediction import log
from server.prediction.tables import PredictionEvent
from server.realtime.rooms import PREDICTION_UPDATE, forecasts_room, prediction_room, request_of, series_of


class RequestLog:
    """The rooms of requests, as a :class:`server.realtime.room_log.RoomLog`."""

    event = PREDICTION_UPDATE

    def last_seqs(self, rooms: Iterable[str]) -> dict[str, int]:
        """The last stored ``seq`` of each request that has been made."""
        found = log.last_seqs_of_requests([request_of(room) or "" for room in rooms])
        return {prediction_room(request_id): seq for request_id, seq in found.items()}

    def read(self, room: str, after: int, until: int, limit: int) -> list[dict[str, Any]]:
        """The payloads with ``after < seq <= until``, at most ``limit``."""
        return log.read_request(request_of(room) or "", after, until, limit)


class SeriesLog:
    """The rooms of tickers and intervals, as a :class:`server.realtime.room_log.RoomLog`."""

    event = PREDICTION_UPDATE

    def last_seqs(self, rooms: Iterable[str]) -> dict[str, int]:
        """The last stored ``seq`` of each series with an event."""
        found = log.last_seqs_of_series([series_of(room) or ("", "") for room in rooms])
        return {forecasts_room(*series): seq for series, seq in found.items()}

    def read(self, room: str, after: int, until: int, limit: int) -> list[dict[str, Any]]:
        """The payloads with ``after < seq <= until``, at most ``limit``."""
        return log.read_series(*(series_of(room) or ("", "")), after, until, limit)


def latest_forecast(ticker: str, interval: str) -> dict[str, Any] | None:
    """The last ``predicted`` event of a series, numbered as in its room; None before the first one."""
    query = select(PredictionEvent.__table__).filter_by(ticker=ticker, interval=interval, type="predicted")
    event = db.session.execute(query.order_by(PredictionEvent.seq.desc()).limit(1)).first()
    return None if event is None else log.payload_of(event._asdict(), event.seq)


REQUEST_LOG = RequestLog()
SERIES_LOG = SeriesLog()
