"""The request id: on every response, in every log line, and along with every task a request starts."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, get_contextvars, unbind_contextvars

HEADER = "X-Request-ID"
# A caller's id goes into logs and headers, so nothing but plain short names is taken over.
_ACCEPTED = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_log = structlog.get_logger("server.access")


def bind(app: Flask) -> None:
    """Give each request an id, send it back, and log one access line. Bind this before anything else."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_forget)


def current_request_id() -> str | None:
    """The id of the request that this code serves, directly or as its task; else None."""
    request_id: str | None = get_contextvars().get("request_id")
    return request_id


def accepted_or_new(request_id: str | None) -> str:
    """The caller's id when it is short and plain, else a new one."""
    if request_id and _ACCEPTED.fullmatch(request_id):
        return request_id
    return uuid.uuid4().hex


def _begin() -> None:
    g.started = time.perf_counter()
    g.request_id = accepted_or_new(request.headers.get(HEADER))
    bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    _log.info(
        "request",
        method=request.method,
        # Without the query string, which may carry what is not meant for a log.
        path=request.path,
        status=response.status_code,
        duration_ms=round((time.perf_counter() - g.started) * 1000, 2),
        client=request.remote_addr,
    )
    return response


def _forget(_error: BaseException | None) -> None:
    # The thread goes on to other work, which is not this request's.
    unbind_contextvars("request_id")
