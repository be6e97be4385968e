"""One process streams a ticker, on whatever machine: by a lease in Redis that it renews.

Expiry is measured by Redis's clock, the only one that all machines share.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, cast

from redis import Redis

from server.market.follows import Pair
from server.market.streaming.states import SeriesState, encoded, told_key

PREFIX = "crypto_predict:streams"
CHECKED_SECONDS = 7 * 86_400
TIMEOUTS = {"socket_connect_timeout": 2, "socket_timeout": 2}

_HOLD = """
    local clock = redis.call('TIME')
    local held = {}
    for _, key in ipairs(KEYS) do
        local owner = redis.call('GET', key)
        if not owner or owner == ARGV[1] then
            redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
            table.insert(held, 1)
        else
            table.insert(held, 0)
        end
    end
    return {tonumber(clock[1]) * 1000 + math.floor(tonumber(clock[2]) / 1000), held}
"""
_RELEASE = """
    for _, key in ipairs(KEYS) do
        if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
    end
"""


class StreamLeases:
    """This process's leases on tickers, each ``seconds`` long. Every call raises ``RedisError``.

    While Redis is away nobody can take a lease from whoever holds it.
    """

    def __init__(self, redis_url: str, seconds: float) -> None:
        self.seconds = seconds
        self._token = uuid.uuid4().hex
        self._redis: Redis = Redis.from_url(redis_url, **TIMEOUTS)
        self._hold: Any = self._redis.register_script(_HOLD)
        self._release: Any = self._redis.register_script(_RELEASE)

    def hold(self, tickers: Iterable[str]) -> tuple[int, set[str]]:
        """Take or renew the leases that nobody else has: Redis's time in milliseconds, and who is held."""
        wanted = sorted(tickers)
        milliseconds, held = cast(
            "tuple[int, list[int]]",
            self._hold(keys=_keys(wanted), args=[self._token, int(self.seconds * 1000)]),
        )
        return milliseconds, {ticker for ticker, mine in zip(wanted, held, strict=True) if mine}

    def release(self, tickers: Iterable[str]) -> None:
        """Let others take them at once; those of others stay theirs."""
        self._release(keys=_keys(tickers), args=[self._token])

    def checked_until(self, pair: Pair) -> int | None:
        """How far a series is known to be right, whoever checked it."""
        found = cast("bytes | None", self._redis.get(_checked_key(pair)))
        return None if found is None else int(found)

    def note_checked(self, pair: Pair, until: int) -> None:
        """Tell whoever takes the series up next that it is right before ``until`` (an open)."""
        self._redis.set(_checked_key(pair), until, ex=CHECKED_SECONDS)

    def tell(self, states: Iterable[SeriesState]) -> None:
        """Let everyone see how this process streams its series, until it is silent."""
        self._redis.set(told_key(self._token), encoded(states), px=int(self.seconds * 1000))

    def close(self) -> None:
        """Close the connections; leases that are held run out."""
        self._redis.close()


def _checked_key(pair: Pair) -> str:
    return f"{PREFIX}:checked:{' '.join(pair)}"


def _keys(tickers: Iterable[str]) -> list[str]:
    return [f"{PREFIX}:{ticker}" for ticker in tickers]
