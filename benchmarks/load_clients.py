"""Many Socket.IO clients of many rooms in a process of its own: ``load_clients JSON``, see :class:`Crowd`.

They speak as little of Engine.IO over WebSocket as those of :mod:`benchmarks.room_clients`, come from
several addresses, and when their connection is lost do what the dashboard does: wait a moment, connect, join
with the last number that they have. ``joined`` on stdout says that all are there. A line ``phase NAME`` on
stdin begins a phase; one of JSON, the last number of each session, ends it all once everyone has these: a
:class:`Report`.
"""

from __future__ import annotations

import heapq
import json
import random
import select
import socket
import sys
import time
from array import array
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from typing import Any

from benchmarks.room_clients import Connection
from server.asynchronous import allow_one_file_per_client

_UPDATE = b'42["training_update",'
_JOINED = b'42["joined_training",'
_CONNECTING_AT_ONCE = 100
# The dashboard's: 300 ms, doubled by each failure up to 3 s, up to half of it more or less by chance.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.3, 3.0
_ADDRESSES = 40
_END_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """``count`` clients of the server on ``port``, spread evenly over the rooms of ``sessions``."""

    port: int
    count: int
    sessions: list[str]


@dataclass(slots=True)
class Report:
    """``phases``: number, p50, p99 and longest delay (ms) of the events delivered live in each.

    ``lost``: events that some client never had, over all clients. ``catching_up``: seconds from the beginning
    of a reconnection to the last event missed; ``away``: from the loss of the connection. ``refused``:
    attempts to connect that were not answered well.
    """

    phases: dict[str, tuple[int, float, float, float]] = field(default_factory=dict)
    catching_up: list[float] = field(default_factory=list)
    away: list[float] = field(default_factory=list)
    lost: int = 0
    received: int = 0
    repeated: int = 0
    disconnects: int = 0
    refused: int = 0
    cpu_seconds: float = 0.0


class Member:
    """One client: what it has seen of its room, over any number of connections."""

    def __init__(self, session_id: str, number: int) -> None:
        self.session_id, self.number = session_id, number
        self.address = f"127.0.1.{number % _ADDRESSES + 1}"
        self.connection: Connection | None = None
        self.has = 0
        self._ahead: set[int] = set()
        # The log's end when it joined; what comes later is live.
        self.live_after: int | None = None
        self.failures = 0
        self.lost_at: float | None = None
        self.connecting_at = 0.0

    def take(self, seq: int) -> bool:
        """Note an event; false when it was there already."""
        if seq <= self.has or seq in self._ahead:
            return False
        self._ahead.add(seq)
        while self.has + 1 in self._ahead:
            self.has += 1
            self._ahead.discard(self.has)
        return True

    def pause(self) -> float:
        """Seconds until the next attempt to connect."""
        self.failures += 1
        full = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** (self.failures - 1))
        return full * random.uniform(0.5, 1.5)


