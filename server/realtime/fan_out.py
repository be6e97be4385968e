"""Writing one event to a whole room, for the default server (gevent).

Engine.IO gives every client a queue and a task that empties it: for a room of a thousand, each event
wakes a thousand tasks that build the same frame. A server's frames are not masked, so here a message
is framed once, and putting it into a client's queue writes it to the socket then and there. Only
what the kernel does not take at once waits in the queue for the task, so a slow client holds up
nobody; one that does not read at all is disconnected when its queue is full, and finds what it
missed in the log when it is back.
"""

from __future__ import annotations

import os
import socket
import ssl
from functools import lru_cache
from typing import Any

import structlog
from engineio import Server
from engineio.async_drivers.gevent import WebSocketWSGI
from engineio.packet import NOOP, Packet
from gevent.lock import Semaphore
from gevent.queue import Empty, JoinableQueue
from wsproto.frame_protocol import FrameProtocol

from server.observability.metrics import ERRORS

log = structlog.get_logger(__name__)

# Messages that may wait for one client, beyond what the kernel holds for it: more than the whole log
# of the longest training, which a client may ask for at once.
LONGEST_BACKLOG = 4096
# Packets in one answer to a polling client: python-engineio's hangs up when there are more, and finds as
# many waiting when it is back.
LARGEST_ANSWER = 16


def install(engine: Server) -> None:
    """Let ``engine``, an Engine.IO server in gevent mode, write directly; before its first client."""
    engine._async = {**engine._async, "queue": Outbox, "websocket": DirectWebSocket}


@lru_cache(maxsize=64)
def frame_of(message: str | bytes) -> bytes:
    """The unmasked, uncompressed WebSocket frame of a message: the same for every client."""
    return bytes(FrameProtocol(client=False, extensions=[]).send_data(message, fin=True))


class Outbox(JoinableQueue):
    """A client's queue of Engine.IO packets, empty for as long as the client's socket takes them."""

    def __init__(self) -> None:
        super().__init__()
        self.websocket: DirectWebSocket | None = None
        self._in_answer = 0

    def put(self, item: Packet | None, block: bool = True, timeout: float | None = None) -> None:
        """Send ``item``, now or in its turn; ``None`` ends the task that empties the queue."""
        if item is not None and self.websocket is not None and self.websocket.is_ready:
            item = self._write(self.websocket, item)
            if item is None:
                return
        super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Packet | None:
        """The next packet; once there is a WebSocket, waited for as long as it takes.

        Engine.IO sees its own pings pass its queue, and takes a queue that stays empty for longer
        than their interval for a dead connection. Here pings are written directly. A client that is
        gone is noticed by its reader, which waits for the answers to those pings. Without a WebSocket
        an answer ends (``queue.Empty``) at ``LARGEST_ANSWER``; the client asks for the next one at once.
        """
        if self.websocket is not None:
            return super().get(block)
        # Engine.IO waits for the first packet of an answer and takes along what else is there.
        self._in_answer = 1 if block else self._in_answer + 1
        if self._in_answer > LARGEST_ANSWER:
            raise Empty
        return super().get(block, timeout)

    def _write(self, websocket: DirectWebSocket, packet: Packet) -> Packet | None:
        """Write ``packet`` if its turn is now; the packet to queue, if any."""
        if websocket.wire.is_cut:
            return None
        if self.empty() and websocket.wire.is_free:
            if websocket.wire.write_now(frame_of(packet.encode())):
                return None
            # The rest of the frame comes first whatever is sent next; this wakes who sends it.
            return Packet(NOOP)
        if self.qsize() < LONGEST_BACKLOG:
            return packet
        websocket.give_up()
        return None


class DirectWebSocket(WebSocketWSGI):
    """Engine.IO's WebSocket whose every byte to the client passes one wire."""

    def __init__(self, handler: Any, server: Server) -> None:
        super().__init__(self._serve, server)
        self._handler = handler
        self._client = handler.__self__
        self.wire: Wire

    def _serve(self, _: Any) -> Any:
        self.wire = self.ws.sock = Wire(self.ws.sock)
        self._client.queue.websocket = self
        return self._handler(self)

    @property
    def is_ready(self) -> bool:
        """Whether the client has left polling, if it came from there."""
        return bool(self._client.upgraded)

    @property
    def _sock(self) -> Wire:
        """Engine.IO sets the time that a client may be silent, or not read, on an attribute of this name."""
        return self.wire

    def send(self, message: str | bytes) -> None:
        """Send one message, waiting for a slow client. Raises ``OSError`` when it is gone."""
        self.wire.send(frame_of(message))

    def close(self) -> None:
        """Say goodbye, if anybody listens; whoever does not answer it does not keep the connection."""
        try:
            super().close()
        except OSError:
            log.debug("socket.gone", client=self._client.sid)
        finally:
            self.wire.cut()

    def give_up(self) -> None:
        """Cut the connection of a client that does not read; Engine.IO sees it end and clears up."""
        log.warning("socket.too_slow", client=self._client.sid, waiting=LONGEST_BACKLOG)
        ERRORS.labels(error_code="client_too_slow").inc()
        self.wire.cut()


class Wire:
    """A client's socket, written to in whole frames by whoever comes: room, task, or pong."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._rest = b""
        self._sending = Semaphore()
        # Encrypted bytes are made by the TLS layer: below it nothing may be written.
        self._is_plain = not isinstance(connection, ssl.SSLSocket)
        self.is_cut = False

    @property
    def is_free(self) -> bool:
        """Whether a frame may be written now: nobody waits for the client to read."""
        return self._is_plain and not self._sending.locked()

    def write_now(self, frame: bytes) -> bool:
        """Write what the kernel takes, if ``is_free``; false when something is left for the next ``send``.

        Never waits and never raises: the end of a connection is noticed by its reader.
        """
        try:
            written = os.write(self._socket.fileno(), frame)
        except BlockingIOError:
            written = 0
        except OSError:
            return True
        self._rest = frame[written:]
        return not self._rest

    def send(self, data: bytes) -> int:
        """Write what is left and then ``data``, however long the client takes, up to the timeout."""
        with self._sending:
            left, self._rest = self._rest, b""
            try:
                self._socket.sendall(left + data)
            except OSError:
                # Half a frame may be out: nothing that could follow would be understood.
                self.cut()
                raise
        return len(data)

    def recv(self, size: int) -> bytes:
        """The next bytes from the client; none when it is gone."""
        return bytes(self._socket.recv(size))

    def settimeout(self, seconds: float) -> None:
        """The longest that ``recv`` and ``send`` may wait."""
        self._socket.settimeout(seconds)

    def cut(self) -> None:
        """End the connection without waiting for anything."""
        self.is_cut = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it has ended by itself

    def close(self) -> None:
        """Release the socket."""
        self.is_cut = True
        self._socket.close()
