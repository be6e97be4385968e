"""Answers kept in Redis until the next candle.

The version of its series is part of a key: a change of the candles changes the key, so what is kept is
never stale and nothing is purged. What is kept is bounded in number and size, whatever is asked for. A
Redis that is away costs time, never an answer.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

import structlog
from redis import Redis
from redis.exceptions import RedisError

from server.market.candles import require_interval
from server.observability.metrics import CACHE_HITS, CACHE_MISSES, ERRORS

_log = structlog.get_logger(__name__)

REDIS_SECONDS: Final = 0.5
"""Longest wait for Redis: computing takes less."""
SHORTEST_SECONDS: Final = 10
OVERDUE_SECONDS: Final = 3600
"""How long answers about a series are kept whose next candle should be there already."""
FORMAT: Final = 1
"""Part of every key; raise it when the same question is answered differently."""


@dataclass(frozen=True, slots=True)
class Tier:
    """Answers of at most ``largest`` bytes; the newest ``answers`` of them are kept."""

    name: str
    answers: int
    largest: int


TIERS: Final = (Tier("small", 1_000, 64 * 1024), Tier("large", 32, 2 * 1024 * 1024))
"""128 MB at most, all together; a larger answer is made anew each time."""


def digest_of(question: Mapping[str, Any], *versions: tuple[int, datetime]) -> str:
    """What names an answer: the question and the versions of the series it is about."""
    named = json.dumps([FORMAT, question, versions], default=str, sort_keys=True)
    return hashlib.sha256(named.encode()).hexdigest()[:32]


def seconds_to_keep(interval: str, newest: datetime, now: float) -> int:
    """Seconds until the candle after ``newest`` (an open) is closed; ``now`` in seconds since the epoch."""
    closes = newest.timestamp() + 2 * require_interval(interval)
    return max(SHORTEST_SECONDS, int(closes - now)) if closes > now else OVERDUE_SECONDS


class AnswerCache:
    """Bodies of answers by digest. ``name`` is its label in the metrics."""

    def __init__(self, redis: Redis, name: str) -> None:
        self._redis = redis
        self._name = name

    def fetch(self, digest: str, seconds: int, make: Callable[[], bytes]) -> bytes:
        """The body kept under ``digest``; else ``make()``, kept for ``seconds``."""
        key = f"crypto_predict:{self._name}:{digest}"
        try:
            found = cast("bytes | None", self._redis.get(key))
        except RedisError as error:
            self._miss(error)
            return make()
        if found is not None:
            CACHE_HITS.labels(self._name).inc()
            return found
        self._miss()
        body = make()
        try:
            self._keep(key, body, seconds)
        except RedisError as error:
            _count(error)
        return body

    def _miss(self, error: RedisError | None = None) -> None:
        CACHE_MISSES.labels(self._name).inc()
        if error is not None:
            _count(error)

    def _keep(self, key: str, body: bytes, seconds: int) -> None:
        tier = next((each for each in TIERS if len(body) <= each.largest), None)
        if tier is None:
            return
        index = f"crypto_predict:{self._name}:{tier.name}"
        pipeline = self._redis.pipeline()
        pipeline.set(key, body, ex=seconds)
        pipeline.zadd(index, {key: time.time()})
        pipeline.zcard(index)
        surplus = pipeline.execute()[-1] - tier.answers
        if surplus > 0:
            oldest = cast("list[tuple[bytes, float]]", self._redis.zpopmin(index, surplus))
            self._redis.delete(*(each for each, _ in oldest))


def answer_cache(redis_url: str, name: str) -> AnswerCache:
    """A cache in the database of ``redis_url``; connects on first use."""
    timeouts = {"socket_connect_timeout": REDIS_SECONDS, "socket_timeout": REDIS_SECONDS}
    return AnswerCache(Redis.from_url(redis_url, **timeouts), name)


def _count(error: RedisError) -> None:
    _log.warning("cache.unavailable", error=type(error).__name__)
    ERRORS.labels("cache_unavailable").inc()
