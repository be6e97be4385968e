"""A client's view of a numbered stream: each event once, in order, holes noticed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class OrderedEvents:
    """Puts received events in order by ``seq`` and drops those that were seen.

    Replayed and live events may arrive interleaved; what comes too early waits.
    """

    def __init__(self, after: int = 0) -> None:
        self.last_seq = after
        self._early: dict[int, dict[str, Any]] = {}

    def add(self, event: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Take one event; the events that are now next in order."""
        if event["seq"] > self.last_seq:
            self._early[event["seq"]] = event
        while (following := self._early.pop(self.last_seq + 1, None)) is not None:
            self.last_seq += 1
            yield following

    @property
    def has_hole(self) -> bool:
        """Whether something arrived that is not next: time to join again with ``after=last_seq``."""
        return bool(self._early)
