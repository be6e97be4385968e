"""What a web process delivers to its rooms when the channel loses, delays or keeps events."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socketio.packet import Packet
from sqlalchemy.exc import OperationalError

from server.realtime.relay import Relay, keep_caught_up
from server.realtime.room_log import CHUNK
from server.realtime.rooms import TRAINING_UPDATE, training_room

ROOM = training_room("a" * 32)
OTHER_ROOM = "prediction_BTC-USD_1h"


class RecordingServer:
    """What a client manager needs of its Socket.IO server; keeps what each client was sent."""

    packet_class = Packet

    def __init__(self) -> None:
        self.sent: dict[str, list[int]] = {}
        self.yielded = 0
        # Messages that wait for the client "first"; it reads one whenever others have a turn.
        self.unread = 0
        self.eio = self
        self.sockets = {"first": self}
        self.queue = self
        self._ids = count()

    def empty(self) -> bool:
        return not self.unread

    def generate_id(self) -> str:
        return f"sid{next(self._ids)}"

    def _send_eio_packet(self, eio_sid: str, packet: Any) -> None:
        event, payload = Packet(encoded_packet=packet.data).data
        assert event == TRAINING_UPDATE
        self.sent.setdefault(eio_sid, []).append(payload["seq"])

    def sleep(self, seconds: float) -> None:
        self.yielded += 1
        self.unread = max(self.unread - 1, 0)


class MemoryLog:
    """A room's log, kept in memory."""

    event = TRAINING_UPDATE

    def __init__(self) -> None:
        self.length = 0
        self.while_reading: list[int] = []
        self.relay: Relay | None = None

    def last_seqs(self, rooms: Iterable[str]) -> dict[str, int]:
        return dict.fromkeys(rooms, self.length)

    def read(self, room: str, after: int, until: int, limit: int) -> list[dict[str, Any]]:
        for seq in self.while_reading:
            arrive(self.relay, seq)
        return [{"seq": seq} for seq in range(after + 1, until + 1)][:limit]


class OtherLog(MemoryLog):
    """The log of a room of another kind."""

    def last_seqs(self, rooms: Iterable[str]) -> dict[str, int]:
        assert list(rooms) == [OTHER_ROOM]
        return {OTHER_ROOM: self.length}


class Room:
    """One room of one web process, over a log, with a channel that the test plays."""

    def __init__(self) -> None:
        self.server = RecordingServer()
        self.relay = Relay("redis://127.0.0.1:1/0")
        self.relay.set_server(self.server)
        self.log = MemoryLog()
        self.log.relay = self.relay

    def join(self, client: str) -> str:
        sid: str = self.relay.connect(client, "/")
        self.relay.enter_room(sid, "/", ROOM)
        self.relay.watch(ROOM, self.log).begin(self.log.length)
        self.server.sent.setdefault(client, [])
        return sid

    def append(self, *, arrives: bool) -> int:
        self.log.length += 1
        if arrives:
            arrive(self.relay, self.log.length)
        return self.log.length

    def sweep(self) -> int:
        return self.relay.catch_up()


def arrive(relay: Relay | None, seq: int, room: str = ROOM) -> None:
    """Take an event from the channel, as the listening task does."""
    assert relay is not None
    relay._handle_emit({"event": TRAINING_UPDATE, "data": [{"seq": seq}], "namespace": "/", "room": room})


@pytest.fixture
def room() -> Room:
    made = Room()
    made.join("first")
    return made


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
