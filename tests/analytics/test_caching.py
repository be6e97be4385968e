"""What is kept until the next candle, and what is never stale."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client import REGISTRY
from redis import Redis

from server.analytics.caching import (
    OVERDUE_SECONDS,
    SHORTEST_SECONDS,
    TIERS,
    AnswerCache,
    digest_of,
    seconds_to_keep,
)
from server.config import Settings
from server.market import store
from server.market.candles import Candles
from tests.analytics.conftest import PATH, Get
from tests.applications import application
from tests.candles import sample_candles


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"crypto_predict_{name}_total", labels) or 0.0


def hits_and_misses() -> tuple[float, float]:
    return counted("cache_hits", cache="analytics"), counted("cache_misses", cache="analytics")


@pytest.mark.parametrize(
    "path", ["rsi/BTC-USD", "indicators/BTC-USD?names=sma", "correlation?a=BTC-USD&b=ETH-USD"]
)
def test_the_second_answer_comes_from_the_cache(client: FlaskClient, stored: Candles, path: str) -> None:
    hits, misses = hits_and_misses()
    bodies = [client.get(f"{PATH}/{path}").data for _ in range(2)]
    assert bodies[0] == bodies[1]
    assert hits_and_misses() == (hits + 1, misses + 1)


def test_each_question_has_its_own_answer(get: Get, stored: Candles) -> None:
    first = get("rsi/BTC-USD", period=14)
    assert get("rsi/BTC-USD", period=15)["values"] != first["values"]
    assert get("rsi/ETH-USD", period=14)["values"] != first["values"]
    assert get("rsi/BTC-USD", period=14, limit=10)["count"] == 10
    assert "atr" in get("atr/BTC-USD", period=14)["values"]


@pytest.mark.parametrize("row", [1999, 1990])
def test_a_changed_candle_changes_the_answer_at_once(get: Get, stored: Candles, row: int) -> None:
    before = get("moving-average/BTC-USD", period=5)["values"]["sma"]
    part = stored[row : row + 1]
    store.upsert("BTC-USD", "1h", "test", replace(part, high=part.high + 1000, close=part.close + 1000))
    after = get("moving-average/BTC-USD", period=5)["values"]["sma"]
    at = row - 2000
    assert after[at] == pytest.approx(before[at] + 200)


def test_a_correlation_is_new_when_either_series_is(get: Get, stored: Candles) -> None:
    query = {"a": "BTC-USD", "b": "ETH-USD"}
    before = get("correlation", **query)
    for ticker in ("BTC-USD", "ETH-USD"):
        store.upsert(ticker, "1h", "test", sample_candles(ticker)[2000:2001])
    assert get("correlation", **query)["timestamp"][-1] > before["timestamp"][-1]


def test_a_caller_who_has_the_answer_is_told_so(client: FlaskClient, stored: Candles, redis: Redis) -> None:
    path = f"{PATH}/macd/BTC-USD"
    first = client.get(path)
    asked = hits_and_misses()
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    compressed = client.get(path, headers={"If-None-Match": f"W/{first.headers['ETag']}"})
    assert compressed.status_code == 304, "as nginx names what it compressed"
    assert hits_and_misses() == asked
    assert "no-cache" in first.headers["Cache-Control"]
    store.upsert("BTC-USD", "1h", "test", sample_candles()[2000:2001])
    newer = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert newer.status_code == 200
    assert newer.headers["ETag"] != first.headers["ETag"]


def test_without_redis_answers_are_computed_and_counted(settings: Settings, stored: Candles) -> None:
    with application(settings, redis_url="redis://127.0.0.1:1/0") as app:
        hits, misses = hits_and_misses()
        errors = counted("errors", error_code="cache_unavailable")
        for _ in range(2):
            answer = app.test_client().get(f"{PATH}/rsi/BTC-USD")
            assert answer.status_code == 200
            assert answer.json is not None
            assert answer.json["count"] == 500
        assert hits_and_misses() == (hits, misses + 2)
        assert counted("errors", error_code="cache_unavailable") == errors + 2


def test_an_error_is_not_kept(client: FlaskClient, stored: Candles, redis: Redis) -> None:
    path = f"{PATH}/rsi/BTC-USD?period=500&end=2017-10-02"
    assert client.get(path).status_code == 422
    assert redis.dbsize() == 0


def test_answers_are_kept_until_the_next_candle_closes() -> None:
    newest = datetime(2026, 1, 1, 12, tzinfo=UTC)
    now = datetime(2026, 1, 1, 13, 10, tzinfo=UTC).timestamp()
    assert seconds_to_keep("1h", newest, now) == 50 * 60
    assert seconds_to_keep("1h", newest, now + 49.99 * 60) == SHORTEST_SECONDS
    assert seconds_to_keep("1h", newest, now + 3600) == OVERDUE_SECONDS


def test_what_is_kept_is_bounded(redis: Redis) -> None:
    cache = AnswerCache(redis, "bounded")
    large = TIERS[1]
    for number in range(large.answers + 3):
        cache.fetch(str(number), 60, lambda: b"x" * 100_000)
    assert len(redis.keys("crypto_predict:bounded:[0-9]*")) == large.answers
    assert cache.fetch("0", 60, lambda: b"made anew") == b"made anew"
    assert cache.fetch("34", 60, lambda: b"made anew") == b"x" * 100_000
    assert cache.fetch("huge", 60, lambda: b"x" * (large.largest + 1)) != b""
    assert redis.get("crypto_predict:bounded:huge") is None
    assert 0 < redis.ttl("crypto_predict:bounded:34") <= 60


def test_a_key_is_made_of_question_and_version() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    question: dict[str, Any] = {"path": "rsi/BTC-USD", "period": 14, "start": moment}
    digests = {
        digest_of(question, (1, moment)),
        digest_of(question, (2, moment)),
        digest_of({**question, "period": 15}, (1, moment)),
        digest_of({**question, "start": None}, (1, moment)),
        digest_of(question, (1, moment), (1, moment)),
    }
    assert len(digests) == 5
