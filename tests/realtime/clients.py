"""Clients of a real server: Socket.IO's own, and a bare WebSocket that can stop reading."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import socketio
from requests import Session

WAIT_SECONDS = 30.0
COMPRESSION_OFFER = "permessage-deflate; client_max_window_bits"


class Client:
    """A Socket.IO client that keeps what it was sent."""

    def __init__(self, url: str, transports: list[str] | None = None, session: Session | None = None) -> None:
        self.received: list[tuple[str, Any]] = []
        self.disconnects = 0
        self._changed = threading.Condition()
        self._socket = socketio.Client(reconnection=False, http_session=session)
        self._socket.on("*", self._receive)
        self._socket.on("disconnect", self._note_disconnect)
        self._socket.connect(url, transports=transports)

    def call(self, event: str, *payload: Any) -> Any:
        """Send a message and wait for its acknowledgement."""
        return self._socket.call(event, *payload, timeout=WAIT_SECONDS)

    def tell(self, event: str, *payload: Any) -> None:
        """Send, and do not wait for the acknowledgement."""
        self._socket.emit(event, *payload)

    def of(self, event: str) -> list[Any]:
        """The payloads received of one event."""
        return [payload for name, payload in list(self.received) if name == event]

    def seqs(self) -> list[int]:
        """The numbers of the training events received, in the order in which they came."""
        return [payload["seq"] for payload in self.of("training_update")]

    def wait_until(self, condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
        """Until ``condition()`` holds, asked whenever something was received."""
        with self._changed:
            assert self._changed.wait_for(condition, seconds), f"not within {seconds} s: {self.received[-5:]}"

    def close(self) -> None:
        """Disconnect; from a threaded server this takes seconds, for the library awaits its goodbye."""
        self._socket.disconnect()

    def _receive(self, event: str, *payload: Any) -> None:
        with self._changed:
            self.received.append((event, payload[0] if payload else None))
            self._changed.notify_all()

    def _note_disconnect(self, reason: Any = None) -> None:
        self.disconnects += 1


class BareClient:
    """As much of Socket.IO over a WebSocket as it takes to join a room, and then to read or not."""

    def __init__(self, port: int, receive_buffer: int | None = None, upgrading: str = "") -> None:
        self._socket = socket.socket()
        if receive_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(WAIT_SECONDS)
        self._socket.connect(("127.0.0.1", port))
        session = f"&sid={upgrading}" if upgrading else ""
        self._socket.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket{session} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Extensions: {COMPRESSION_OFFER}\r\n\r\n".encode()
        )
        self._unread = b""
        self.greeting = self._read_until(b"\r\n\r\n").decode()

    def join(self, session_id: str) -> None:
        """Connect to the default namespace and join a session's room."""
        self.send(b"40")
        self.wait_for(b"40")
        self.send(f'420["join_training",{json.dumps({"session_id": session_id})}]'.encode())
        self.wait_for(b"430")

    def send(self, text: bytes, opcode: int = 1) -> None:
        """Send one message of less than 64 KiB, masked with zeros."""
        size = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack(">H", len(text))
        self._socket.sendall(bytes([0x80 | opcode]) + size + bytes(4) + text)

    def wait_for(self, beginning: bytes) -> bytes:
        """Read messages until one begins so; raises ``ConnectionError`` when the server has hung up."""
        while True:
            message = self.read()[1]
            if message.startswith(beginning):
                return message

    def read(self) -> tuple[int, bytes]:
        """The next frame: its first byte and its message."""
        first, size = self._read(2)
        if size >= 126:
            size = int.from_bytes(self._read(2 if size == 126 else 8), "big")
        return first, self._read(size)

    def drain(self) -> list[tuple[int, bytes]]:
        """Every frame up to the end of the connection."""
        frames = []
        while True:
            try:
                frames.append(self.read())
            except (ConnectionError, TimeoutError):
                return frames

    def close(self) -> None:
        """Close the socket without a word."""
        self._socket.close()

    def _read(self, count: int) -> bytes:
        while len(self._unread) < count:
            part = self._socket.recv(65536)
            if not part:
                raise ConnectionResetError("the server hung up")
            self._unread += part
        read, self._unread = self._unread[:count], self._unread[count:]
        return read

    def _read_until(self, end: bytes) -> bytes:
        while end not in self._unread:
            self._unread += self._socket.recv(65536)
        read, self._unread = self._unread.split(end, 1)
        return read


class PollingClient:
    """As much of Socket.IO over HTTP as it takes to join a room."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/socket.io/?EIO=4&transport=polling"
        self.sid = json.loads(self._ask()[1:])["sid"]
        self._url += f"&sid={self.sid}"
        self._ask(b"40")

    def join(self, session_id: str) -> None:
        """Join a session's room."""
        self._ask(f'420["join_training",{json.dumps({"session_id": session_id})}]'.encode())
        while "430[" not in self._ask():
            pass

    def _ask(self, body: bytes | None = None) -> str:
        with urllib.request.urlopen(self._url, data=body, timeout=WAIT_SECONDS) as answer:
            return str(answer.read().decode())


def hear_the_whole_room(
    watchers: list[Client], session_id: str, append: Callable[[], object], *, mixed: bool
) -> None:
    """All join a session whose log ends with 2, and hear 50 more events: each once, and in order.

    ``mixed``: a client may change its transport meanwhile. Then two of them deliver, each in order; `seq`
    puts them together.
    """
    for watcher in watchers:
        joined = watcher.call("join_training", {"session_id": session_id})
        assert (joined["ok"], joined["last_seq"]) == (True, 2)
    append()
    for watcher in watchers:
        watcher.wait_until(lambda watcher=watcher: len(watcher.seqs()) >= 52)
        arrived = sorted(watcher.seqs()) if mixed else watcher.seqs()
        assert arrived == list(range(1, 53))


def wait_until(condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
    """Poll ``condition`` until it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
