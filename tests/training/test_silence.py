"""How long a running session has recorded nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from server.extensions import db
from server.observability.metrics import TRAINING_PROGRESS_AGE
from server.training import log, sessions
from server.training.events import NewEvent
from server.training.tables import TrainingEvent, TrainingSession
from tests.training.recording import RecordingPublisher

Start = Callable[..., TrainingSession]


def age(session_id: str, seconds: float) -> None:
    """Let the events of a session be ``seconds`` older than they are."""
    older = TrainingEvent.timestamp - timedelta(seconds=seconds)
    db.session.execute(
        update(TrainingEvent).where(TrainingEvent.session_id == session_id).values(timestamp=older)
    )
    db.session.commit()


def test_what_waits_or_has_ended_is_not_silent(start: Start, publisher: RecordingPublisher) -> None:
    session_id = start().id
    age(session_id, 500)
    assert sessions.longest_silence() == 0
    log.append(session_id, NewEvent("started", {"attempt": 1}), publisher)
    age(session_id, 500)
    assert sessions.longest_silence() == pytest.approx(500, abs=20)
    sessions.cancel(session_id, publisher)
    assert sessions.longest_silence() == 0


def test_the_last_event_of_the_session_that_is_silent_longest_counts(
    start: Start, publisher: RecordingPublisher
) -> None:
    for silence in (300, 100):
        session_id = start().id
        log.append(session_id, NewEvent("started", {"attempt": 1}), publisher)
        age(session_id, silence)
    assert sessions.gauges()[TRAINING_PROGRESS_AGE] == pytest.approx(300, abs=20)
    first = sessions.running()[0].id
    log.append(first, NewEvent("stage", {"stage": "training"}), publisher)
    assert sessions.longest_silence() == pytest.approx(100, abs=20)
