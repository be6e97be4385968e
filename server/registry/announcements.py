"""Telling everyone which model is active now: this process by a signal, the others over Redis.

Sent after the commit, at most once. Who missed it finds the truth in the table.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import structlog
from blinker import Signal
from redis import Redis
from redis.exceptions import RedisError

from server import adapters
from server.realtime.publisher import REDIS_TIMEOUTS
from server.registry.tables import ACTIVE, Model

log = structlog.get_logger(__name__)

CHANNEL = "crypto-predict:models"
"""Redis pub/sub channel, in logical database 0, of ``{type, model_id, ticker, interval, model_type}``."""

model_activated = Signal("A model became active: model_id, ticker, interval, model_type")

Announce = Callable[[Model], None]


def announce(model: Model) -> None:
    """Tell every process that ``model`` is the active one of its kind. Redis down is logged, not raised."""
    names: dict[str, Any] = {
        "model_id": model.id,
        "ticker": model.ticker,
        "interval": model.interval,
        "model_type": model.model_type,
    }
    log.info("model.activated", version=model.version, **names)
    model_activated.send(**names)
    try:
        with Redis.from_url(adapters.settings().redis_database(0), **REDIS_TIMEOUTS) as redis:
            redis.publish(CHANNEL, json.dumps({"type": "activated", **names}))
    except RedisError as error:
        log.warning("model.announcement_lost", model_id=model.id, error=str(error))


def registered(model: Model, tell: Announce) -> None:
    """Say that ``model`` was registered and, when it is the active one, tell everyone."""
    log.info(
        "model.registered",
        model_id=model.id,
        version=model.version,
        status=model.status,
        reason=model.reason,
    )
    if model.status == ACTIVE:
        tell(model)
