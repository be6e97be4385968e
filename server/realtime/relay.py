"""A web process's end of the channel: delivers to local clients and notices what it missed.

Redis pub/sub forgets: what is published while Redis restarts, or while this process reconnects,
is gone. The log is not. So each process remembers per room the last ``seq`` up to which it has
delivered without a hole, looks now and then at the log, and delivers the rest from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import structlog
from socketio import PubSubManager, RedisManager
from sqlalchemy.exc import SQLAlchemyError

from server.realtime.rooms import CHANNEL

log = structlog.get_logger(__name__)

NAMESPACE = "/"


class RoomLog(Protocol):
    """The stored, numbered events of one kind of room."""

    event: str

    def last_seqs(self, rooms: Iterable[str]) -> dict[str, int]:
        """The last stored ``seq`` of each of these rooms; rooms of other kinds are left out."""
        ...

    def read(self, room: str, after: int, until: int) -> list[dict[str, Any]]:
        """The payloads with ``after < seq <= until``, in order."""
        ...


class Relay(RedisManager):
    """The Socket.IO client manager: Redis in, local clients out, and a watermark per room."""

    def __init__(self, redis_url: str) -> None:
        super().__init__(redis_url, channel=CHANNEL, redis_options={"socket_connect_timeout": 2})
        self._delivered: dict[str, int] = {}
        self._seen_in_log: dict[str, int] = {}

    def _handle_emit(self, message: dict[str, Any]) -> None:
        super()._handle_emit(message)
        data = message["data"][0] if message["data"] else None
        if isinstance(data, Mapping) and "seq" in data and message.get("room") in self._delivered:
            self._advance(message["room"], int(data["seq"]))

    def _advance(self, room: str, seq: int) -> None:
        if seq == self._delivered[room] + 1:
            self._delivered[room] = seq

    def watch(self, room: str, last_seq: int) -> None:
        """Start the watermark of a room at the log's end, unless the room is watched already.

        Call it after joining and before replaying: whoever was here before may still miss events
        up to ``last_seq``, so an existing watermark stays where it is.
        """
        self._delivered.setdefault(room, last_seq)

    def emit_here(self, event: str, payload: Mapping[str, Any], room: str) -> None:
        """Deliver to this process's members of ``room`` (or one client's ``sid``) only."""
        super(PubSubManager, self).emit(event, dict(payload), namespace=NAMESPACE, room=room)

    def catch_up(self, room_log: RoomLog) -> int:
        """Deliver what the log holds and the channel lost; the number of events delivered.

        Only what the log already held at the previous call is delivered, so that an event which
        is merely on its way is not sent twice.
        """
        self._forget_empty_rooms()
        last_seqs = room_log.last_seqs(list(self._delivered))
        delivered = 0
        for room, last_seq in last_seqs.items():
            settled = self._seen_in_log.get(room, 0)
            self._seen_in_log[room] = last_seq
            if settled > self._delivered.get(room, settled):
                delivered += self._deliver(room_log, room, settled)
        return delivered

    def _deliver(self, room_log: RoomLog, room: str, until: int) -> int:
        payloads = room_log.read(room, self._delivered[room], until)
        for payload in payloads:
            self.emit_here(room_log.event, payload, room)
        self._delivered[room] = max(self._delivered[room], until)
        log.info("room.caught_up", room=room, events=len(payloads), seq=until)
        return len(payloads)

    def _forget_empty_rooms(self) -> None:
        occupied = self.rooms.get(NAMESPACE, {})
        for room in [room for room in self._delivered if room not in occupied]:
            self._delivered.pop(room, None)
            self._seen_in_log.pop(room, None)


def keep_caught_up(relay: Relay, room_log: RoomLog, sleep: Any, seconds: float) -> None:
    """Sweep for ever, every ``seconds``; a database that is away is asked again next time."""
    while True:
        sleep(seconds)
        try:
            relay.catch_up(room_log)
        except SQLAlchemyError as error:
            log.warning("room.catch_up_failed", error=type(error).__name__)
