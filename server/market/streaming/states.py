"""Where each streamed series comes from, told by the stream processes for all to see."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, cast

from redis import Redis

from server.config import Settings
from server.observability.metrics import STREAMED_SERIES, ByLabels

LIVE, FALLBACK, FAILING, WAITING = "live", "fallback", "failing", "waiting"
STATES = {
    LIVE: "its candles come from the source that is asked first",
    FALLBACK: "they come from another source",
    FAILING: "the line to its source fails, and no other source has it",
    WAITING: "no source has it, or none answers",
}
"""Every state of a series, with what it means."""
PREFIX = "crypto_predict:streams:told"
TIMEOUTS = {"socket_connect_timeout": 2, "socket_timeout": 2}


@dataclass(frozen=True, slots=True)
class SeriesState:
    """How one series is streamed: ``source`` is None while it waits, ``reason`` says why it is not live."""

    ticker: str
    interval: str
    state: str
    source: str | None
    preferred: str
    reason: str | None


def told_key(process: str) -> str:
    """Where one process tells of its series."""
    return f"{PREFIX}:{process}"


def encoded(states: Iterable[SeriesState]) -> str:
    """What a process tells."""
    return json.dumps([asdict(each) for each in states])


class StreamStates:
    """What all stream processes tell. Raises ``redis.exceptions.RedisError`` when Redis is away."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.redis_database(1)

    def payloads(self) -> list[dict[str, Any]]:
        """Every series that is streamed or waits, in order, as plain values."""
        with Redis.from_url(self._url, **TIMEOUTS) as redis:
            keys = sorted(redis.scan_iter(told_key("*"), count=1000))
            told = cast("list[bytes | None]", redis.mget(keys)) if keys else []
        found = [each for text in told if text for each in json.loads(text)]
        return sorted(found, key=lambda each: (each["ticker"], each["interval"]))

    def gauges(self) -> dict[str, ByLabels]:
        """How many series are in each state, by the source that they come from."""
        counts: Counter[tuple[str, ...]] = Counter(
            (each["source"] or "none", each["state"]) for each in self.payloads()
        )
        return {STREAMED_SERIES: dict(counts)}
