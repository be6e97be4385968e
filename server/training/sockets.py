"""Training over Socket.IO: join a session's room, get its snapshot and log, then live updates."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from flask import Flask, current_app, request
from flask_socketio import SocketIO, emit, join_room, leave_room

from server.config import Settings
from server.errors import NotFound
from server.realtime import rooms
from server.realtime.handlers import on
from server.realtime.relay import Relay, keep_caught_up
from server.training import log, schemas, sessions

# Events read and sent at a time on joining: a long log must not hold the database or the loop.
REPLAY_CHUNK = 500


class TrainingLog:
    """The stored events of training rooms, for a relay that catches up."""

    event = rooms.TRAINING_UPDATE

    def __init__(self, app: Flask) -> None:
        self._app = app

    def last_seqs(self, room_names: Iterable[str]) -> dict[str, int]:
        """The last stored ``seq`` of each training room."""
        session_ids = [session_id for name in room_names if (session_id := rooms.session_of(name))]
        if not session_ids:
            return {}
        with self._app.app_context():
            found = log.last_seqs(session_ids)
        return {rooms.training_room(session_id): seq for session_id, seq in found.items()}

    def read(self, room: str, after: int, until: int) -> list[dict[str, Any]]:
        """The payloads of a training room with ``after < seq <= until``."""
        with self._app.app_context():
            return log.read(rooms.session_of(room) or "", after=after, until=until)


def register(app: Flask, socketio: SocketIO) -> None:
    """Register the handlers, and start the sweep once the first client has connected."""
    settings: Settings = app.config["SETTINGS"]
    relay = socketio.server.manager
    sweeping = False

    def join(payload: dict[str, Any]) -> dict[str, Any]:
        nonlocal sweeping
        if isinstance(relay, Relay) and not sweeping:
            sweeping = True
            socketio.start_background_task(
                keep_caught_up, relay, TrainingLog(app), socketio.sleep, settings.room_sweep_seconds
            )
        return join_training(payload)

    on(socketio, "join_training", schemas.JoinTraining, join)
    on(socketio, "leave_training", schemas.LeaveTraining, leave_training)


def join_training(payload: dict[str, Any]) -> dict[str, Any]:
    """Join first, then read the log: an event between the two arrives twice rather than never."""
    session_id, room = payload["session_id"], rooms.training_room(payload["session_id"])
    with _replaying(room):
        join_room(room)
        try:
            snapshot = sessions.snapshot(sessions.get(session_id))
        except NotFound:
            leave_room(room)
            raise
        last_seq = snapshot["last_seq"]
        if (relay := _relay()) is not None:
            relay.watch(room, last_seq)
        joined = {"session_id": session_id, "room": room, "last_seq": last_seq, "session": snapshot}
        emit("joined_training", joined, ignore_queue=True)
        _replay(session_id, payload["after"], last_seq)
    return joined


def _replay(session_id: str, after: int, last_seq: int) -> None:
    while after < last_seq:
        events = log.read(session_id, after=after, until=last_seq, limit=REPLAY_CHUNK)
        for event in events:
            emit(rooms.TRAINING_UPDATE, event, ignore_queue=True)
        if not events:
            return
        after = events[-1]["seq"]


def _relay() -> Relay | None:
    manager = current_app.extensions["socketio"].server.manager
    return manager if isinstance(manager, Relay) else None


def _replaying(room: str) -> AbstractContextManager[None]:
    relay = _relay()
    return nullcontext() if relay is None else relay.replaying(room, request.sid)  # type: ignore[attr-defined]


def leave_training(payload: dict[str, Any]) -> dict[str, Any]:
    """Leave the room; leaving one that was never joined is no error."""
    room = rooms.training_room(payload["session_id"])
    leave_room(room)
    left = {"session_id": payload["session_id"], "room": room}
    emit("left_training", left, ignore_queue=True)
    return left
