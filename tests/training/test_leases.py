"""One worker runs a session at a time, and what a dead one leaves is picked up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.config import Settings
from server.extensions import db
from server.training import lease, log, reaper, sessions
from server.training.events import NewEvent
from server.training.log import LeaseLost
from server.training.tables import TrainingSession
from tests.racing import at_once
from tests.training.held import claimed, expire, types_of
from tests.training.recording import RecordingPublisher, RecordingQueue

Start = Callable[..., TrainingSession]


def test_a_second_delivery_finds_the_lease_taken_and_leaves(
    start: Start, publisher: RecordingPublisher
) -> None:
    session = start()
    claimed(session, publisher)
    assert lease.claim(session.id, "there:2", 60, publisher) is None
    assert types_of(session.id) == ["queued", "started"]


def test_racing_deliveries_start_a_run_once(app: Flask, start: Start) -> None:
    session_id = start().id

    def claimed() -> bool:
        return lease.claim(session_id, "racer:1", 60, RecordingPublisher()) is not None

    assert sum(at_once(app, 6, claimed)) == 1
    assert types_of(session_id) == ["queued", "started"]


def test_a_run_whose_worker_died_is_queued_again_with_its_epoch(
    start: Start, quick: Settings, publisher: RecordingPublisher, queue: RecordingQueue
) -> None:
    session = start()
    held = claimed(session, publisher)
    epoch = NewEvent("epoch", {"epoch": 2, "eta_seconds": 1.0})
    log.append(session.id, epoch, publisher, held_by=held.token)
    expire(session.id)
    assert reaper.reap(quick, publisher, queue) == [session.id]
    assert queue.sent == [session.id, session.id]
    requeued = log.read(session.id)[-1]
    assert requeued["type"] == "requeued"
    assert requeued["data"] == {"reason": "worker_lost", "attempt": 1, "epoch": 2}
    with pytest.raises(LeaseLost):
        log.append(session.id, epoch, publisher, held_by=held.token)


def test_a_renewed_lease_is_left_alone(
    start: Start, quick: Settings, publisher: RecordingPublisher, queue: RecordingQueue
) -> None:
    session = start()
    held = claimed(session, publisher)
    expire(session.id)
    assert held.renew(db.engine)
    assert reaper.reap(quick, publisher, queue) == []


def test_a_run_that_keeps_killing_its_worker_fails_with_the_reason(
    start: Start, quick: Settings, publisher: RecordingPublisher, queue: RecordingQueue
) -> None:
    session = start()
    for _ in range(quick.training_max_attempts):
        claimed(session, publisher)
        expire(session.id)
        reaper.reap(quick, publisher, queue)
    ended = sessions.get(session.id)
    assert ended.status == "FAILED"
    assert ended.error is not None
    assert ended.error["error_code"] == "worker_lost"
    _, event, payload = publisher.published[-1]
    assert (event, payload["error_code"]) == ("error_update", "worker_lost")


def test_a_waiting_session_whose_message_was_lost_is_sent_again(
    start: Start, quick: Settings, publisher: RecordingPublisher, queue: RecordingQueue
) -> None:
    session = start()
    settings = replace(quick, requeue_seconds=60.0)
    assert reaper.reap(settings, publisher, queue) == []
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    session = sessions.get(session.id)
    session.enqueued_at = long_ago
    db.session.commit()
    assert reaper.reap(settings, publisher, queue) == [session.id]
    assert reaper.reap(settings, publisher, queue) == []
    assert types_of(session.id) == ["queued"]


def test_a_lease_is_kept_while_the_work_goes_on_and_noticed_when_it_is_gone(
    app: Flask, start: Start, publisher: RecordingPublisher
) -> None:
    session = start()
    held = claimed(session, publisher, seconds=30)
    with lease.kept(held, db.engine, poll_seconds=0.02):
        sessions.cancel(session.id, publisher)
        assert held.lost.wait(5)


class Failing:
    """A database that fails once, in the way of ``error``, before it answers again."""

    def __init__(self, error: SQLAlchemyError) -> None:
        self._engine, self._errors = db.engine, [error]
        self.answered = threading.Event()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        if self._errors:
            raise self._errors.pop()
        with self._engine.begin() as connection:
            yield connection
        self.answered.set()


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("UPDATE", {}, ConnectionError("gone")),
        InterfaceError("UPDATE", {}, ConnectionError("connection already closed")),
        PoolTimeout("no connection is free"),
    ],
)
def test_a_renewal_that_fails_is_tried_again(
    start: Start, publisher: RecordingPublisher, error: SQLAlchemyError
) -> None:
    held, database = claimed(start(), publisher), Failing(error)
    with lease.kept(held, database, poll_seconds=0.01):  # type: ignore[arg-type]
        assert database.answered.wait(10)
    assert not held.lost.is_set()


def test_a_claim_sees_what_others_did_since_the_session_was_read(
    app: Flask, start: Start, publisher: RecordingPublisher
) -> None:
    session = start()
    assert session.status == "PENDING"

    def cancel_elsewhere() -> None:
        with app.app_context():
            sessions.cancel(session_id, RecordingPublisher())

    session_id = session.id
    other = threading.Thread(target=cancel_elsewhere)
    other.start()
    other.join()
    assert lease.claim(session_id, "late:1", 60, publisher) is None
    assert types_of(session_id) == ["queued", "cancelled"]
