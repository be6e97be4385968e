"""The way out of a process to the rooms: an interface, Redis, and nothing."""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from flask import current_app
from redis.exceptions import RedisError
from socketio import RedisManager

from server.observability.metrics import EVENTS_LEFT_OUT, EVENTS_PUBLISHED
from server.realtime.rooms import CHANNEL

# A publisher must never hold up a training: the event is already in the log, rooms catch up.
REDIS_TIMEOUTS = {"socket_connect_timeout": 2, "socket_timeout": 2}
ATTEMPTS = 2
MOST_TOGETHER = 200
"""Messages that are sent in one go: what waits behind them is sent soon after."""


_log = logging.getLogger("server.realtime")
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


Message = tuple[str, str, Mapping[str, Any]]
"""Room, event and payload."""


class _Manager(RedisManager):
    """Can keep what a thread emits, to send it in one go: one way to Redis and back instead of one each."""

    def __init__(self, redis_url: str, **options: Any) -> None:
        super().__init__(redis_url, **options)
        self.connected: bool
        self._kept = threading.local()

    @contextmanager
    def together(self) -> Iterator[None]:
        texts: list[str] = []
        self._kept.texts = texts
        try:
            yield
        finally:
            self._kept.texts = None
            self._send(texts)

    def _publish(self, data: Any) -> Any:
        if getattr(self._kept, "texts", None) is None:
            return super()._publish(data)
        self._kept.texts.append(self.json.dumps(data))
        return None

    def _send(self, texts: Sequence[str]) -> None:
        for _ in range(ATTEMPTS):
            try:
                if not self.connected:
                    self._redis_connect()
                pipeline = self.redis.pipeline(transaction=False)
                for text in texts:
                    pipeline.publish(self.channel, text)
                pipeline.execute()
            except RedisError as error:
                self.connected = False
                _log.error("cannot publish to Redis: %s", error)
            else:
                return


class RedisPublisher:
    """Publishes over Redis to every web process. Thread safe; connects on first use."""

    def __init__(self, redis_url: str) -> None:
        self._redis = _Manager(
            redis_url,
            channel=CHANNEL,
            write_only=True,
            json=_Messages,
            redis_options=REDIS_TIMEOUTS,
            logger=_log,
        )

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        data = payload if isinstance(payload, EncodedPayload) else dict(payload)
        self._redis.emit(event, data, namespace="/", room=room)
        EVENTS_PUBLISHED.labels(type=payload.get("type", event)).inc()

    def publish_all(self, messages: Iterable[Message]) -> None:
        """Send several messages, in order, in one go."""
        with self._redis.together():
            for message in messages:
                self.publish(*message)


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
        self._waiting: queue.Queue[Message] = queue.Queue(most)
        start_task(self._publish_all)

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        try:
            self._waiting.put_nowait((room, event, payload))
        except queue.Full:
            EVENTS_LEFT_OUT.inc()

    def wait_until_sent(self) -> None:
        """Block until nothing waits."""
        self._waiting.join()

    def _publish_all(self) -> None:
        while True:
            messages = [self._waiting.get()]
            while len(messages) < MOST_TOGETHER and not self._waiting.empty():
                messages.append(self._waiting.get())
            if isinstance(self._publisher, RedisPublisher) and len(messages) > 1:
                self._publisher.publish_all(messages)
            else:
                for message in messages:
                    self._publisher.publish(*message)
            for _ in messages:
                self._waiting.task_done()
