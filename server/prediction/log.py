"""The log of forecasts: append, commit, publish, in that order and nowhere else.

Every event is numbered in the room of its ticker and interval, and one that concerns a single
forecast a second time in that request's own room. It is a row first; the rooms are the fast path.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy import insert, select, text, tuple_

from server.extensions import db
from server.market.moments import iso
from server.prediction.tables import Prediction, PredictionEvent, PredictionLog
from server.realtime.publisher import EncodedPayload, Publisher
from server.realtime.rooms import PREDICTION_UPDATE, forecasts_room, prediction_room

log = structlog.get_logger(__name__)

TYPES = ("predicted", "scored", "model_unavailable", "drifted")

NewEvent = tuple[str, str | None, Mapping[str, Any]]
"""Type, the request it concerns (or None), and its data as JSON can hold it."""

_NUMBER = text("""
    INSERT INTO prediction_logs AS known (ticker, interval, last_seq) VALUES (:ticker, :interval, :events)
    ON CONFLICT (ticker, interval) DO UPDATE SET last_seq = known.last_seq + :events
    RETURNING last_seq
""")
_NUMBER_REQUESTS = text("""
    UPDATE predictions SET last_seq = last_seq + counted.events
    FROM unnest(CAST(:ids AS text[]), CAST(:events AS int[])) AS counted (request_id, events)
    WHERE predictions.request_id = counted.request_id
    RETURNING predictions.request_id, predictions.last_seq - counted.events AS last_seq
""")


def append(
    ticker: str,
    interval: str,
    type: str,
    data: Mapping[str, Any],
    publisher: Publisher,
    request_id: str | None = None,
) -> dict[str, Any]:
    """Append one event, commit, publish; its payload in the room of the series."""
    return append_many(ticker, interval, [(type, request_id, data)], publisher)[0]


def append_many(
    ticker: str, interval: str, events: Sequence[NewEvent], publisher: Publisher
) -> list[dict[str, Any]]:
    """Append events in order, commit, publish; their payloads in the room of the series.

    What the caller has written in ``db.session`` before is committed with them. The row that numbers
    the series is locked until then, so there is no hole and no repeat however many processes write.
    """
    if not events:
        db.session.commit()
        return []
    rows = _numbered(ticker, interval, events, datetime.now(UTC))
    db.session.execute(insert(PredictionEvent), rows)
    db.session.commit()
    for row in rows:
        _note(row["ticker"], row["interval"], row["seq"], row["type"], row["request_id"])
        publish(publisher, row, row["seq"], row["request_seq"])
    return [payload_of(row, row["seq"]) for row in rows]


def publish(
    publisher: Publisher,
    event: Mapping[str, Any],
    seq: int,
    request_seq: int | None,
    encoded: str | None = None,
) -> None:
    """Send a stored event to the room of its series and, numbered there, to that of its request.

    ``request_seq`` None: not to the request's room. ``encoded``: the event's data, if it is JSON already.
    """
    series_room = forecasts_room(event["ticker"], event["interval"])
    publisher.publish(series_room, PREDICTION_UPDATE, _sendable(payload_of(event, seq), encoded))
    if request_seq is not None:
        request_room = prediction_room(event["request_id"])
        payload = payload_of(event, request_seq)
        publisher.publish(request_room, PREDICTION_UPDATE, _sendable(payload, encoded))


def _sendable(payload: dict[str, Any], encoded: str | None) -> Mapping[str, Any]:
    if encoded is None:
        return payload
    around = json.dumps({name: value for name, value in payload.items() if name != "data"})
    return EncodedPayload(payload, f'{around[:-1]}, "data": {encoded}}}')


def payload_of(event: Mapping[str, Any], seq: int) -> dict[str, Any]:
    """The one shape in which an event leaves the server; ``seq`` is that of the room it is sent to."""
    return {
        "seq": seq,
        "type": event["type"],
        "ticker": event["ticker"],
        "interval": event["interval"],
        "request_id": event["request_id"],
        "timestamp": iso(event["timestamp"]),
        "data": event["data"],
    }


def read_series(
    ticker: str, interval: str, after: int = 0, until: int | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """The events of a series with ``after < seq <= until`` in order, at most ``limit``."""
    of_series = (PredictionEvent.ticker == ticker, PredictionEvent.interval == interval)
    return _read(PredictionEvent.seq, of_series, after, until, limit)


def read_request(
    request_id: str, after: int = 0, until: int | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """The events of one forecast, numbered as in its own room."""
    of_request = (PredictionEvent.request_id == request_id,)
    return _read(PredictionEvent.request_seq, of_request, after, until, limit)


def last_seqs_of_series(series: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The last ``seq`` of each ticker and interval that has events."""
    keys = tuple_(PredictionLog.ticker, PredictionLog.interval)
    rows = db.session.execute(
        select(PredictionLog.ticker, PredictionLog.interval, PredictionLog.last_seq).where(keys.in_(series))
    )
    return {(row.ticker, row.interval): row.last_seq for row in rows}


def last_seqs_of_requests(request_ids: Iterable[str]) -> dict[str, int]:
    """The last ``seq`` of each of these forecasts that is stored."""
    query = select(Prediction.request_id, Prediction.last_seq)
    rows = db.session.execute(query.where(Prediction.request_id.in_(list(request_ids))))
    return {row.request_id: row.last_seq for row in rows}


def _numbered(ticker: str, interval: str, events: Sequence[NewEvent], now: datetime) -> list[dict[str, Any]]:
    """The rows of ``events``; takes the lock of the series."""
    series = {"ticker": ticker, "interval": interval}
    last_seq = db.session.execute(_NUMBER, {**series, "events": len(events)}).scalar_one()
    request_seqs = _number_requests(Counter(request_id for _, request_id, _ in events if request_id))
    rows = []
    for seq, (type_, request_id, data) in enumerate(events, start=last_seq - len(events) + 1):
        if request_id is not None:
            request_seqs[request_id] += 1
        rows.append(
            {
                **series,
                "seq": seq,
                "request_id": request_id,
                "request_seq": None if request_id is None else request_seqs[request_id],
                "type": type_,
                "timestamp": now,
                "data": dict(data),
            }
        )
    return rows


def _number_requests(counted: Mapping[str, int]) -> dict[str, int]:
    """The number before the first new event of each request."""
    if not counted:
        return {}
    asked = {"ids": list(counted), "events": list(counted.values())}
    return {row.request_id: row.last_seq for row in db.session.execute(_NUMBER_REQUESTS, asked)}


def _note(ticker: str, interval: str, seq: int, type_: str, request_id: str | None) -> None:
    log.info("prediction.event", ticker=ticker, interval=interval, seq=seq, type=type_, request_id=request_id)


def _read(
    number: Any, where: tuple[Any, ...], after: int, until: int | None, limit: int | None
) -> list[dict[str, Any]]:
    query = select(PredictionEvent.__table__).where(*where, number > after)
    if until is not None:
        query = query.where(number <= until)
    rows = db.session.execute(query.order_by(number).limit(limit)).mappings()
    return [payload_of(dict(row), row[number.key]) for row in rows]
