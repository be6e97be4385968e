"""Stored series for the tests of the analytics calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from redis import Redis

from server.analytics.views import CACHE_DATABASE
from server.config import Settings
from server.market import store
from server.market.candles import Candles
from tests.candles import sample_candles

Get = Callable[..., dict[str, Any]]
PATH = "/api/v1/analytics"


@pytest.fixture
def redis(settings: Settings) -> Redis:
    """The cache's database, empty."""
    connection = Redis.from_url(settings.redis_database(CACHE_DATABASE))
    connection.flushdb()
    return connection


@pytest.fixture
def stored(database: None, redis: Redis) -> Candles:
    """2,000 hourly candles of BTC-USD and ETH-USD, less three of ETH-USD; those of BTC-USD."""
    for ticker in ("BTC-USD", "ETH-USD"):
        candles = sample_candles(ticker)[:2000]
        if ticker == "ETH-USD":
            candles = without(candles, 1500, 1501, 1502)
        store.upsert(ticker, "1h", "test", candles)
    return sample_candles("BTC-USD")[:2000]


@pytest.fixture
def get(client: FlaskClient) -> Get:
    """The body of a call that must succeed."""

    def call(path: str, **query: Any) -> dict[str, Any]:
        answer = client.get(f"{PATH}/{path}", query_string=query)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json or {}
        return body

    return call


def without(candles: Candles, *rows: int) -> Candles:
    """The candles less some rows."""
    columns = (getattr(candles, name) for name in Candles.__dataclass_fields__)
    return Candles(*(np.delete(column, rows) for column in columns))
