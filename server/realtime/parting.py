"""How the web process comes and goes: no client waits for its start, and its end is not everyone at once.

Gunicorn's own gevent worker waits for open connections as if they were requests. A WebSocket never ends by
itself, so every stop would take the whole grace period and then cut answers in flight as well. All sockets
cut at once would come to the other processes at once: thousands would join before the last has caught up.
A browser keeps connections open on which it asks for nothing now: they are not waited for either, and a
client that was let go cannot come back through them.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import gevent
from gunicorn.workers.ggevent import GeventWorker  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from engineio import Server  # gunicorn's parent loads this: too early for what the worker is to patch

_LISTENER_SECONDS = 0.05
# From one client to the next. Another process needs some 4 ms to let one join, beside serving its own; if
# they came faster, all who came would wait. Whoever has not been let go yet is served as ever.
_PAUSE_SECONDS = 0.01
_FEW = 4


class PartingWorker(GeventWorker):
    """Gunicorn's gevent worker, which lets its Socket.IO clients go when it is asked to stop.

    Requests in flight still have ``graceful_timeout`` seconds.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._idle: set[socket.socket] = set()

    def run(self) -> None:
        """Serve; only now, with the application loaded, is the port open."""
        for listener in self.sockets:
            listener.listen(self.cfg.backlog)
        super().run()

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        """One connection, from its first request to its last."""
        self._idle.add(client)
        try:
            super().handle(listener, client, addr)
        finally:
            self._idle.discard(client)

    def handle_request(self, listener_name: Any, req: Any, sock: socket.socket, addr: Any) -> Any:
        """One request; a WebSocket is one as long as it is open."""
        self._idle.discard(sock)
        try:
            return super().handle_request(listener_name, req, sock, addr)
        finally:
            if self.alive:
                self._idle.add(sock)
            else:
                _take_no_more(sock)

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: from gunicorn's parent, when it stops or when it has reloaded."""
        super().handle_exit(sig, frame)
        gevent.spawn(self._part)

    def _part(self) -> None:
        # Whoever came back before the listener is closed would come back to this process.
        while any(listener.fileno() >= 0 for listener in self.sockets):
            gevent.sleep(_LISTENER_SECONDS)
        for client in list(self._idle):
            _take_no_more(client)
        let_go(self.wsgi.extensions["socketio"].server.eio)


def _take_no_more(client: socket.socket) -> None:
    """Nothing is read from a connection any more: whoever waits for its next request closes it."""
    with suppress(OSError):
        client.shutdown(socket.SHUT_RD)


def keep_shut(listeners: Iterable[Any]) -> None:
    """Refuse connections on gunicorn's ``listeners`` until a worker listens.

    Gunicorn's parent opens the port before its worker has loaded the application: whoever connected would
    wait for that, though another process could serve at once. Where the system cannot do it, they wait.
    """
    for listener in listeners:
        with suppress(OSError):
            listener.sock.shutdown(socket.SHUT_RDWR)


def let_go(engine: Server) -> None:
    """Close every client's connection, as a lost line and not as a goodbye: after that, clients stay away."""
    due = time.monotonic()
    for client in list(engine.sockets.values()):
        client.close(wait=False, abort=True)
        now = time.monotonic()
        # A busy process wakes up late: it makes up for that, but for a few clients only.
        due = max(due + _PAUSE_SECONDS, now - _FEW * _PAUSE_SECONDS)
        if due > now:
            gevent.sleep(due - now)
