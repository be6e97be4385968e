"""A model that becomes active is ready before a request needs it, in every web process."""

from __future__ import annotations

import json
import threading
import time

import pytest
from flask import Flask
from redis import Redis

from server.forecasters.artifacts import Artifact
from server.prediction import preloading
from server.prediction.kept import kept
from server.registry.announcements import CHANNEL, announce
from server.registry.tables import Model
from tests.prediction.conftest import MODEL_ID, copied


def wait_until_ready(model_id: str, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not kept().models.holds(model_id):
        assert time.monotonic() < deadline, f"{model_id} was not loaded within {seconds} s"
        time.sleep(0.01)


@pytest.fixture
def listening(app: Flask, model: Model, redis_url: str) -> None:
    """The application listens for announcements."""
    preloading.ensure_started()
    with Redis.from_url(redis_url, db=0) as redis:
        deadline = time.monotonic() + 10
        while not redis.pubsub_numsub(CHANNEL)[0][1]:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_an_announced_model_is_loaded_before_anyone_asks(listening: None, model: Model) -> None:
    assert not kept().models.holds(MODEL_ID)
    announce(model)
    wait_until_ready(MODEL_ID)


def test_an_announcement_that_cannot_be_used_does_not_end_the_listening(
    listening: None, artifact: Artifact, redis_url: str
) -> None:
    with Redis.from_url(redis_url, db=0) as redis:
        for message in ("no json", "[]", "{}", json.dumps({"model_id": "nobody"})):
            redis.publish(CHANNEL, message)
        redis.publish(CHANNEL, json.dumps({"model_id": copied(artifact, "announced").model_id}))
    wait_until_ready("announced")


def test_an_application_listens_once(listening: None) -> None:
    before = threading.active_count()
    preloading.ensure_started()
    assert threading.active_count() == before