class Members:
    """All clients of a crowd under one ``epoll``."""

    def __init__(self, crowd: Crowd) -> None:
        self._port = crowd.port
        self._hello = (
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{crowd.port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        self._epoll = select.epoll()
        self._epoll.register(sys.stdin.fileno(), select.EPOLLIN)
        self._open: dict[int, Member] = {}
        rooms = len(crowd.sessions)
        self.all = [Member(crowd.sessions[number % rooms], number) for number in range(crowd.count)]
        self._due: list[tuple[float, int]] = []
        self._parsed: dict[bytes, tuple[int, int]] = {}
        self.report = Report()
        self._latencies: dict[str, array[float]] = {}
        self.begin_phase("joining")

    def begin_phase(self, name: str) -> None:
        """Count delays under ``name`` from now on."""
        self._now_in = self._latencies.setdefault(name, array("d"))

    def join(self, seconds: float = 120.0) -> None:
        """Connect all and wait until each has joined; raises ``TimeoutError``."""
        deadline, waiting = time.monotonic() + seconds, list(self.all)
        while any(member.live_after is None for member in self.all):
            opening = sum(member.live_after is None for member in self._open.values())
            for member in waiting[: max(0, _CONNECTING_AT_ONCE - opening)]:
                self._connect(member)
            del waiting[: max(0, _CONNECTING_AT_ONCE - opening)]
            self.poll()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(waiting)} of {len(self.all)} clients did not even begin to join")

    def finish(self, last: dict[str, int]) -> Report:
        """Wait until all have everything, or for so long; what came of it."""
        deadline = time.monotonic() + _END_SECONDS
        while (
            any(member.has < last[member.session_id] for member in self.all) and time.monotonic() < deadline
        ):
            self.poll()
        self.report.lost = sum(max(0, last[member.session_id] - member.has) for member in self.all)
        for name, latencies in self._latencies.items():
            if len(latencies) > 1:
                cuts = quantiles(latencies, n=100, method="inclusive")
                self.report.phases[name] = (len(latencies), cuts[49], cuts[98], max(latencies))
        self.report.cpu_seconds = time.process_time()
        return self.report

    def poll(self, seconds: float = 0.05) -> bool:
        """Receive what is there, connect who is due; whether something is to be read on stdin."""
        while self._due and self._due[0][0] <= time.monotonic():
            self._connect(self.all[heapq.heappop(self._due)[1]])
        is_told = False
        for number, _ in self._epoll.poll(seconds):
            if number == sys.stdin.fileno():
                is_told = True
            else:
                self._receive(self._open[number])
        return is_told

    def _connect(self, member: Member) -> None:
        member.connecting_at = time.monotonic()
        member.live_after = None
        connection = socket.socket()
        connection.bind((member.address, 0))
        connection.settimeout(10)
        try:
            connection.connect(("127.0.0.1", self._port))
            connection.sendall(self._hello)
        except OSError:
            connection.close()
            self._lose(member)
            return
        connection.setblocking(False)
        member.connection = Connection(connection)
        self._open[connection.fileno()] = member
        self._epoll.register(connection.fileno(), select.EPOLLIN)

    def _receive(self, member: Member) -> None:
        connection = member.connection
        assert connection is not None
        try:
            part = connection.socket.recv(262_144)
            connection.unread += part
            now = time.monotonic_ns()
            for message in connection.messages():
                self._take(member, connection, message, now)
        except (OSError, RuntimeError):
            part = b""
        if not part:
            del self._open[connection.socket.fileno()]
            connection.socket.close()
            self._lose(member)

    def _lose(self, member: Member) -> None:
        if member.live_after is None:
            self.report.refused += 1
        else:
            self.report.disconnects += 1
            member.failures = 0
        if member.lost_at is None:
            member.lost_at = time.monotonic()
        heapq.heappush(self._due, (time.monotonic() + member.pause(), member.number))

    def _take(self, member: Member, connection: Connection, message: bytes, now: int) -> None:
        if message.startswith(_UPDATE):
            self._take_update(member, message, now)
        elif message == b"2":
            connection.send(b"3")
        elif message.startswith(b"0"):
            connection.send(b"40")
        elif message.startswith(b"40"):
            joining = {"session_id": member.session_id, "after": member.has}
            connection.send(f'420["join_training",{json.dumps(joining)}]'.encode())
        elif message.startswith(_JOINED):
            member.live_after = json.loads(message[2:])[1]["last_seq"]
            self._note_caught_up(member)

    def _take_update(self, member: Member, message: bytes, now: int) -> None:
        # The same bytes for every client of a room: decoded once.
        found = self._parsed.get(message)
        if found is None:
            if len(self._parsed) > 10_000:
                self._parsed.clear()
            payload = json.loads(message[2:])[1]
            found = self._parsed[message] = (payload["seq"], payload["data"].get("sent", 0))
        seq, sent = found
        if not member.take(seq):
            self.report.repeated += 1
            return
        self.report.received += 1
        if member.live_after is not None and seq > member.live_after:
            self._now_in.append((now - sent) / 1e6)
        if member.lost_at is not None:
            self._note_caught_up(member)

    def _note_caught_up(self, member: Member) -> None:
        if member.lost_at is None or member.live_after is None or member.has < member.live_after:
            return
        now = time.monotonic()
        self.report.catching_up.append(now - member.connecting_at)
        self.report.away.append(now - member.lost_at)
        member.lost_at, member.failures = None, 0


def main() -> None:
    allow_one_file_per_client()
    asked: dict[str, Any] = json.loads(sys.argv[1])
    members = Members(Crowd(**asked))
    members.join()
    print("joined", flush=True)
    while True:
        if not members.poll():
            continue
        line = sys.stdin.readline()
        if not line.startswith("phase "):
            print(json.dumps(asdict(members.finish(json.loads(line)))), flush=True)
            return
        members.begin_phase(line.split()[1])


if __name__ == "__main__":
    main()
