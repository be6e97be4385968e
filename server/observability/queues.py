"""The queues from the outside: what waits in each, and who takes from it, for ``/metrics``."""

from __future__ import annotations

import time
from typing import cast

from redis import Redis

from server.config import Settings
from server.observability.health import PROBE_SECONDS, QUEUES, workers_by_queue
from server.observability.metrics import QUEUE_MESSAGES, WORKERS, ByLabels

GAUGE_SECONDS = 3.0
"""How long numbers are shown before they are asked for again, however often somebody scrapes."""


class QueueGauges:
    """Live workers and waiting tasks by queue, asked for again after ``seconds``."""

    def __init__(self, settings: Settings, seconds: float = GAUGE_SECONDS) -> None:
        self._seconds = seconds
        timeouts = {"socket_connect_timeout": PROBE_SECONDS, "socket_timeout": PROBE_SECONDS}
        self._broker = Redis.from_url(settings.redis_database(0), **timeouts)
        self._heartbeats = Redis.from_url(settings.redis_database(1), **timeouts)
        self._read_at = -seconds
        self._values: dict[str, ByLabels] = {}

    def read(self) -> dict[str, ByLabels]:
        """Gauge to labels to value.

        Raises ``redis.exceptions.RedisError`` when Redis is down.
        """
        if time.monotonic() - self._read_at >= self._seconds:
            workers = workers_by_queue(self._heartbeats)
            self._values = {
                WORKERS: {(queue,): float(len(names)) for queue, names in workers.items()},
                QUEUE_MESSAGES: self._waiting(),
            }
            self._read_at = time.monotonic()
        return self._values

    def _waiting(self) -> ByLabels:
        # Celery's queues are lists of their names; a queue in which nothing waits is no list at all.
        with self._broker.pipeline(transaction=False) as pipeline:
            for queue in QUEUES:
                pipeline.llen(queue)
            lengths = cast("list[int]", pipeline.execute())
        return {(queue,): float(length) for queue, length in zip(QUEUES, lengths, strict=True)}
