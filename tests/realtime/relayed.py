"""A room of one web process over a log in memory, with a channel that the test plays."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

from socketio.packet import Packet

from server.realtime.relay import Relay
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


def room_with_a_member() -> Room:
    """The client ``first`` has joined."""
    made = Room()
    made.join("first")
    return made
