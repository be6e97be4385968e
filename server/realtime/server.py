"""Binding Socket.IO to the application: relay, limits, and what a WebSocket may negotiate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import engineio
from flask import Flask
from flask_socketio import SocketIO

from server.config import Settings
from server.observability.metrics import SOCKETIO_CONNECTIONS, SOCKETIO_DISCONNECTS
from server.realtime.handlers import answer_unexpected
from server.realtime.relay import Relay

WSGIApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]

# Clients send small requests only; anything larger is a mistake or an attack.
LARGEST_CLIENT_MESSAGE = 64 * 1024
# Why connections end, as Engine.IO says it.
_REASONS = frozenset(value for name, value in vars(engineio.Server.reason).items() if name.isupper())


def bind(app: Flask, socketio: SocketIO) -> None:
    """Attach Socket.IO to ``app`` with its Redis relay, if Redis is configured."""
    settings: Settings = app.config["SETTINGS"]
    options: dict[str, Any] = {}
    if settings.redis_url:
        options["client_manager"] = Relay(settings.redis_database(0))
    socketio.init_app(
        app,
        async_mode=settings.async_mode,
        cors_allowed_origins=list(settings.cors_origins) or None,
        max_http_buffer_size=LARGEST_CLIENT_MESSAGE,
        manage_session=False,
        **options,
    )
    if settings.async_mode == "gevent":
        from server.realtime import fan_out  # a worker needs no gevent

        fan_out.install(socketio.server.eio)
    app.wsgi_app = without_compression(app.wsgi_app)  # type: ignore[method-assign,assignment]
    socketio.on_event("connect", _count_connection)
    socketio.on_event("disconnect", _count_disconnection)
    for reason in _REASONS:
        # Counters begin with 0: the first connections that break must be seen to raise them.
        SOCKETIO_DISCONNECTS.labels(reason)
    socketio.default_exception_handler = answer_unexpected


def without_compression(wsgi_app: WSGIApplication) -> WSGIApplication:
    """Refuse permessage-deflate: with it every client costs its own compressor and twice the CPU.

    A room's update is a few hundred bytes, the same for everyone; compressing it once per client
    doubles latency and memory for nothing.
    """

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return wsgi_app(environ, start_response)

    return application


def _count_connection(auth: Any = None) -> None:
    SOCKETIO_CONNECTIONS.inc()


def _count_disconnection(reason: Any = None) -> None:
    SOCKETIO_CONNECTIONS.dec()
    SOCKETIO_DISCONNECTS.labels(reason if reason in _REASONS else "other").inc()
