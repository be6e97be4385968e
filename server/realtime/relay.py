"""A web process's end of the channel: delivers to local clients and notices what it missed.

Redis pub/sub forgets: what is published while Redis restarts, or while this process reconnects,
is gone. The log is not. So each process remembers per room the last ``seq`` up to which it has
delivered without a hole, looks now and then at the log, and delivers the rest from there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

import orjson
import structlog
from engineio.packet import MESSAGE, Packet
from socketio import PubSubManager, RedisManager
from socketio.packet import EVENT
from sqlalchemy.exc import SQLAlchemyError

from server.observability.metrics import REALTIME_LAG
from server.realtime.room_log import RoomLog, chunks
from server.realtime.rooms import CHANNEL

log = structlog.get_logger(__name__)

NAMESPACE = "/"
# How often a client that takes its time is asked whether it has read what was sent.
READING_SECONDS = 0.02
# Events of a room that a process remembers: more than a client misses between one process and another.
REMEMBERED = 256


class Watermark:
    """What a room's members in this process have been sent: all up to ``delivered``, and some ahead."""

    def __init__(self, room_log: RoomLog) -> None:
        self.room_log = room_log
        self.delivered = 0
        self._ahead: set[int] = set()
        self._recent: dict[int, Mapping[str, Any]] = {}
        # The log's end at the previous sweep: what it held then is no longer on its way.
        self.settled = 0
        self.has_begun = False

    def begin(self, last_seq: int) -> None:
        """From the log's end ``last_seq`` on, nothing may be missing. Once it has begun, it stays.

        Whoever was here before may still miss events up to a later end.
        """
        if not self.has_begun:
            self.delivered = self.settled = max(self.delivered, last_seq)
            self.has_begun = True
            # A copy: the channel may bring more meanwhile.
            self._ahead.difference_update([seq for seq in list(self._ahead) if seq <= self.delivered])
            self._advance()

    def take(self, event: Mapping[str, Any]) -> None:
        """Note that an event was sent to the room."""
        seq = int(event["seq"])
        self._recent[seq] = event
        if len(self._recent) > REMEMBERED:
            del self._recent[next(iter(self._recent))]
        if seq > self.delivered:
            self._ahead.add(seq)
            self._advance()

    def remembered(self, after: int, until: int) -> list[Mapping[str, Any]] | None:
        """The events with ``after < seq <= until``, in order; ``None`` when the log must be asked.

        So a thousand clients who come from another process do not each ask the database for the same few.
        """
        if until - after > REMEMBERED:
            return None
        found = [self._recent.get(seq) for seq in range(after + 1, until + 1)]
        return None if None in found else cast(list[Mapping[str, Any]], found)

    def _advance(self) -> None:
        while self.delivered + 1 in self._ahead:
            self.delivered += 1
            self._ahead.discard(self.delivered)

    def lacks(self, seq: int) -> bool:
        """Whether ``seq`` was never sent to the room."""
        return seq > self.delivered and seq not in self._ahead


@dataclass(slots=True)
class Replay:
    """A log being replayed to one client, and the events kept for it meanwhile.

    The client has been sent the stored events with ``after < seq <= until``.
    """

    room: str
    sid: str
    after: int = 0
    until: int = 0
    kept: list[tuple[str, Any]] = field(default_factory=list)

    def holds(self, payload: Any) -> bool:
        """Whether the replay has sent this event already."""
        return isinstance(payload, Mapping) and self.after < payload.get("seq", 0) <= self.until


