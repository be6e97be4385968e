"""Models that become active are loaded before a request needs them, in every web process.

Told over Redis. Which model answers is read from the database for each forecast, so a message that
is lost costs one request the time to load the model, and nothing else.
"""

from __future__ import annotations

import json
import time
from typing import Final

import structlog
from flask import Flask, current_app
from redis import Redis
from redis.client import PubSub
from redis.exceptions import RedisError

from server.config import Settings
from server.errors import ServerError
from server.extensions import socketio
from server.prediction.kept import kept
from server.registry.announcements import CHANNEL

log = structlog.get_logger(__name__)

LONGEST_WAIT: Final = 30.0
"""Seconds between two attempts to reach Redis, at most; the first one waits a second."""


def ensure_started() -> None:
    """Start listening in the background, once an application: a web process that is asked for forecasts."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if "models_preloaded" not in app.extensions:
        app.extensions["models_preloaded"] = True
        socketio.start_background_task(listen, app)


def listen(app: Flask) -> None:
    """Load each model that is announced, for ever; a Redis that is away is tried less and less often."""
    settings: Settings = app.config["SETTINGS"]
    wait = 1.0
    while True:
        try:
            with Redis.from_url(settings.redis_database(0)) as redis, redis.pubsub() as subscription:
                subscription.subscribe(CHANNEL)
                wait = 1.0
                _load_announced(app, subscription)
        except RedisError as error:
            log.warning("models.announcements_unheard", error=type(error).__name__, retry_in=wait)
        time.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT)


def _load_announced(app: Flask, subscription: PubSub) -> None:
    for message in subscription.listen():  # type: ignore[no-untyped-call]
        if message["type"] == "message":
            with app.app_context():
                preload(message["data"])


def preload(message: bytes | str) -> None:
    """Load the model that ``message`` names; if that fails, the request that needs it will say why."""
    try:
        model_id = str(json.loads(message)["model_id"])
        kept().models.get(model_id)
    except (ValueError, KeyError, TypeError) as error:
        log.warning("models.announcement_unreadable", error=str(error))
    except ServerError as error:
        log.warning("models.not_preloaded", model_id=model_id, error=error.message)
    else:
        log.info("models.preloaded", model_id=model_id)
