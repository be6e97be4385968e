"""The lines to the sources, and which of them can be relied on. The clock is handed in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from server.errors import ServerError
from server.market.follows import Pair
from server.market.streaming.lines import SourceLine

FAILURES_ALLOWED = 3
"""Attempts in a row without a candle after which a line is not relied on."""
LONGEST_STEADY_SECONDS = 1800.0


class Standing:
    """Whether a source is relied on: not when it fails, and again when its candles came steadily.

    How long they have to, ``steady`` seconds at first, doubles every time that it is relied on again, so
    that a source which comes and goes does not take the series with it each time.
    """

    def __init__(self, steady: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._first = self._required = steady
        self._clock = clock
        self._since: float | None = None
        self._relied_on_at = clock()
        self.trouble: ServerError | None = None
        """Why it is not relied on; None while it is."""

    @property
    def away(self) -> bool:
        """Whether it is not relied on."""
        return self.trouble is not None

    @property
    def steady(self) -> bool:
        """Whether candles have come, without a failure between them, for as long as they have to."""
        return self._since is not None and self._clock() - self._since >= self._required

    def brought(self) -> None:
        """A candle came."""
        if self._since is None:
            self._since = self._clock()

    def failed(self, failures: int, error: ServerError) -> bool:
        """Its line failed so many times in a row; whether it is not relied on from now on."""
        self._since = None
        return failures >= FAILURES_ALLOWED and self.leave(error)

    def leave(self, error: ServerError) -> bool:
        """Do not rely on it; whether it was relied on until now."""
        was_away, self.trouble, self._since = self.away, error, None
        if not was_away and self._clock() - self._relied_on_at > LONGEST_STEADY_SECONDS:
            self._required = self._first
        return not was_away

    def rely(self) -> None:
        """Rely on it again."""
        if self.away:
            self._required = min(self._required * 2, LONGEST_STEADY_SECONDS)
            self._relied_on_at = self._clock()
        self.trouble = None


class Lineup:
    """The lines that something was ever wanted of, by the name of their source."""

    def __init__(self, open_line: Callable[[str], SourceLine], steady: float) -> None:
        self._open_line = open_line
        self._steady = steady
        self._lines: dict[str, SourceLine] = {}
        self._standings: dict[str, Standing] = {}

    def standing(self, name: str) -> Standing:
        """How a source stands."""
        if name not in self._standings:
            self._standings[name] = Standing(self._steady)
        return self._standings[name]

    def want(self, name: str, pair: Pair) -> None:
        """Have the candles of a series come over a line too."""
        if name not in self._lines:
            self._lines[name] = self._open_line(name)
        self._lines[name].want(pair)

    def keep(self, pair: Pair, names: Iterable[str]) -> None:
        """Want a series no longer, but of ``names``."""
        kept = set(names)
        for name, line in self._lines.items():
            if name not in kept:
                line.drop(pair)

    def distrust(self, name: str) -> None:
        """Open a line anew."""
        self._lines[name].distrust()

    def failed(self, name: str, error: ServerError) -> bool:
        """A line failed; whether its source is not relied on from now on."""
        return self.standing(name).failed(self._lines[name].failures, error)
