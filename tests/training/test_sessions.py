"""Sessions from the outside: slots, retries, cancel, what is shown and what is pruned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from server.config import Settings
from server.errors import Conflict, NotFound, TooManyRequests
from server.extensions import db
from server.training import lease, log, sessions
from server.training.events import NewEvent
from server.training.log import LeaseLost
from server.training.tables import TrainingSession
from tests.racing import at_once
from tests.training.conftest import wanted
from tests.training.held import claimed, types_of
from tests.training.recording import RecordingPublisher, RecordingQueue

Start = Callable[..., TrainingSession]


def test_a_started_session_is_logged_published_and_then_enqueued(
    start: Start, publisher: RecordingPublisher, queue: RecordingQueue
) -> None:
    session = start()
    assert queue.sent == [session.id]
    room, event, payload = publisher.published[0]
    assert (room, event) == (f"training_{session.id}", "training_update")
    assert log.read(session.id) == [payload]
    assert (payload["seq"], payload["type"], payload["data"]) == (1, "queued", {"queue_position": 1})


def test_nothing_is_published_or_enqueued_when_the_slots_are_taken(
    start: Start, publisher: RecordingPublisher, queue: RecordingQueue
) -> None:
    start()
    start()
    with pytest.raises(TooManyRequests) as refusal:
        start()
    assert refusal.value.details == {"count": 2, "max_sessions": 2}
    assert len(publisher.published) == len(queue.sent) == 2


def test_an_ended_session_frees_its_slot(start: Start, publisher: RecordingPublisher) -> None:
    first = start()
    start()
    sessions.cancel(first.id, publisher)
    assert start().status == "PENDING"


def test_racing_starts_never_take_more_slots_than_there_are(
    app: Flask, quick: Settings, start: Start
) -> None:
    def outcome() -> str:
        try:
            sessions.start(wanted(), quick, RecordingPublisher(), RecordingQueue())
        except TooManyRequests:
            return "refused"
        return "started"

    outcomes = at_once(app, 8, outcome)
    assert sorted(outcomes) == ["refused"] * 6 + ["started"] * 2
    assert sessions.count_active() == 2


def test_a_retry_with_the_same_key_returns_the_same_session(start: Start, queue: RecordingQueue) -> None:
    first = start("a key")
    again = start("a key")
    assert again.id == first.id
    assert queue.sent == [first.id]


def test_a_retry_is_answered_even_when_all_slots_are_taken(start: Start) -> None:
    first = start("a key")
    start()
    assert start("a key").id == first.id


def test_a_key_cannot_be_used_for_another_training(start: Start) -> None:
    start("a key")
    with pytest.raises(Conflict, match="Idempotency-Key"):
        start("a key", epochs=5)


def test_racing_retries_make_one_session(app: Flask, quick: Settings, start: Start) -> None:
    def made() -> str:
        return sessions.start(wanted(), quick, RecordingPublisher(), RecordingQueue(), "one key").id

    assert len(set(at_once(app, 6, made))) == 1


def test_a_missing_seed_is_drawn_and_recorded(start: Start) -> None:
    assert isinstance(start(seed=None).params["seed"], int)


def test_waiting_sessions_know_their_place(start: Start, publisher: RecordingPublisher) -> None:
    first, second = start(), start()
    assert [sessions.queue_position(session) for session in (first, second)] == [1, 2]
    claimed(first, publisher)
    assert sessions.queue_position(sessions.get(first.id)) is None
    assert sessions.queue_position(second) == 1


@pytest.mark.parametrize("running", [False, True])
def test_cancel_ends_the_session_at_once_and_it_stays_cancelled(
    start: Start, publisher: RecordingPublisher, running: bool
) -> None:
    session = start()
    held = claimed(session, publisher) if running else None
    assert sessions.cancel(session.id, publisher).status == "CANCELLED"
    assert lease.claim(session.id, "late:1", 60, publisher) is None
    if held:
        with pytest.raises(LeaseLost):
            log.append(session.id, NewEvent("completed"), publisher, held_by=held.token)
        assert held.renew(db.engine) is False
    assert sessions.get(session.id).status == "CANCELLED"
    assert types_of(session.id)[-1] == "cancelled"


def test_an_ended_session_cannot_be_cancelled_again(start: Start, publisher: RecordingPublisher) -> None:
    session = start()
    sessions.cancel(session.id, publisher)
    with pytest.raises(Conflict, match="CANCELLED"):
        sessions.cancel(session.id, publisher)
    assert types_of(session.id) == ["queued", "cancelled"]


def test_an_unknown_session_is_named_in_the_error(database: None, publisher: RecordingPublisher) -> None:
    for call in (lambda: sessions.get("nowhere"), lambda: sessions.cancel("nowhere", publisher)):
        with pytest.raises(NotFound, match="nowhere"):
            call()


def test_pruning_deletes_old_ended_sessions_and_nothing_else(
    start: Start, publisher: RecordingPublisher
) -> None:
    old, active = start(), start()
    sessions.cancel(old.id, publisher)
    assert list(sessions.prunable(older_than_days=1, keep=0)) == []
    assert list(sessions.prunable(older_than_days=0, keep=1)) == []
    ids = sessions.prunable(older_than_days=0, keep=0)
    assert list(ids) == [old.id]
    assert sessions.prune([*ids, active.id]) == 1
    assert types_of(old.id) == []
    assert sessions.get(active.id).status == "PENDING"


def snapshot_of(session: TrainingSession) -> dict[str, Any]:
    return sessions.snapshot(sessions.get(session.id))


def test_a_snapshot_hides_how_retries_are_told_apart(start: Start) -> None:
    shown = snapshot_of(start("a key"))
    assert "requested" not in shown["params"]
    assert shown["params"]["seed"] == 7
    assert shown["queue_position"] == 1
