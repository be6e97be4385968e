"""A client that joins has the log first, then what came meanwhile, and each event once."""

from __future__ import annotations

import pytest

from server.realtime.rooms import TRAINING_UPDATE
from tests.realtime.relayed import (
    ROOM,
    Room,
    room_with_a_member,
)


@pytest.fixture
def room() -> Room:
    return room_with_a_member()


def test_events_that_come_during_a_replay_follow_it_for_the_joining_client_alone(room: Room) -> None:
    room.append(arrives=True)
    late = room.join("late")
    with room.relay.replaying(ROOM, late):
        room.append(arrives=True)
        assert room.server.sent["first"] == [1, 2]
        assert room.server.sent["late"] == []
        room.relay.emit_here(TRAINING_UPDATE, {"seq": 1}, late)
        room.append(arrives=True)
    assert room.server.sent["late"] == [1, 2, 3]
    assert room.server.sent["first"] == [1, 2, 3]
    room.append(arrives=True)
    assert room.server.sent["late"] == [1, 2, 3, 4]


def test_what_was_replayed_already_does_not_follow_the_replay(room: Room) -> None:
    late = room.join("late")
    with room.relay.replaying(ROOM, late) as replay:
        for _ in range(4):
            room.append(arrives=True)
        replay.after, replay.until = 1, 3
    assert room.server.sent["late"] == [1, 4]


def test_what_a_sweep_finds_during_a_replay_follows_it_too(room: Room) -> None:
    room.append(arrives=False)
    late = room.join("late")
    room.sweep()
    with room.relay.replaying(ROOM, late):
        room.sweep()
        assert room.server.sent["late"] == []
    assert room.server.sent["late"] == room.server.sent["first"] == [1]


def test_a_replay_that_fails_lets_live_events_through_again(room: Room) -> None:
    late = room.join("late")

    def fail_in_mid_replay() -> None:
        with room.relay.replaying(ROOM, late):
            room.append(arrives=True)
            raise ValueError("in mid-replay")

    with pytest.raises(ValueError, match="in mid-replay"):
        fail_in_mid_replay()
    assert room.server.sent["late"] == [1]


def test_a_client_that_joins_twice_at_a_time_gets_everything_after_each_replay(room: Room) -> None:
    late = room.join("late")
    first, second = room.relay.replaying(ROOM, late), room.relay.replaying(ROOM, late)
    first.__enter__()
    room.append(arrives=True)
    second.__enter__()
    room.append(arrives=True)
    assert room.server.sent["late"] == []
    first.__exit__(None, None, None)
    assert room.server.sent["late"] == [1, 2]
    second.__exit__(None, None, None)
    assert room.server.sent["late"] == [1, 2, 2]
    room.append(arrives=True)
    assert room.server.sent["late"] == [1, 2, 2, 3]
