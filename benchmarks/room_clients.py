"""Many Socket.IO clients in one thread, cheap enough not to be what is measured.

They speak as little of Engine.IO 4 over WebSocket as a browser needs to join a room and listen, on
bare sockets under one ``epoll``. As browsers do, they offer permessage-deflate.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from array import array
from typing import Self

_HELLO = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
)
_UPDATE = b'42["training_update",'
_CONNECTING_AT_ONCE = 50
_NO_MASK = bytes(4)


class RoomClients:
    """``count`` clients of one server; a context manager that closes them all."""

    def __init__(self, port: int, count: int, session_id: str, events: range) -> None:
        self._port = port
        self._events = events
        self._hello = _HELLO.format(port=port).encode()
        self._join = f'420["join_training",{json.dumps({"session_id": session_id})}]'.encode()
        self._epoll = select.epoll()
        self._clients: dict[int, Connection] = {}
        self._count = count
        self._parsed: dict[bytes, tuple[int, int]] = {}
        self.joined = 0
        self.received = 0
        self.dropped = 0
        self.latencies = array("d")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self._clients.values():
            client.socket.close()
        self._epoll.close()

    def connect(self, seconds: float = 120.0) -> None:
        """Connect all clients and join the room; raises ``TimeoutError``."""
        deadline = time.monotonic() + seconds
        while self.joined < self._count:
            while len(self._clients) < min(self._count, self.joined + _CONNECTING_AT_ONCE):
                self._open()
            self._poll(0.1)
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.joined} of {self._count} clients joined within {seconds:.0f} s")

    def listen(self, seconds: float, until_complete: bool = True) -> None:
        """Receive for ``seconds``, or until every client has every event."""
        deadline = time.monotonic() + seconds
        expected = self._count * len(self._events)
        while time.monotonic() < deadline and not (until_complete and self.received >= expected):
            self._poll(0.05)

    @property
    def lost(self) -> int:
        """Events that some client did not receive, over all clients."""
        return sum(len(self._events) - len(client.seen) for client in self._clients.values())

    @property
    def uneven(self) -> int:
        """Clients that lack an event which another client has."""
        longest = max(len(client.seen) for client in self._clients.values())
        return sum(len(client.seen) < longest for client in self._clients.values())

    def _open(self) -> None:
        connection = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        connection.sendall(self._hello)
        connection.setblocking(False)
        self._clients[connection.fileno()] = Connection(connection)
        self._epoll.register(connection.fileno(), select.EPOLLIN)

    def _poll(self, seconds: float) -> None:
        for number, _ in self._epoll.poll(seconds):
            client = self._clients[number]
            try:
                part = client.socket.recv(262_144)
            except ConnectionResetError:
                part = b""
            if not part:
                self.dropped += 1
                self._epoll.unregister(number)
                continue
            now = time.monotonic_ns()
            client.unread += part
            for message in client.messages():
                self._take(client, message, now)

    def _take(self, client: Connection, message: bytes, now: int) -> None:
        if message.startswith(_UPDATE):
            self._count_update(client, message, now)
        elif message.startswith(b"0"):
            client.send(b"40")
        elif message.startswith(b"40"):
            client.send(self._join)
        elif message.startswith(b"430"):
            if b'"ok":true' not in message:
                raise RuntimeError(f"joining was refused: {message.decode()}")
            self.joined += 1
        elif message == b"2":
            client.send(b"3")

    def _count_update(self, client: Connection, message: bytes, now: int) -> None:
        # The same bytes for every client: decoded once.
        found = self._parsed.get(message)
        if found is None:
            payload = json.loads(message[2:])[1]
            found = self._parsed[message] = (payload["seq"], payload["data"].get("sent", 0))
        seq, sent = found
        if seq in self._events and seq not in client.seen:
            client.seen.add(seq)
            self.received += 1
            self.latencies.append((now - sent) / 1e6)


class Connection:
    """One connection: its unread bytes, and the numbers of the events that it has."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.unread = b""
        self.seen: set[int] = set()
        self._greeted = False

    def send(self, text: bytes) -> None:
        """Send one short masked frame; a mask of zeros is a mask."""
        size = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack(">H", len(text))
        self.socket.sendall(b"\x81" + size + _NO_MASK + text)

    def messages(self) -> list[bytes]:
        """The complete text messages among the unread bytes."""
        if not self._greeted and not self._read_greeting():
            return []
        found, unread, start = [], self.unread, 0
        while len(unread) >= start + 2:
            size, head = unread[start + 1], 2
            if size >= 126:
                head = 4 if size == 126 else 10
                size = int.from_bytes(unread[start + 2 : start + head], "big")
            end = start + head + size
            if len(unread) < max(end, start + head):
                break
            if unread[start] == 0x81:
                found.append(unread[start + head : end])
            start = end
        self.unread = unread[start:]
        return found

    def _read_greeting(self) -> bool:
        answer, end, rest = self.unread.partition(b"\r\n\r\n")
        if not end:
            return False
        if b" 101 " not in answer or b"sec-websocket-extensions" in answer.lower():
            raise RuntimeError(f"not the expected upgrade: {answer.decode()}")
        self._greeted, self.unread = True, rest
        return True
