"""Everyone learns which model became active; nobody's activation fails because nobody listens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from redis import Redis

from server.config import Settings
from server.registry.announcements import CHANNEL, announce, model_activated
from server.registry.tables import Model
from tests.registry.conftest import Register
from tests.registry.stored import ID

NAMES = {"model_id": ID, "ticker": "BTC-USD", "interval": "1h", "model_type": "CNN"}


@pytest.fixture
def model(register: Register) -> Model:
    return register(finding=None)


@pytest.fixture
def signalled() -> Iterator[list[dict[str, Any]]]:
    heard: list[dict[str, Any]] = []

    def hear(_sender: Any, **names: Any) -> None:
        heard.append(names)

    with model_activated.connected_to(hear):
        yield heard


def test_other_processes_hear_it_over_redis(
    model: Model, settings: Settings, signalled: list[dict[str, Any]]
) -> None:
    with Redis.from_url(settings.redis_database(0)) as redis, redis.pubsub() as listening:
        listening.subscribe(CHANNEL)
        assert listening.get_message(timeout=5) is not None
        announce(model)
        message = listening.get_message(ignore_subscribe_messages=True, timeout=5)
    assert message is not None
    assert json.loads(message["data"]) == {"type": "activated", **NAMES}
    assert signalled == [NAMES]


def test_redis_down_is_no_error(app: Flask, model: Model, signalled: list[dict[str, Any]]) -> None:
    kept = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(kept, redis_url="redis://127.0.0.1:1/0")
    try:
        announce(model)
    finally:
        app.config["SETTINGS"] = kept
    assert signalled == [NAMES]
