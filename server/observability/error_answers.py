"""Every failure of a request, answered in the one shape of :mod:`server.errors`, counted and logged once."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, jsonify
from flask_limiter import RateLimitExceeded
from flask_smorest import Api
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from server.errors import InvalidInput, ServerError, TooManyRequests, Unavailable
from server.extensions import limiter
from server.observability.metrics import ERRORS
from server.observability.request_context import current_request_id
from server.observability.schemas import ErrorSchema
from server.observability.validation import invalid_fields

_log = structlog.get_logger(__name__)

# Where our word for it is not HTTP's own.
_CODES = {
    413: "body_too_large",
    422: InvalidInput.error_code,
    500: ServerError.error_code,
    503: Unavailable.error_code,
}
_DATABASE_DOWN: tuple[type[Exception], ...] = (OperationalError, InterfaceError, PoolTimeoutError)
_REDIS_DOWN: tuple[type[Exception], ...] = (RedisConnectionError, RedisTimeoutError, BrokerError)


class OneShapeApi(Api):
    """flask-smorest's OpenAPI document with our error shape; its own error answers are left out."""

    ERROR_SCHEMA = ErrorSchema

    def _register_error_handlers(self) -> None:
        """Nothing: ``register_error_handlers`` answers every error."""


def register_error_handlers(app: Flask) -> None:
    """Answer every exception that leaves a view, and every refusal of Flask itself, in the one shape."""
    app.register_error_handler(ServerError, answer_server_error)
    app.register_error_handler(RateLimitExceeded, _answer_limit)
    app.register_error_handler(HTTPException, _answer_http)
    for kind in _DATABASE_DOWN:
        app.register_error_handler(kind, _answer_database_down)
    for kind in _REDIS_DOWN:
        app.register_error_handler(kind, _answer_redis_down)
    app.register_error_handler(Exception, _answer_defect)


def answer_server_error(error: ServerError) -> Response:
    """The answer to an error of our own family."""
    payload = error.payload(current_request_id())
    if isinstance(error, TooManyRequests):
        payload["details"] = {**error.details, "retry_after": error.retry_after}
    if error.http_status >= 500:
        _log.error("server error", error_code=error.code, message=error.message, exc_info=error)
    response = _respond(payload, error.http_status)
    if isinstance(error, TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _answer_http(error: HTTPException) -> Response:
    """Refusals by Flask, werkzeug and webargs."""
    if isinstance(error, RequestRedirect):
        return Response(status=error.code, headers={"Location": error.new_url})
    status = error.code or 500
    data: dict[str, Any] = getattr(error, "data", None) or {}
    if "messages" in data:
        return answer_server_error(invalid_fields(data["messages"], getattr(error, "exc", None)))
    payload = {
        "error": type(error).__name__,
        "error_code": _CODES.get(status) or HTTPStatus(status).name.lower(),
        "message": data.get("message") or error.description or error.name,
        "details": data.get("errors") or {},
        "request_id": current_request_id(),
    }
    if status >= 500:
        _log.error("server error", error_code=payload["error_code"], exc_info=error)
    response = _respond(payload, status)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.allow.update(error.valid_methods)
    return response


def _answer_limit(error: RateLimitExceeded) -> Response:
    retry_after = _seconds_until_reset(error)
    return answer_server_error(
        TooManyRequests(
            f"More requests than {error.description}: wait {retry_after} seconds",
            retry_after=retry_after,
            limit=str(error.description),
        )
    )


def _seconds_until_reset(error: RateLimitExceeded) -> int:
    limit = limiter.current_limit
    try:
        reset_at = limit.reset_at if limit else time.time() + error.limit.limit.get_expiry()
    except RedisError:
        # Redis went away between the refusal and this question: the whole window is long enough.
        reset_at = time.time() + error.limit.limit.get_expiry()
    return max(1, int(reset_at - time.time()))


def _answer_database_down(error: Exception) -> Response:
    return _answer_unavailable("database", error)


def _answer_redis_down(error: Exception) -> Response:
    return _answer_unavailable("queue", error)


def _answer_unavailable(name: str, cause: Exception) -> Response:
    error = Unavailable(f"The {name} does not answer: try again later", error_code=f"{name}_unavailable")
    # The log shows the cause with its traceback.
    error.__cause__ = cause
    return answer_server_error(error)


def _answer_defect(error: Exception) -> Response:
    """What nobody foresaw. The caller learns the request id, the log everything else."""
    _log.error("unhandled exception", exc_info=error)
    return _respond(
        ServerError(
            "Something failed inside the server; its log has the details under this request id"
        ).payload(current_request_id()),
        500,
    )


def _respond(payload: dict[str, Any], status: int) -> Response:
    ERRORS.labels(payload["error_code"]).inc()
    response = jsonify(payload)
    response.status_code = status
    return response
