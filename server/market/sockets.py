"""Market rooms over Socket.IO: live candles of a series, and the backfills that store it.

These messages carry the whole state, so a room has no log: who missed one has it all with the next.
"""

from __future__ import annotations

from typing import Any

from flask_socketio import SocketIO

from server.market import jobs, store
from server.market.candles import COLUMNS, iso_time
from server.market.job_schemas import MarketRoom
from server.realtime import joining
from server.realtime.handlers import on
from server.realtime.rooms import market_room


def register(socketio: SocketIO) -> None:
    """Register the handlers."""
    on(socketio, "join_market", MarketRoom, join_market)
    on(socketio, "leave_market", MarketRoom, leave_market)


def join_market(payload: dict[str, Any]) -> dict[str, Any]:
    """Join the room of a series, stored or not yet."""
    named = _named(payload)
    return joining.enter(named["room"], "joined_market", lambda: {**named, **_present(**payload)})


def leave_market(payload: dict[str, Any]) -> dict[str, Any]:
    """Leave the room."""
    named = _named(payload)
    return joining.leave(named["room"], "left_market", named)


def _named(payload: dict[str, Any]) -> dict[str, Any]:
    return {"room": market_room(**payload), **payload}


def _present(ticker: str, interval: str) -> dict[str, Any]:
    """The newest stored candle and the active job."""
    # Not the other way round: the session keeps the connection on which it looked for the job.
    latest, job = _latest(ticker, interval), jobs.active(ticker, interval)
    return {"latest": latest, "job": None if job is None else jobs.payload(job)}


def _latest(ticker: str, interval: str) -> dict[str, Any] | None:
    if not store.has_series(ticker, interval):
        return None
    newest = store.query_candles(ticker, interval, None, None, 1)
    candle = {name: getattr(newest, name)[0].item() for name in COLUMNS}
    return {**candle, "timestamp": iso_time(candle["timestamp"])}
