"""Long answers that are asked for again, kept in the process that made them.

The version of its series is part of an answer's name: a change of the candles changes the name, so what is
kept is never stale and nothing is purged.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256

from server.observability.metrics import CACHE_HITS, CACHE_MISSES

FORMAT = 1
"""Part of every name; raise it when the same question is answered differently."""


def name_of(*question: object) -> str:
    """What names an answer: the question and the versions of what it was made from, plain values."""
    return sha256(repr((FORMAT, *question)).encode()).hexdigest()[:32]


class KeptAnswers:
    """The bodies that were asked for last, ``most`` bytes in all; thread safe. ``label``: in the metrics.

    One that is longer by itself is not kept, and takes no other's place.
    """

    def __init__(self, label: str, most: int) -> None:
        self._label = label
        self._most = most
        self._size = 0
        self._bodies: OrderedDict[str, bytes] = OrderedDict()
        self._changing = threading.Lock()

    def fetch(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The body that is kept under ``name``; else ``make()``, kept from now on."""
        with self._changing:
            body = self._bodies.get(name)
            if body is not None:
                self._bodies.move_to_end(name)
        if body is not None:
            CACHE_HITS.labels(self._label).inc()
            return body
        CACHE_MISSES.labels(self._label).inc()
        body = make()
        with self._changing:
            self._keep(name, body)
        return body

    def _keep(self, name: str, body: bytes) -> None:
        if len(body) > self._most:
            return
        # It may have been made twice at a time.
        self._size += len(body) - len(self._bodies.pop(name, b""))
        self._bodies[name] = body
        while self._size > self._most:
            _, oldest = self._bodies.popitem(last=False)
            self._size -= len(oldest)
