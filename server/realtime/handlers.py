"""From a client's message to one call: validation, acknowledgement, errors in one shape.

A handler never drops a message in silence and never disconnects: whatever was wrong comes back in
the acknowledgement and as ``error_update``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from flask import request
from flask_socketio import SocketIO, emit
from marshmallow import Schema, ValidationError

from server.errors import InvalidInput, ServerError
from server.observability.metrics import ERRORS
from server.observability.validation import invalid_fields
from server.realtime.rooms import ERROR_UPDATE

log = structlog.get_logger(__name__)

Handler = Callable[[dict[str, Any]], dict[str, Any]]


def on(socketio: SocketIO, event: str, schema: type[Schema], handler: Handler) -> None:
    """Register ``handler`` for ``event``: it gets the loaded payload and returns what to acknowledge."""

    def receive(*args: Any) -> dict[str, Any]:
        payload = args[0] if args else None
        try:
            return {"ok": True, **handler(_load(event, schema, payload))}
        except ServerError as error:
            return refuse(error, payload)

    socketio.on_event(event, receive)


def _load(event: str, schema: type[Schema], payload: Any) -> dict[str, Any]:
    if not isinstance(payload, Mapping):
        raise InvalidInput(
            f"{event} needs an object with {', '.join(schema().fields)}, not {type(payload).__name__}",
            field="payload",
        )
    try:
        loaded: dict[str, Any] = schema().load(payload)
    except ValidationError as error:
        raise invalid_fields({"json": error.normalized_messages()}, error) from error  # type: ignore[no-untyped-call]
    return loaded


def refuse(error: ServerError, payload: Any) -> dict[str, Any]:
    """Tell the calling client alone: by ``error_update`` and by the acknowledgement returned."""
    body = error.payload(request_id=getattr(request, "sid", None))
    subject = payload.get("session_id") if isinstance(payload, Mapping) else None
    ERRORS.labels(error_code=error.code).inc()
    emit(
        ERROR_UPDATE,
        {"session_id": subject, "error_code": error.code, "message": error.message, "details": error.details},
        ignore_queue=True,
    )
    return {"ok": False, "error": body}


def answer_unexpected(error: Exception) -> dict[str, Any]:
    """The one handler of what nobody expected: logged and counted, told to the client without detail."""
    log.error("socket.unexpected_error", exc_info=error, event_name=request.event.get("message"))  # type: ignore[attr-defined]
    return refuse(ServerError("The server failed to handle this message; it was logged."), None)
