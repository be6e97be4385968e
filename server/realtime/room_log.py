"""The stored, numbered events behind a room: what every room that must miss nothing has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

# Events read and sent at a time: a long log must hold neither the database nor the loop.
CHUNK = 500


class RoomLog(Protocol):
    """The logs of one kind of room, one log a room. Called within an application context."""

    event: str

    def last_seqs(self, rooms: Iterable[str]) -> dict[str, int]:
        """The last stored ``seq`` of each of these rooms; a room without a log is left out."""
        ...

    def read(self, room: str, after: int, until: int, limit: int) -> list[dict[str, Any]]:
        """The payloads with ``after < seq <= until``, in order, at most ``limit``."""
        ...


def chunks(room_log: RoomLog, room: str, after: int, until: int) -> Iterator[list[dict[str, Any]]]:
    """The payloads with ``after < seq <= until``, in order, at most ``CHUNK`` at a time."""
    while after < until:
        events = room_log.read(room, after, until, CHUNK)
        if not events:
            return
        yield events
        after = events[-1]["seq"]
