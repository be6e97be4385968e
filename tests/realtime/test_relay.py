"""What a web process delivers to its rooms when the channel loses, delays or keeps events."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from server.realtime.relay import keep_caught_up
from server.realtime.room_log import CHUNK
from tests.realtime.relayed import (
    OTHER_ROOM,
    ROOM,
    MemoryLog,
    OtherLog,
    Room,
    arrive,
    room_with_a_member,
)


@pytest.fixture
def room() -> Room:
    return room_with_a_member()


def test_what_the_channel_lost_is_delivered_and_nothing_else(room: Room) -> None:
    for seq in range(1, 8):
        room.append(arrives=seq not in (3, 4, 6))
    room.sweep()
    assert room.sweep() == 3
    assert room.server.sent["first"] == [1, 2, 5, 7, 3, 4, 6]
    assert [room.sweep(), room.sweep()] == [0, 0]


def test_an_event_that_is_merely_on_its_way_is_not_sent_twice(room: Room) -> None:
    on_its_way = room.append(arrives=False)
    assert room.sweep() == 0
    arrive(room.relay, on_its_way)
    assert room.sweep() == 0
    assert room.server.sent["first"] == [1]


def test_an_event_that_arrives_while_the_log_is_read_is_not_sent_twice(room: Room) -> None:
    room.append(arrives=False)
    room.append(arrives=False)
    room.sweep()
    room.log.while_reading = [2]
    assert room.sweep() == 1
    assert sorted(room.server.sent["first"]) == [1, 2]


def test_a_later_member_does_not_hide_an_older_members_hole(room: Room) -> None:
    room.append(arrives=True)
    room.append(arrives=False)
    room.join("second")
    room.append(arrives=True)
    room.sweep()
    room.sweep()
    assert sorted(room.server.sent["first"]) == [1, 2, 3]


def test_what_comes_while_the_logs_end_is_looked_up_is_not_sent_twice(room: Room) -> None:
    sid = room.relay.sid_from_eio_sid("first", "/")
    room.relay.enter_room(sid, "/", OTHER_ROOM)
    other = OtherLog()
    watermark = room.relay.watch(OTHER_ROOM, other)
    arrive(room.relay, 5, OTHER_ROOM)
    assert room.sweep() == 0
    watermark.begin(4)
    other.length = 6
    room.sweep()
    assert room.sweep() == 1
    assert room.server.sent["first"] == [5, 6]


def test_a_room_that_everyone_left_is_forgotten_and_begins_anew(room: Room) -> None:
    (sid,) = (sid for sid, _ in room.relay.get_participants("/", ROOM))
    room.append(arrives=False)
    room.relay.disconnect(sid, "/", ignore_queue=True)
    room.sweep()
    room.join("second")
    room.sweep()
    assert room.sweep() == 0
    assert room.server.sent["second"] == []


def test_every_event_gives_other_tasks_a_turn(room: Room) -> None:
    room.append(arrives=True)
    room.append(arrives=True)
    assert room.server.yielded == 2


@given(st.lists(st.sampled_from(["arrives", "lost", "sweep", "late", "join"]), max_size=40))
@settings(max_examples=200, deadline=None)
def test_whatever_the_channel_does_a_member_has_each_event_once(steps: list[str]) -> None:
    room = Room()
    room.join("first")
    late: list[int] = []
    for step in steps:
        if step == "sweep":
            # An event is late by less than a sweep: it comes before what it held is settled.
            for seq in late:
                arrive(room.relay, seq)
            late.clear()
            room.sweep()
        elif step == "join":
            room.join(f"member {len(room.server.sent)}")
        elif step == "late":
            late.append(room.append(arrives=False))
        else:
            room.append(arrives=step == "arrives")
    for seq in late:
        arrive(room.relay, seq)
    room.sweep()
    room.sweep()
    assert sorted(room.server.sent["first"]) == list(range(1, room.log.length + 1))


def test_rooms_of_several_logs_are_caught_up_each_from_its_own(room: Room) -> None:
    other, sid = OtherLog(), room.relay.sid_from_eio_sid("first", "/")
    room.relay.enter_room(sid, "/", OTHER_ROOM)
    room.relay.watch(OTHER_ROOM, other).begin(0)
    other.length = 2 * CHUNK + 1
    room.append(arrives=False)
    room.sweep()
    assert room.sweep() == 2 * CHUNK + 2
    assert sorted(room.server.sent["first"]) == sorted([1, *range(1, 2 * CHUNK + 2)])
    assert room.sweep() == 0


def test_the_first_room_of_a_process_alone_starts_the_sweep(room: Room) -> None:
    assert [room.relay.begin_sweeping() for _ in range(3)] == [True, False, False]


def test_a_client_that_has_not_read_is_waited_for_and_one_that_is_gone_is_not(room: Room) -> None:
    sid = room.relay.sid_from_eio_sid("first", "/")
    room.server.unread = 3
    assert room.relay.await_reader(sid)
    assert (room.server.unread, room.server.yielded) == (0, 3)
    room.server.unread = 3
    room.relay.disconnect(sid, "/", ignore_queue=True)
    assert not room.relay.await_reader(sid)
    assert room.server.unread == 3


def test_a_database_that_is_away_is_asked_again(room: Room) -> None:
    class Away(MemoryLog):
        def last_seqs(self, rooms: Iterable[str]) -> dict[str, int]:
            raise OperationalError("SELECT", {}, ConnectionRefusedError())

    room.relay.watch("training_away", Away()).begin(0)
    room.relay.enter_room(room.relay.sid_from_eio_sid("first", "/"), "/", "training_away")
    naps = iter([0.5, 0.5])

    def sleep(seconds: float) -> None:
        if next(naps, None) is None:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        keep_caught_up(room.relay, nullcontext, sleep, 0.5)
