"""The way out of a process to the rooms: an interface, Redis, and nothing."""

from __future__ import annotations

import json
import logging
import queue
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from flask import current_app
from socketio import RedisManager

from server.observability.metrics import EVENTS_LEFT_OUT, EVENTS_PUBLISHED
from server.realtime.rooms import CHANNEL

# A publisher must never hold up a training: the event is already in the log, rooms catch up.
REDIS_TIMEOUTS = {"socket_connect_timeout": 2, "socket_timeout": 2}


# Stands in a message for a payload that is JSON already; no name of a room or event holds it.
_HOLE = "\0"


class EncodedPayload(Mapping[str, Any]):
    """A payload that its sender has as JSON already, so that publishing does not encode it again."""

    def __init__(self, payload: Mapping[str, Any], text: str) -> None:
        self._payload = payload
        self.text = text

    def __getitem__(self, name: str) -> Any:
        return self._payload[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._payload)

    def __len__(self) -> int:
        return len(self._payload)


class _Messages:
    """The JSON of the channel's messages, as python-socketio asks a module for it."""

    loads = staticmethod(json.loads)

    @staticmethod
    def dumps(message: Mapping[str, Any]) -> str:
        payload = message["data"][0]
        if not isinstance(payload, EncodedPayload):
            return json.dumps(message)
        around = json.dumps({**message, "data": [_HOLE]})
        return around.replace(json.dumps(_HOLE), payload.text, 1)


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
            json=_Messages,
            redis_options=REDIS_TIMEOUTS,
            logger=logging.getLogger("server.realtime"),
        )

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        data = payload if isinstance(payload, EncodedPayload) else dict(payload)
        self._redis.emit(event, data, namespace="/", room=room)
        EVENTS_PUBLISHED.labels(type=payload.get("type", event)).inc()


def process_publisher() -> Publisher:
    """The current application's way to the rooms, made once a process."""
    extensions = current_app.extensions
    if "publisher" not in extensions:
        extensions["publisher"] = RedisPublisher(current_app.config["SETTINGS"].redis_database(0))
    found: Publisher = extensions["publisher"]
    return found


class BackgroundPublisher:
    """Lets a background task publish, in order, so that no request waits for a Redis that hangs.

    At most ``most`` events wait; what comes then is left out and counted. All of it is in the log, from
    which the rooms catch up.
    """

    def __init__(
        self, publisher: Publisher, start_task: Callable[[Callable[[], None]], Any], most: int
    ) -> None:
        self._publisher = publisher
        self._waiting: queue.Queue[tuple[str, str, Mapping[str, Any]]] = queue.Queue(most)
        start_task(self._publish_all)

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        try:
            self._waiting.put_nowait((room, event, payload))
        except queue.Full:
            EVENTS_LEFT_OUT.inc()

    def _publish_all(self) -> None:
        while True:
            self._publisher.publish(*self._waiting.get())
