"""A hand-written stand-in for the way to the rooms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class RecordingPublisher:
    """Remembers what was published, in order: room, event, payload."""

    def __init__(self) -> None:
        self.published: list[tuple[str, str, dict[str, Any]]] = []

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        self.published.append((room, event, dict(payload)))

    def rooms(self) -> list[str]:
        """The rooms published to, in order."""
        return [room for room, _, _ in self.published]

    def payloads(self, room: str) -> list[dict[str, Any]]:
        """What was published to ``room``, in order."""
        return [payload for name, _, payload in self.published if name == room]
