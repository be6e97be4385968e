"""This machine's clock beside a source's: candles close by the source's, but a difference is to be seen."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

WARNED_SECONDS = 10.0
"""A difference beyond this is warned of: far more than an answer's way takes."""
NOTED_EVERY_SECONDS = 60.0
NOTED_CHANGE_SECONDS = 5.0

_log = structlog.get_logger(__name__)


class ClockSkew:
    """How far the clock of ``source`` is ahead of this machine's.

    ``record`` shows it to all processes, now and then and when it changes; a warning says once when the
    clocks begin to differ, and a line when they agree again.
    """

    def __init__(
        self, source: str, record: Callable[[float], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = source
        self._record = record
        self._clock = clock
        self._noted: tuple[float, float] | None = None
        self._differs = False

    def note(self, ahead: float) -> None:
        """The source's time less this machine's, in seconds, at one of its answers."""
        now = self._clock()
        if self._noted is None or self._is_news(ahead, now, *self._noted):
            self._noted = (ahead, now)
            self._record(round(ahead, 1))
        if (differs := abs(ahead) > WARNED_SECONDS) != self._differs:
            self._differs = differs
            self._say(ahead)

    def _is_news(self, ahead: float, now: float, before: float, noted_at: float) -> bool:
        return now - noted_at >= NOTED_EVERY_SECONDS or abs(ahead - before) >= NOTED_CHANGE_SECONDS

    def _say(self, ahead: float) -> None:
        if not self._differs:
            _log.info("clocks agree again", source=self._source)
            return
        _log.warning(
            "clocks differ: candles close by the exchange's; set this machine's, by NTP for example",
            source=self._source,
            behind_seconds=round(ahead, 1),
        )
