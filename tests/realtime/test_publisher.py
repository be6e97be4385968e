"""The way from a worker to the rooms."""

from __future__ import annotations

import json
import time

from redis import Redis

from server.observability.metrics import EVENTS_PUBLISHED
from server.realtime.publisher import NullPublisher, RedisPublisher
from server.realtime.rooms import CHANNEL, TRAINING_UPDATE
from tests.applications import free_port

PAYLOAD = {"session_id": "a" * 32, "seq": 1, "type": "epoch"}


def test_a_published_event_is_on_the_products_channel(redis_url: str) -> None:
    listener = Redis.from_url(redis_url).pubsub(ignore_subscribe_messages=True)
    listener.subscribe(CHANNEL)
    listener.get_message(timeout=5)
    RedisPublisher(redis_url).publish("training_a", TRAINING_UPDATE, PAYLOAD)
    heard = listener.get_message(timeout=5)
    listener.close()
    assert heard is not None
    message = json.loads(heard["data"])
    assert (message["method"], message["room"], message["event"]) == ("emit", "training_a", TRAINING_UPDATE)
    assert message["data"] == [PAYLOAD]


def test_each_event_is_counted_by_its_type(redis_url: str) -> None:
    counter = EVENTS_PUBLISHED.labels(type="epoch")
    before = counter._value.get()
    RedisPublisher(redis_url).publish("training_a", TRAINING_UPDATE, PAYLOAD)
    assert counter._value.get() == before + 1


def test_a_redis_that_is_away_neither_raises_nor_holds_a_training_up() -> None:
    publisher = RedisPublisher(f"redis://127.0.0.1:{free_port()}/0")
    start = time.monotonic()
    publisher.publish("training_a", TRAINING_UPDATE, PAYLOAD)
    assert time.monotonic() - start < 5


def test_publishing_to_nobody_does_nothing() -> None:
    NullPublisher().publish("training_a", TRAINING_UPDATE, PAYLOAD)
