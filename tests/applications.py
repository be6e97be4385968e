"""Applications for one test each, beside the one that a test process shares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from typing import Any

from flask import Flask

from server.app import create_app
from server.config import Settings
from server.extensions import celery, limiter, socketio

UNREACHABLE = Settings(
    app_env="test",
    secret_key="a key for tests alone",
    database_url="postgresql://nobody:nothing@127.0.0.1:1/none",
    redis_url="redis://127.0.0.1:1/0",
    async_mode="threading",
    rate_limit_enabled=False,
    log_format="json",
)


@contextmanager
def application(settings: Settings = UNREACHABLE, **changes: Any) -> Iterator[Flask]:
    """An application of its own; afterwards the extensions are bound as they were before."""
    kept = [
        (extension, {name: _copied(value) for name, value in vars(extension).items()})
        for extension in (limiter, socketio)
    ]
    flask_app, broker_url = getattr(celery, "flask_app", None), celery.conf.broker_url
    try:
        yield create_app(replace(settings, **changes))
    finally:
        for extension, attributes in kept:
            vars(extension).clear()
            vars(extension).update(attributes)
        celery.flask_app, celery.conf.broker_url = flask_app, broker_url


def _copied(value: Any) -> Any:
    return copy(value) if isinstance(value, (dict, list, set)) else value