class Relay(RedisManager):
    """The Socket.IO client manager: Redis in, local clients out, and a watermark per room."""

    def __init__(self, redis_url: str) -> None:
        super().__init__(redis_url, channel=CHANNEL, redis_options={"socket_connect_timeout": 2})
        self._watermarks: dict[str, Watermark] = {}
        # Clients that a log is being replayed to, and what came for their room meanwhile.
        self._replays: dict[object, Replay] = {}
        self._order = threading.RLock()
        self._is_swept = False

    def _handle_emit(self, message: dict[str, Any]) -> None:
        data = message["data"][0] if message["data"] else None
        room = message.get("room") or ""
        with self._order:
            held_back = self._hold_back(room, message["event"], data)
            super()._handle_emit({**message, "skip_sid": held_back} if held_back else message)
        watermark = self._watermarks.get(room)
        if watermark is not None and isinstance(data, Mapping) and "seq" in data:
            watermark.take(data)
            _note_lag(data)
        # Writing to a room need not wait for anything, so in a flood of events all else would.
        self.server.sleep(0)

    def watch(self, room: str, room_log: RoomLog) -> Watermark:
        """The watermark of a room, which notes from now on what is sent to it.

        Call it after joining, before looking for the log's end, with which it is to ``begin``.
        """
        return self._watermarks.setdefault(room, Watermark(room_log))

    @contextmanager
    def replaying(self, room: str, sid: str) -> Iterator[Replay]:
        """While the block replays a log to the client ``sid``, keep live events of ``room`` for afterwards.

        So a client that joins sees old events before new ones, in their order. The block notes in the
        :class:`Replay` what it has sent, for some of that may be among what was kept.
        """
        # A client may join twice at a time, so the two names are no key.
        key, replay = object(), Replay(room, sid)
        with self._order:
            self._replays[key] = replay
        try:
            yield replay
        finally:
            with self._order:
                del self._replays[key]
                for event, payload in replay.kept:
                    if not replay.holds(payload):
                        self.emit_here(event, payload, sid)

    def _hold_back(self, room: str, event: str, payload: Any) -> list[str]:
        running = [replay for replay in self._replays.values() if replay.room == room]
        for replay in running:
            replay.kept.append((event, payload))
        return [replay.sid for replay in running]

    def emit_here(self, event: str, payload: Mapping[str, Any], room: str) -> None:
        """Deliver to this process's members of ``room``, or to the one client whose ``sid`` it is."""
        super(PubSubManager, self).emit(event, dict(payload), namespace=NAMESPACE, room=room)

    def send_stored(self, event: str, payload: Mapping[str, Any], sid: str) -> None:
        """Deliver an event of a log to one client.

        Written here as Socket.IO writes it: its own way looks through every value for bytes, which a log
        has none of, and a log may be long and sent to a thousand clients at a time.
        """
        message = f'{EVENT}["{event}",{orjson.dumps(payload).decode()}]'
        self.server._send_eio_packet(self.eio_sid_from_sid(sid, NAMESPACE), Packet(MESSAGE, message))

    def await_reader(self, sid: str) -> bool:
        """Wait until a client has taken all that was sent to it; false when it has gone instead.

        Whoever sends a log without end asks between its parts: what waits for a client is limited.
        """
        while self.is_connected(sid, NAMESPACE):
            connection = self.server.eio.sockets.get(self.eio_sid_from_sid(sid, NAMESPACE))
            if connection is None or connection.queue.empty():
                return True
            self.server.sleep(READING_SECONDS)
        return False

    def begin_sweeping(self) -> bool:
        """True for the first who asks, who then must call :func:`keep_caught_up`."""
        with self._order:
            was_swept, self._is_swept = self._is_swept, True
        return not was_swept

    def catch_up(self) -> int:
        """Deliver what the logs hold and the channel lost; the number of events delivered.

        Only what a log already held at the previous call is delivered, so that an event which
        is merely on its way is not sent twice.
        """
        self._forget_empty_rooms()
        rooms_by_log: dict[RoomLog, list[str]] = {}
        for room, watermark in list(self._watermarks.items()):
            if watermark.has_begun:
                rooms_by_log.setdefault(watermark.room_log, []).append(room)
        return sum(
            self._settle(room, last_seq)
            for room_log, rooms in rooms_by_log.items()
            for room, last_seq in room_log.last_seqs(rooms).items()
        )

    def _settle(self, room: str, last_seq: int) -> int:
        watermark = self._watermarks[room]
        settled, watermark.settled = watermark.settled, last_seq
        return self._deliver(room, watermark, settled) if settled > watermark.delivered else 0

    def _deliver(self, room: str, watermark: Watermark, until: int) -> int:
        lost = 0
        for events in chunks(watermark.room_log, room, watermark.delivered, until):
            # Asked one by one: while the log is read, the channel may bring some.
            for payload in events:
                if watermark.lacks(payload["seq"]):
                    self._handle_emit(
                        {
                            "event": watermark.room_log.event,
                            "data": [payload],
                            "room": room,
                            "namespace": NAMESPACE,
                        }
                    )
                    lost += 1
        log.info("room.caught_up", room=room, events=lost, seq=until)
        return lost

    def _forget_empty_rooms(self) -> None:
        occupied = self.rooms.get(NAMESPACE, {})
        for room in [room for room in list(self._watermarks) if room not in occupied]:
            del self._watermarks[room]


def _note_lag(payload: Mapping[str, Any]) -> None:
    if recorded := payload.get("timestamp"):
        REALTIME_LAG.observe(max(0.0, time.time() - datetime.fromisoformat(recorded).timestamp()))


def keep_caught_up(
    relay: Relay, context: Callable[[], AbstractContextManager[Any]], sleep: Any, seconds: float
) -> None:
    """Sweep for ever, every ``seconds``, each time in a new application ``context``.

    A database that is away is asked again next time.
    """
    while True:
        sleep(seconds)
        try:
            with context():
                relay.catch_up()
        except SQLAlchemyError as error:
            log.warning("room.catch_up_failed", error=type(error).__name__)
