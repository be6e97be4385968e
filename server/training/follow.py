"""Starting, cancelling and following a session from a terminal or a script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from server.realtime.client import ApiClient, Message, Room, following
from server.realtime.rooms import ERROR_UPDATE, TRAINING_PROGRESS, TRAINING_UPDATE

ENDING_TYPES = ("completed", "failed", "cancelled")


class TrainingClient(ApiClient):
    """A client of the training API: what curl and a socket client do, for the command line.

    Every call may raise ``Refused`` or ``Unavailable``.
    """

    def start(self, body: dict[str, Any]) -> dict[str, Any]:
        """``POST /train``."""
        return self.call("POST", "/train", json=body)

    def status(self, session_id: str) -> dict[str, Any]:
        """``GET /train/<id>/status``."""
        return self.call("GET", f"/train/{session_id}/status")

    def cancel(self, session_id: str) -> dict[str, Any]:
        """``DELETE /train/<id>/cancel``."""
        return self.call("DELETE", f"/train/{session_id}/cancel")

    def follow(self, session_id: str, after: int = 0) -> Iterator[Message]:
        """Yield ``(event name, payload)``: every stored event after ``after`` once and in order,
        progress inside epochs as it comes; ends after the event that ends the session."""
        others = (TRAINING_PROGRESS, ERROR_UPDATE)
        room = Room("join_training", {"session_id": session_id}, TRAINING_UPDATE, others)
        with following(self.server_url, room, after) as messages:
            for name, payload in messages:
                yield name, payload
                if name == TRAINING_UPDATE and payload["type"] in ENDING_TYPES:
                    return
