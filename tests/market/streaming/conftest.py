"""A database of its own for each test of the stream process, and the local exchange by the minute."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from redis import Redis

from server.config import PROJECT_ROOT, Settings
from server.extensions import db
from server.local.postgres import EmbeddedPostgres
from tests.applications import application
from tests.exchange.running import RunningExchange, running_exchange
from tests.market.streaming.storm import PLAYED, stream_settings_of

_numbers = count(1)


@pytest.fixture(scope="module")
def exchange() -> Iterator[RunningExchange]:
    """The local exchange, sixty market seconds a real second where there are minutes."""
    with running_exchange(*PLAYED) as running:
        yield running


@pytest.fixture
def stream_settings(settings: Settings, postgres: EmbeddedPostgres, exchange: RunningExchange) -> Settings:
    """Settings of a stream process: the exchange's market, quick checks, a short lease, nothing followed."""
    exchange.calm()
    exchange.forget_calls()
    with Redis.from_url(settings.redis_database(1)) as redis:
        redis.flushdb()
    name = f"stream{next(_numbers)}"
    postgres.create_database(name)
    return stream_settings_of(replace(settings, database_url=postgres.url_of(name)), exchange)


@pytest.fixture
def streamed(stream_settings: Settings) -> Iterator[Flask]:
    """The application on the same database as the stream process, migrated, in its context."""
    with application(stream_settings) as app, app.app_context():
        upgrade(str(PROJECT_ROOT / "migrations"))
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "stream.log"
