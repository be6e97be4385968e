"""Training over Socket.IO: join a session's room, get its snapshot and log, then live updates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_socketio import SocketIO

from server.realtime import joining, rooms
from server.realtime.handlers import on
from server.training import log, sessions, socket_schemas


class TrainingLog:
    """The stored events of training rooms, as a :class:`server.realtime.room_log.RoomLog`."""

    event = rooms.TRAINING_UPDATE

    def last_seqs(self, room_names: Iterable[str]) -> dict[str, int]:
        """The last stored ``seq`` of each training room."""
        found = log.last_seqs([rooms.session_of(name) or "" for name in room_names])
        return {rooms.training_room(session_id): seq for session_id, seq in found.items()}

    def read(self, room: str, after: int, until: int, limit: int) -> list[dict[str, Any]]:
        """The payloads of a training room with ``after < seq <= until``, at most ``limit``."""
        return log.read(rooms.session_of(room) or "", after=after, until=until, limit=limit)


TRAINING_LOG = TrainingLog()


def register(socketio: SocketIO) -> None:
    """Register the handlers."""
    on(socketio, "join_training", socket_schemas.JoinTraining, join_training)
    on(socketio, "leave_training", socket_schemas.LeaveTraining, leave_training)


def join_training(payload: dict[str, Any]) -> dict[str, Any]:
    """Join a session's room; raises ``NotFound`` when there is no such session."""
    session_id, room = payload["session_id"], rooms.training_room(payload["session_id"])

    def look() -> dict[str, Any]:
        snapshot = sessions.snapshot(sessions.get(session_id))
        return {
            "session_id": session_id,
            "room": room,
            "last_seq": snapshot["last_seq"],
            "session": snapshot,
        }

    return joining.join(room, TRAINING_LOG, "joined_training", look, payload["after"])


def leave_training(payload: dict[str, Any]) -> dict[str, Any]:
    """Leave the room."""
    room = rooms.training_room(payload["session_id"])
    return joining.leave(room, "left_training", {"session_id": payload["session_id"], "room": room})
