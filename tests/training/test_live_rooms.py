"""Rooms of trainings in the whole product: who sees what, and how a join is answered."""

from __future__ import annotations

import pytest

from tests.stack import Stack
from tests.training.asking import log_of, start
from tests.training.watching import Watcher

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(240)]


def test_everyone_in_the_room_sees_the_same_and_nobody_else_sees_it(stack: Stack) -> None:
    with (
        Watcher(stack.base_url) as first,
        Watcher(stack.base_url, ("polling",)) as second,
        Watcher(stack.base_url) as stranger,
    ):
        session_id = start(stack, epochs=2)
        first.join(session_id)
        second.join(session_id)
        for watcher in (first, second):
            watcher.wait_for_type("completed", seconds=90)
        assert first.log() == second.log() == log_of(stack, session_id)
        assert stranger.received == []


def test_leaving_a_room_ends_its_updates(stack: Stack) -> None:
    with Watcher(stack.base_url) as watcher, Watcher(stack.base_url) as other:
        session_id = start(stack, epochs=2)
        for each in (watcher, other):
            each.join(session_id)
        assert watcher.call("leave_training", {"session_id": session_id})["ok"]
        received = len(watcher.payloads("training_update"))
        other.wait_for_type("completed", seconds=90)
        assert len(watcher.payloads("training_update")) == received


@pytest.mark.parametrize(
    "payload", [None, 7, "room", [], {}, {"session_id": "nonsense"}, {"session_id": "0" * 32, "after": -1}]
)
def test_a_malformed_join_is_answered_and_the_connection_stays(stack: Stack, payload: object) -> None:
    with Watcher(stack.base_url) as watcher:
        answer = watcher.call("join_training", payload)
        assert answer["ok"] is False
        assert answer["error"]["error_code"] == "invalid_input"
        error, _ = watcher.wait_for(lambda event, _payload: event == "error_update", 5)
        assert error["error_code"] == "invalid_input"
        assert watcher.client.connected


def test_joining_an_unknown_session_says_so(stack: Stack) -> None:
    with Watcher(stack.base_url) as watcher:
        answer = watcher.join("0" * 32)
        assert (answer["ok"], answer["error"]["error_code"]) == (False, "not_found")
        error, _ = watcher.wait_for(lambda event, _payload: event == "error_update", 5)
        assert error["session_id"] == "0" * 32


def test_joining_an_ended_session_replays_its_whole_log(stack: Stack) -> None:
    session_id = start(stack, epochs=1)
    stack.wait_for_status(session_id, "COMPLETED", seconds=90)
    with Watcher(stack.base_url) as watcher:
        joined = watcher.join(session_id)
        assert joined["session"]["status"] == "COMPLETED"
        watcher.wait_for_type("completed", seconds=10)
        assert watcher.seqs() == [event["seq"] for event in log_of(stack, session_id)]
        assert watcher.payloads("joined_training")[0]["last_seq"] == joined["last_seq"]
