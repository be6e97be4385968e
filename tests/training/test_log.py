"""The log of a session: numbered without a hole, refused without a trace, read from anywhere."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from server.errors import Conflict
from server.extensions import db
from server.training import log, sessions
from server.training.events import NewEvent
from server.training.tables import TrainingSession
from tests.training.held import claimed, types_of
from tests.training.recording import RecordingPublisher

Start = Callable[..., TrainingSession]


def test_numbers_have_no_hole_and_no_repeat_however_many_write(app: Flask, start: Start) -> None:
    publisher = RecordingPublisher()
    session_id = start().id
    claimed(sessions.get(session_id), publisher)

    def write() -> None:
        with app.app_context():
            for _ in range(10):
                log.append(session_id, NewEvent("stage", {"stage": "training"}), publisher)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event["seq"] for event in log.read(session_id)] == list(range(1, 43))
    assert sessions.get(session_id).last_seq == 42


def test_an_event_that_is_refused_leaves_no_trace(start: Start, publisher: RecordingPublisher) -> None:
    session = start()
    with pytest.raises(Conflict):
        log.append(session.id, NewEvent("epoch", {"epoch": 1, "eta_seconds": 0.0}), publisher)
    db.session.rollback()
    assert types_of(session.id) == ["queued"]
    assert publisher.types() == ["queued"]


def test_a_log_is_read_from_any_point(start: Start, publisher: RecordingPublisher) -> None:
    session = start()
    held = claimed(session, publisher)
    for stage in ("data_fetching", "preprocessing", "training"):
        log.append(session.id, NewEvent("stage", {"stage": stage}), publisher, held_by=held.token)
    assert [event["seq"] for event in log.read(session.id, after=2)] == [3, 4, 5]
    assert [event["seq"] for event in log.read(session.id, after=2, until=4)] == [3, 4]
    assert [event["seq"] for event in log.read(session.id, after=0, limit=2)] == [1, 2]
