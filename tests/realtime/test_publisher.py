"""The way from a worker to the rooms."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from redis import Redis

from server.local.processes import free_port
from server.observability.metrics import EVENTS_LEFT_OUT, EVENTS_PUBLISHED
from server.realtime.publisher import BackgroundPublisher, EncodedPayload, RedisPublisher
from server.realtime.rooms import CHANNEL, TRAINING_UPDATE

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


def test_a_payload_that_is_json_already_arrives_like_any_other(redis_url: str) -> None:
    payload = {**PAYLOAD, "data": {"price": 0.1, "text": 'quotes " and \u20bf'}}
    listener = Redis.from_url(redis_url).pubsub(ignore_subscribe_messages=True)
    listener.subscribe(CHANNEL)
    listener.get_message(timeout=5)
    publisher = RedisPublisher(redis_url)
    publisher.publish("training_a", TRAINING_UPDATE, payload)
    publisher.publish("training_a", TRAINING_UPDATE, EncodedPayload(payload, json.dumps(payload)))
    heard = [listener.get_message(timeout=5) for _ in range(2)]
    listener.close()
    assert heard[0] is not None
    assert heard[1] is not None
    assert json.loads(heard[0]["data"]) == json.loads(heard[1]["data"])


class HangingPublisher:
    """Takes an event when it is let go, like a Redis that does not answer."""

    def __init__(self) -> None:
        self.let_go = threading.Semaphore(0)
        self.rooms: list[str] = []
        self.done = threading.Event()

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        assert self.let_go.acquire(timeout=10)
        self.rooms.append(room)
        if room == "last":
            self.done.set()


def start_thread(task: Callable[[], None]) -> None:
    threading.Thread(target=task, daemon=True).start()


def test_a_redis_that_hangs_holds_no_request_up_and_what_waits_is_limited() -> None:
    hanging = HangingPublisher()
    publisher = BackgroundPublisher(hanging, start_thread, most=3)
    left_out = EVENTS_LEFT_OUT._value.get()
    started = time.monotonic()
    for number in range(20):
        publisher.publish(f"room {number}", TRAINING_UPDATE, PAYLOAD)
    assert time.monotonic() - started < 5, "a request waited for what hangs for ten seconds"
    # The task may or may not have taken the first one meanwhile.
    assert EVENTS_LEFT_OUT._value.get() - left_out in (16, 17)
    hanging.let_go.release(100)
    while not hanging.done.wait(0.01):
        publisher.publish("last", TRAINING_UPDATE, PAYLOAD)
    assert hanging.rooms[:3] == ["room 0", "room 1", "room 2"]
