"""Joining and leaving a room whose events are stored: first what its log holds, then what happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from flask import current_app, request
from flask_socketio import emit, join_room, leave_room
from sqlalchemy.exc import SQLAlchemyError

from server.config import Settings
from server.errors import ServerError
from server.realtime.relay import Relay, Replay, Watermark, keep_caught_up
from server.realtime.room_log import RoomLog, chunks
from server.realtime.shared_reads import SharedLog, SharedReads

# Of this process. When another one stops, its clients come here, whole rooms at a time.
_reads = SharedReads()


def join(
    room: str, room_log: RoomLog, event: str, look: Callable[[], dict[str, Any]], after: int | None
) -> dict[str, Any]:
    """Let the calling client into ``room``, answer with ``event``, replay the log; what was answered.

    Joins first and then looks, so an event between the two arrives all the same. ``look`` returns the
    answer, the same for whoever joins, with the log's end as its ``last_seq``; what it raises shuts the door
    again. Stored events after ``after`` are replayed, none when that is ``None``; live ones follow.
    """
    with _replaying(room) as replay:
        join_room(room)
        watermark = _watch(room, room_log)
        joined = _looked(room, look)
        watermark.begin(joined["last_seq"])
        emit(event, joined, ignore_queue=True)
        if after is not None:
            _replay(replay, watermark, after, joined["last_seq"])
    return joined


def enter(room: str, event: str, look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Let the calling client into a room without a log and answer with ``event``; what was answered.

    Joins first and then looks, so what happens between the two arrives all the same. ``look`` returns the
    answer, the same for whoever joins. Few look at a time: a client may join a hundred rooms at once.
    """
    join_room(room)
    joined = _looked(room, look)
    emit(event, joined, ignore_queue=True)
    return joined


def leave(room: str, event: str, left: dict[str, Any]) -> dict[str, Any]:
    """Let the calling client out and answer with ``event``; leaving a room never joined is no error."""
    leave_room(room)
    emit(event, left, ignore_queue=True)
    return left


def _looked(room: str, look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``look`` finds; when it finds nothing the client, who is in the room already, is shown out."""
    try:
        found: dict[str, Any] = _reads.get(room, look)
    except (ServerError, SQLAlchemyError):
        leave_room(room)
        raise
    return found


def _replay(replay: Replay, watermark: Watermark, after: int, until: int) -> None:
    relay, room_log = _relay(), watermark.room_log
    replay.after = replay.until = after
    for events in _stored(replay.room, watermark, after, until):
        for event in events:
            if relay is None:
                emit(room_log.event, event, ignore_queue=True)
            else:
                relay.send_stored(room_log.event, event, replay.sid)
        replay.until = events[-1]["seq"]
        if relay is not None and not relay.await_reader(replay.sid):
            return


def _stored(room: str, watermark: Watermark, after: int, until: int) -> Iterable[Sequence[Mapping[str, Any]]]:
    """The room's events with ``after < seq <= until``, in parts."""
    remembered = watermark.remembered(after, until)
    if remembered is not None:
        return [remembered] if remembered else []
    return chunks(SharedLog(watermark.room_log, _reads), room, after, until)


def _watch(room: str, room_log: RoomLog) -> Watermark:
    """Have the room caught up from now on; the first room of a process starts the sweep."""
    if (relay := _relay()) is None:
        return Watermark(room_log)
    if relay.begin_sweeping():
        settings: Settings = current_app.config["SETTINGS"]
        server, application = relay.server, current_app._get_current_object()  # type: ignore[attr-defined]
        server.start_background_task(
            keep_caught_up, relay, application.app_context, server.sleep, settings.room_sweep_seconds
        )
    return relay.watch(room, room_log)


def _relay() -> Relay | None:
    manager = current_app.extensions["socketio"].server.manager
    return manager if isinstance(manager, Relay) else None


def _replaying(room: str) -> AbstractContextManager[Replay]:
    relay, sid = _relay(), request.sid  # type: ignore[attr-defined]
    return nullcontext(Replay(room, sid)) if relay is None else relay.replaying(room, sid)
