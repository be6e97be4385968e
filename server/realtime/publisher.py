"""The way out of a process to the rooms: an interface, Redis, and nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Protocol

from socketio import RedisManager

from server.observability.metrics import EVENTS_PUBLISHED
from server.realtime.rooms import CHANNEL

# A publisher must never hold up a training: the event is already in the log, rooms catch up.
REDIS_TIMEOUTS = {"socket_connect_timeout": 2, "socket_timeout": 2}


class Publisher(Protocol):
    """Sends one payload to everyone in a room; never raises when nobody can be reached."""

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        """Send ``payload`` (plain JSON values) as ``event`` to ``room``, at most once."""
        ...


class RedisPublisher:
    """Publishes over Redis to every web process. Thread safe; connects on first use."""

    def __init__(self, redis_url: str) -> None:
        self._redis = RedisManager(
            redis_url,
            channel=CHANNEL,
            write_only=True,
            redis_options=REDIS_TIMEOUTS,
            logger=logging.getLogger("server.realtime"),
        )

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        self._redis.emit(event, dict(payload), namespace="/", room=room)
        EVENTS_PUBLISHED.labels(type=payload.get("type", event)).inc()


class NullPublisher:
    """Publishes nothing: the log alone is the record (one-off commands, tests of the core)."""

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        return None
