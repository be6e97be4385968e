"""What the trainer's parent does with a delivery before a child is spent on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.training import tasks
from server.training.deliveries import SessionRequest
from server.training.tables import TrainingSession
from tests.training.held import claimed
from tests.training.recording import RecordingPublisher


class Delivery(SessionRequest):
    """A delivery whose message is this session's id; Celery's own part of a request is left out."""

    def __init__(self, session_id: str) -> None:
        self._request_dict = {"args": [session_id]}
        self._app = tasks.celery
        self.dropped = False

    def _announce_revoked(self, *_: Any) -> None:
        self.dropped = True


def test_a_late_delivery_is_dropped_before_a_child_is_spent_on_it(
    start: Callable[..., TrainingSession], publisher: RecordingPublisher
) -> None:
    session = start()
    assert Delivery(session.id)._is_late() is False
    claimed(session, publisher)
    late = Delivery(session.id)
    assert late._is_late() is True
    assert late.dropped
