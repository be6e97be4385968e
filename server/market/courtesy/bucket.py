"""How often a source is asked, by all processes together: one bucket a source, kept in Redis."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from limits import RateLimitItem, parse
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis import ConnectionPool

from server.config import InvalidSettings
from server.market.sources.contract import RateLimited

PREFIX = "crypto_predict:calls"
SHORTEST_WAIT = 0.01
TIMEOUTS = {"socket_connect_timeout": 2, "socket_timeout": 2}


def require_rate(source: str, rate: str) -> RateLimitItem:
    """A rate such as ``10 per second``. Raises :class:`InvalidSettings` for what is none."""
    try:
        return parse(rate)
    except ValueError as error:
        raise InvalidSettings(
            f"Settings that cannot be used: MARKET_RATES gives {source} the rate {rate!r}: "
            "write such as 10 per second",
            variables=["MARKET_RATES"],
        ) from error


class Bucket:
    """The calls of one source: ``rate`` is such as ``10 per second``; thread safe.

    ``sleep`` takes seconds. Raises ``redis.exceptions.RedisError`` when Redis is down: a limit that
    nobody can count is not to be passed over.
    """

    def __init__(
        self, redis_url: str, source: str, rate: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.source = source
        self.rate = require_rate(source, rate)
        self._sleep = sleep
        self._connections = ConnectionPool.from_url(redis_url, **TIMEOUTS)
        storage = RedisStorage(redis_url, connection_pool=self._connections, key_prefix=PREFIX)
        self._windows = MovingWindowRateLimiter(storage)

    def take(self, calls: int, patience: float) -> float:
        """Wait until ``calls`` more calls are within the rate; the seconds waited.

        Raises :class:`RateLimited` as soon as it is clear that it would take more than ``patience`` seconds.
        """
        waited = 0.0
        cost = min(calls, self.rate.amount)
        while not self._windows.hit(self.rate, self.source, cost=cost):
            pause = self._pause()
            if waited + pause > patience:
                raise RateLimited(
                    f"{self.source} is asked as often as is polite ({self.rate}); the next call is due in "
                    f"{pause:.1f} s",
                    source=self.source,
                    retry_after=waited + pause,
                )
            self._sleep(pause)
            waited += pause
        return waited

    def remaining(self) -> int:
        """How many calls could be made at this moment."""
        return self._windows.get_window_stats(self.rate, self.source).remaining

    def close(self) -> None:
        """Close its connections."""
        self._connections.disconnect()

    def _pause(self) -> float:
        """Until the oldest call leaves the window, and a little: not all that wait come at once."""
        due = self._windows.get_window_stats(self.rate, self.source).reset_time - time.time()
        return max(SHORTEST_WAIT, due) * random.uniform(1.0, 1.2)
