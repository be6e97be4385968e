"""Hand-written stand-ins for what leaves the process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class RecordingPublisher:
    """Remembers what was published, in order."""

    def __init__(self) -> None:
        self.published: list[tuple[str, str, dict[str, Any]]] = []

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        self.published.append((room, event, dict(payload)))

    def types(self) -> list[str]:
        """The types of the training updates published."""
        return [payload["type"] for _, event, payload in self.published if event == "training_update"]


class RecordingQueue:
    """Remembers which sessions were sent to the queue."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def __call__(self, session_id: str) -> None:
        self.sent.append(session_id)
