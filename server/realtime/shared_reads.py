"""One read for all who ask the same at the same time, as a room does when a web process was restarted.

Without it a thousand clients who join would take every connection to the database and, as each of their many
small steps waits for those of all others, hold it for seconds: requests would wait behind them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

from server.extensions import db
from server.realtime.room_log import RoomLog

# Fewer than the connections that a process may have: whatever else it serves needs some, too.
_AT_ONCE = 8


class SharedReads:
    """Reads by key. Whoever asks gets the result of a read that began after the question.

    So nobody is answered with something older than the own question, and while one read of a key is on its
    way, all who come share the next. Few keys are read at a time, and no connection is kept afterwards.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._next: dict[Hashable, Future[Any]] = {}
        self._running: dict[Hashable, Future[Any]] = {}

    def get(self, key: Hashable, read: Callable[[], Any]) -> Any:
        """What ``read()`` returns or raises, called here or by another who asked for ``key``."""
        with self._lock:
            leads = key not in self._next
            shared = self._next.setdefault(key, Future())
            before = self._running.get(key)
        if leads:
            self._lead(key, shared, before, read)
        return shared.result()

    def _lead(
        self, key: Hashable, shared: Future[Any], before: Future[Any] | None, read: Callable[[], Any]
    ) -> None:
        if before is not None:
            before.exception()  # waits for its end, however it ends
        with self._lock:
            self._running[key] = self._next.pop(key)
        try:
            shared.set_result(self._read(read))
        except BaseException as error:  # noqa: BLE001 - all who wait are told, the caller of this among them
            shared.set_exception(error)
        finally:
            with self._lock:
                if self._running.get(key) is shared:
                    del self._running[key]

    def _read(self, read: Callable[[], Any]) -> Any:
        with self._turns:
            try:
                return read()
            finally:
                db.session.remove()


class SharedLog:
    """A room's log whose reads are shared."""

    def __init__(self, room_log: RoomLog, reads: SharedReads) -> None:
        self._log, self._reads = room_log, reads
        self.event = room_log.event
        self.last_seqs = room_log.last_seqs

    def read(self, room: str, after: int, until: int, limit: int) -> list[dict[str, Any]]:
        """As :meth:`RoomLog.read`; nobody may change what is returned."""
        found: list[dict[str, Any]] = self._reads.get(
            (room, after, until), lambda: self._log.read(room, after, until, limit)
        )
        return found
