"""The exchange's own clock: it starts where the data say and runs at any speed."""

from __future__ import annotations

import time


class ExchangeClock:
    """Seconds since the Unix epoch as this exchange counts them, ``speed`` of them a real second."""

    def __init__(self, now: float, speed: float = 1.0) -> None:
        self.set(now, speed)

    def set(self, now: float | None = None, speed: float | None = None) -> None:
        """Jump to ``now``, run at ``speed``; None keeps what it is. A speed of 0 stops the clock."""
        self._origin = self.now() if now is None else now
        self._started = time.monotonic()
        self.speed: float = self.speed if speed is None else speed

    def now(self) -> float:
        """The exchange's present time."""
        return self._origin + (time.monotonic() - self._started) * self.speed
