"""A Socket.IO client of a test: everything it received, and waiting for what must come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import socketio

from server.realtime.stream import OrderedEvents

EVENTS = ("training_update", "training_progress", "joined_training", "left_training", "error_update")


class Watcher:
    """One connected client. ``received`` holds ``(event, payload, monotonic time)`` in order."""

    def __init__(self, url: str, transports: tuple[str, ...] = ("websocket",)) -> None:
        self._url, self._transports = url, list(transports)
        self._changed = threading.Condition()
        self.received: list[tuple[str, dict[str, Any], float]] = []
        self.client = socketio.Client(reconnection=False)
        for event in EVENTS:
            self.client.on(event, lambda payload, event=event: self._receive(event, payload))
        self.connect()

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()

    def connect(self) -> None:
        """Connect, again if need be."""
        self.client.connect(self._url, transports=self._transports, wait_timeout=10)

    def _receive(self, event: str, payload: dict[str, Any]) -> None:
        with self._changed:
            self.received.append((event, payload, time.monotonic()))
            self._changed.notify_all()

    def join(self, session_id: str, **payload: Any) -> dict[str, Any]:
        """Join a session's room; the acknowledgement."""
        return self.call("join_training", {"session_id": session_id, **payload})

    def call(self, event: str, payload: Any = None) -> dict[str, Any]:
        """Send one message; its acknowledgement."""
        answer: dict[str, Any] = self.client.call(event, payload, timeout=20)
        return answer

    def payloads(self, event: str) -> list[dict[str, Any]]:
        """The payloads received of one event, in order of arrival."""
        return [payload for name, payload, _ in self.received if name == event]

    def log(self) -> list[dict[str, Any]]:
        """The updates as a client puts them together: each once, in order, up to the first hole."""
        events = OrderedEvents()
        return [event for payload in self.payloads("training_update") for event in events.add(payload)]

    def seqs(self) -> list[int]:
        """The numbers of the updates received, in order of arrival."""
        return [payload["seq"] for payload in self.payloads("training_update")]

    def wait_for(
        self, wanted: Callable[[str, dict[str, Any]], bool], seconds: float = 60
    ) -> tuple[dict[str, Any], float]:
        """The first payload received for which ``wanted(event, payload)`` holds, and when it came."""
        found: list[tuple[dict[str, Any], float]] = []

        def arrived() -> bool:
            found[:] = [(payload, at) for name, payload, at in self.received if wanted(name, payload)]
            return bool(found)

        with self._changed:
            assert self._changed.wait_for(arrived, seconds), (
                f"nothing of the kind in {seconds} s: {self.summary()}"
            )
        return found[0]

    def wait_for_type(self, *types: str, seconds: float = 60, epoch: int | None = None) -> dict[str, Any]:
        """The first update of one of these types (and of this epoch)."""

        def wanted(event: str, payload: dict[str, Any]) -> bool:
            return (
                event == "training_update"
                and payload["type"] in types
                and (epoch is None or payload["data"].get("epoch") == epoch)
            )

        return self.wait_for(wanted, seconds)[0]

    def summary(self) -> list[str]:
        """What was received, for the report of a failed test."""
        return [
            f"{name}:{payload.get('type', '')}:{payload.get('seq', '')}" for name, payload, _ in self.received
        ]
