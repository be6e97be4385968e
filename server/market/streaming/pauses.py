"""Pauses between attempts that grow from failure to failure."""

from __future__ import annotations

import random

SHORTEST, LONGEST = 1.0, 30.0


class Pauses:
    """1, 2, 4 ... 30 seconds, each shortened by up to a half, so that processes do not try in step."""

    def __init__(self, shortest: float = SHORTEST, longest: float = LONGEST) -> None:
        self._shortest = shortest
        self._longest = longest
        self._next = shortest
        self._random = random.Random()

    def reset(self) -> None:
        """It went well: begin with the shortest again."""
        self._next = self._shortest

    def next(self) -> float:
        """How long to wait now, in seconds."""
        pause, self._next = self._next, min(self._next * 2, self._longest)
        return pause * self._random.uniform(0.5, 1.0)
