"""Forecasts over Socket.IO: the room of one request, and that of all forecasts of a ticker and interval."""

from __future__ import annotations

from typing import Any

from flask_socketio import SocketIO

from server.prediction import socket_schemas
from server.prediction.room_logs import REQUEST_LOG, SERIES_LOG, latest_forecast
from server.realtime import joining, rooms
from server.realtime.handlers import on
from server.realtime.room_log import RoomLog


def register(socketio: SocketIO) -> None:
    """Register the handlers."""
    on(socketio, "join_prediction", socket_schemas.JoinPrediction, join_prediction)
    on(socketio, "leave_prediction", socket_schemas.LeavePrediction, leave_prediction)


def join_prediction(payload: dict[str, Any]) -> dict[str, Any]:
    """Join the room of a request, made or not yet, or of a series."""
    if "request_id" in payload:
        return _join(payload, REQUEST_LOG, payload.get("after", 0))
    return _join(payload, SERIES_LOG, payload.get("after"))


def _join(payload: dict[str, Any], room_log: RoomLog, after: int | None) -> dict[str, Any]:
    named = _named(payload)
    room = named["room"]

    def look() -> dict[str, Any]:
        last_seq = room_log.last_seqs([room]).get(room, 0)
        return {**named, "last_seq": last_seq, **_latest(payload)}

    return joining.join(room, room_log, "joined_prediction", look, after)


def _latest(payload: dict[str, Any]) -> dict[str, Any]:
    if "request_id" in payload:
        return {}
    return {"latest": latest_forecast(payload["ticker"], payload["interval"])}


def leave_prediction(payload: dict[str, Any]) -> dict[str, Any]:
    """Leave the room."""
    named = _named(payload)
    return joining.leave(named["room"], "left_prediction", named)


def _named(payload: dict[str, Any]) -> dict[str, Any]:
    """The room, and how the client named it."""
    if "request_id" in payload:
        room = rooms.prediction_room(payload["request_id"])
        return {"room": room, "request_id": payload["request_id"]}
    series = {"ticker": payload["ticker"], "interval": payload["interval"]}
    return {"room": rooms.forecasts_room(**series), **series}
