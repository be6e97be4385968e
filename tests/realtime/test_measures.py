"""What is measured of connections and of the way of an event to its room."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import socketio
from flask import Flask
from prometheus_client import REGISTRY

from server.market.moments import iso
from server.realtime.rooms import TRAINING_UPDATE
from server.realtime.server import _count_disconnection
from tests.realtime.relayed import ROOM, Room

LAG = "crypto_predict_realtime_lag_seconds"


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def arrive(room: Room, seq: int, seconds_ago: float, name: str = ROOM) -> None:
    recorded = iso(datetime.now(UTC) - timedelta(seconds=seconds_ago))
    payload = {"seq": seq, "timestamp": recorded}
    room.relay._handle_emit({"event": TRAINING_UPDATE, "data": [payload], "namespace": "/", "room": name})


def test_an_event_is_as_late_as_its_room_was_told_after_its_record() -> None:
    room = Room()
    room.join("first")
    number, seconds = sample(f"{LAG}_count"), sample(f"{LAG}_sum")
    arrive(room, 1, seconds_ago=7.0)
    assert sample(f"{LAG}_count") == number + 1
    assert sample(f"{LAG}_sum") - seconds == pytest.approx(7.0, abs=2.0)


def test_a_clock_that_is_behind_makes_no_negative_lag() -> None:
    room = Room()
    room.join("first")
    seconds = sample(f"{LAG}_sum")
    arrive(room, 1, seconds_ago=-60.0)
    assert sample(f"{LAG}_sum") == seconds


def test_rooms_in_which_nobody_is_are_not_measured() -> None:
    number = sample(f"{LAG}_count")
    arrive(Room(), 1, seconds_ago=1.0)
    assert sample(f"{LAG}_count") == number


@pytest.mark.parametrize(("said", "counted"), [("ping timeout", "ping timeout"), ("a new word", "other")])
def test_a_connection_that_ends_is_counted_by_what_ended_it(said: str, counted: str) -> None:
    name = "crypto_predict_socketio_disconnects_total"
    before = sample(name, reason=counted)
    _count_disconnection(said)
    assert sample(name, reason=counted) == before + 1


def test_every_reason_is_there_before_it_occurs(app: Flask) -> None:
    for reason in vars(socketio.Server.reason).values():
        if isinstance(reason, str) and " " in reason and "." not in reason:
            labels = {"reason": reason}
            assert REGISTRY.get_sample_value("crypto_predict_socketio_disconnects_total", labels) is not None
