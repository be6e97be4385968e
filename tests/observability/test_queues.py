"""Live workers and waiting tasks, as they are in Redis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisUnreachable

from server.config import Settings
from server.extensions import celery
from server.observability.health import QUEUES, beat_worker, forget_worker
from server.observability.metrics import QUEUE_MESSAGES, WORKERS
from server.observability.queues import QueueGauges
from tests.applications import application


@pytest.fixture
def empty(settings: Settings) -> Iterator[Settings]:
    """Settings whose broker and heartbeats are empty, before and after."""
    for number in (0, 1):
        with Redis.from_url(settings.redis_database(number)) as redis:
            redis.flushdb()
    yield settings
    for number in (0, 1):
        with Redis.from_url(settings.redis_database(number)) as redis:
            redis.flushdb()


def test_every_queue_is_shown_also_when_nothing_is_there(empty: Settings) -> None:
    nothing = dict.fromkeys(((queue,) for queue in QUEUES), 0.0)
    assert QueueGauges(empty).read() == {WORKERS: nothing, QUEUE_MESSAGES: nothing}


def test_workers_count_for_each_of_their_queues_while_they_say_that_they_live(empty: Settings) -> None:
    beat_worker(empty.redis_database(1), "one@host", ["training", "default"])
    beat_worker(empty.redis_database(1), "two@host", ["training"])
    found = QueueGauges(empty).read()[WORKERS]
    assert found == {("default",): 1, ("training",): 2, ("prediction",): 0, ("market",): 0}
    forget_worker(empty.redis_database(1), "two@host", ["training"])
    assert QueueGauges(empty).read()[WORKERS]["training",] == 1


def test_tasks_that_nobody_takes_are_counted_where_celery_puts_them(empty: Settings) -> None:
    with application(empty):
        for queue in ("market", "market", "prediction"):
            celery.send_task(f"{queue}.anything")
    found = QueueGauges(empty).read()[QUEUE_MESSAGES]
    assert found == {("default",): 0, ("training",): 0, ("prediction",): 1, ("market",): 2}


def test_redis_is_not_asked_for_every_scrape(empty: Settings) -> None:
    patient, eager = QueueGauges(empty, seconds=600), QueueGauges(empty, seconds=0)
    before = patient.read()
    assert eager.read() == before
    beat_worker(empty.redis_database(1), "one@host", ["training"])
    assert patient.read() == before
    assert eager.read()[WORKERS]["training",] == 1


def test_without_redis_there_is_an_error_and_no_zero(empty: Settings) -> None:
    with pytest.raises(RedisUnreachable):
        QueueGauges(replace(empty, redis_url="redis://127.0.0.1:1/0")).read()
